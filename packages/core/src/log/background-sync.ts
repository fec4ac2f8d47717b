import type { ScheduledTask, Scheduler } from '@ldb/vfs'
import type { CommitLog } from './commit-log.js'
import type { Health } from '../health/health.js'

/** Syncs the log within an interval after commits that were acknowledged without a sync. */
export class BackgroundSync {
  readonly #health: Health
  readonly #log: CommitLog
  readonly #scheduler: Scheduler
  readonly #intervalMs: number
  readonly #task: () => void
  #isOffThread = false
  #onSynced: () => void = () => undefined
  #scheduled: ScheduledTask | undefined = undefined

  constructor(health: Health, log: CommitLog, scheduler: Scheduler, intervalMs: number) {
    this.#health = health
    this.#log = log
    this.#scheduler = scheduler
    this.#intervalMs = intervalMs
    this.#task = (): void => {
      this.#run()
    }
  }

  /** Makes later syncs run off the thread. */
  runOffThread(): void {
    this.#isOffThread = true
  }

  /** Sets the callback that runs after each sync. */
  onSynced(callback: () => void): void {
    this.#onSynced = callback
  }

  /** Schedules a sync within the interval, unless one is scheduled. */
  schedule(): void {
    this.#scheduled ??= this.#scheduler.after(this.#intervalMs, this.#task)
  }

  /** Cancels the scheduled sync. */
  cancel(): void {
    this.#scheduled?.cancel()
    this.#scheduled = undefined
  }

  #run(): void {
    this.#scheduled = undefined
    if (this.#health.writeRefusal !== undefined) return
    if (this.#isOffThread) {
      this.#log.syncAsync().then(this.#onSynced, (error: unknown) => {
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
    this.#onSynced()
  }

  #fail(error: unknown): void {
    // A database that was closed in the meantime has synced, or has reported its own failure.
    if (this.#health.closed) return
    this.#health.fail(error, false)
  }
}
