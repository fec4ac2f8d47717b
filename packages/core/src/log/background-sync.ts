import type { Scheduled, Scheduler } from '@ldb/vfs'
import type { CommitLog } from './commit-log.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'

/** Syncs the log some time after commits that were acknowledged before they were synced. */
export class BackgroundSync {
  readonly #health: Health
  readonly #log: CommitLog
  readonly #events: EventHub
  readonly #scheduler: Scheduler
  readonly #intervalMs: number
  readonly #task: () => void
  #isOffThread = false
  #whenSynced: () => void = () => undefined
  #planned: Scheduled | undefined = undefined

  constructor(health: Health, log: CommitLog, events: EventHub, scheduler: Scheduler, intervalMs: number) {
    this.#health = health
    this.#log = log
    this.#events = events
    this.#scheduler = scheduler
    this.#intervalMs = intervalMs
    this.#task = (): void => {
      this.#run()
    }
  }

  /** Syncs off-thread from now on. */
  leaveThread(): void {
    this.#isOffThread = true
  }

  /** Calls back after each sync. */
  whenSynced(callback: () => void): void {
    this.#whenSynced = callback
  }

  /** Makes sure that a sync comes within the interval. */
  plan(): void {
    this.#planned ??= this.#scheduler.after(this.#intervalMs, this.#task)
  }

  /** Calls the planned sync off. */
  cancel(): void {
    this.#planned?.cancel()
    this.#planned = undefined
  }

  #run(): void {
    this.#planned = undefined
    if (this.#health.writeRefusal !== undefined) return
    if (this.#isOffThread) {
      this.#log.syncAsync().then(this.#whenSynced, (error: unknown) => {
        this.#fail(error)
      })
      return
    }
    try {
      this.#log.sync()
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#whenSynced()
  }

  #fail(error: unknown): void {
    // Closed in the meantime: the closing has synced, or told of its own failure.
    if (this.#health.closed) return
    this.#health.poison(error, false)
    this.#events.emit('error', { error })
  }
}
