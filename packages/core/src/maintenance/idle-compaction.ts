import type { ScheduledTask, Scheduler } from '@ldb/vfs'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import type { ChangeSignal } from '../log/change-signal.js'
import type { SlicedCheckpoint } from './sliced-checkpoint.js'

/** Time without a commit after which a database is idle. */
const IDLE_MS = 1000

/**
 * Compacts stores while the database is idle, so that the space of deleted, overwritten and expired entries returns without further writes.
 *
 * @remarks A second after the last commit, it asks the open stores whether that pays, and makes a checkpoint in time slices with a
 * compaction, which gives way to the next commit. It then waits for that commit: in a database without commits no timer runs. A program
 * that does not yield to the event loop is never idle.
 */
export class IdleCompaction {
  readonly #state: DatabaseState
  readonly #pipeline: CommitPipeline
  readonly #checkpoint: SlicedCheckpoint
  readonly #changeSignal: ChangeSignal
  readonly #scheduler: Scheduler
  #scheduled: ScheduledTask | undefined = undefined
  #stopWaiting: (() => void) | undefined = undefined
  #isCancelled = false
  /** Newest commit when the timer was set. */
  #seq = 0

  constructor(
    state: DatabaseState,
    pipeline: CommitPipeline,
    checkpoint: SlicedCheckpoint,
    changeSignal: ChangeSignal,
    scheduler: Scheduler,
  ) {
    this.#state = state
    this.#pipeline = pipeline
    this.#checkpoint = checkpoint
    this.#changeSignal = changeSignal
    this.#scheduler = scheduler
  }

  /** Begins to watch for a time without commits, if the database has keyspaces that compact. Idempotent. */
  start(): void {
    const { health, keyspaces } = this.#state
    if (this.#isCancelled || health.writeRefusal !== undefined) return
    if (this.#stopWaiting !== undefined || this.#scheduled !== undefined) return
    if ([...keyspaces].every(({ descriptor }) => descriptor.engine !== 'lsm')) return
    this.#stopWaiting = this.#changeSignal.wait(() => {
      this.#stopWaiting = undefined
      this.#setTimer()
    })
  }

  /** Ends the watch. */
  cancel(): void {
    this.#isCancelled = true
    this.#stopWaiting?.()
    this.#scheduled?.cancel()
    this.#scheduled = undefined
  }

  #setTimer(): void {
    if (this.#isCancelled) return
    this.#seq = this.#pipeline.seq
    this.#scheduled = this.#scheduler.after(IDLE_MS, () => {
      this.#scheduled = undefined
      if (this.#pipeline.seq !== this.#seq) this.#setTimer()
      else void this.#run()
    })
  }

  async #run(): Promise<void> {
    if (this.#isDue()) {
      try {
        await this.#checkpoint.run({ ...AUTOMATIC_CHECKPOINT, effort: 'idle', force: true }, undefined)
      } catch {
        // A failure has poisoned the database and emitted an error event; or the database was closed.
      }
    }
    this.start()
  }

  /** Reports whether a compaction of an open store pays, and may take the space that it needs. */
  #isDue(): boolean {
    const { health, space, keyspaces } = this.#state
    if (health.writeRefusal !== undefined || space.isShort) return false
    return [...keyspaces].some(
      ({ dropped, openedStore }) => !dropped && openedStore?.isIdleWorkDue() === true,
    )
  }
}
