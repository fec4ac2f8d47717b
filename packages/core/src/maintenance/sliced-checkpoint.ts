import type { SyncPoll, Syncable } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { BackgroundCheckpoint } from '../commit/background-checkpoint.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { CheckpointOptions } from '../commit/checkpoint-options.js'
import type { Checkpointer } from '../commit/checkpointer.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { EventHub } from '../health/events.js'
import type { ReadGate } from '../resident/read-gate.js'

/** Time slices of the checkpoint that each group of commits waits for when the log is too long: about 8 MiB of writes. */
const SLICES_PER_GROUP = 16
/** Log lengths, as multiples of the trigger length, from which commits wait for time slices, and for the end of the checkpoint. */
const SLOW_RATIO = 2
const HALT_RATIO = 4
/** Growth of the number of time slices of a synchronous commit, for each multiple of the trigger length. */
const SLICES_BASE = 4

/**
 * Checkpoints that run while commits continue: the frozen pages are written in time slices of about a millisecond, between which other
 * tasks of the event loop run, and are synced off the thread. When commits make the log grow faster than the checkpoint proceeds, they
 * are delayed without blocking the thread.
 *
 * A program that commits synchronously may not yield to the event loop. Its commits perform the time slices themselves, in at most half
 * of its time while the log is short enough, and another thread syncs the files.
 */
export class SlicedCheckpoint implements BackgroundCheckpoint {
  readonly #state: DatabaseState
  readonly #checkpointer: Checkpointer
  readonly #pipeline: CommitPipeline
  readonly #gate: ReadGate
  readonly #events: EventHub
  readonly #clock: Clock
  /** Yields the thread between two slices. */
  readonly #timeSlice: Syncable
  /** Time slices since the database was opened. */
  #sliceCount = 0
  #waiters: (() => void)[] = []
  #running: Promise<void> | undefined = undefined
  #hasPersistedRecovered = false
  /** Time slices that a synchronous commit may still perform. */
  #grantedSlices = 0
  /** Synchronous commits perform no time slice before this time of the monotonic clock, unless the log is long. */
  #resumeAtMs = 0

  constructor(
    state: DatabaseState,
    checkpointer: Checkpointer,
    pipeline: CommitPipeline,
    gate: ReadGate,
    events: EventHub,
    clock: Clock,
  ) {
    this.#state = state
    this.#checkpointer = checkpointer
    this.#pipeline = pipeline
    this.#gate = gate
    this.#events = events
    this.#clock = clock
    this.#timeSlice = {
      sync: (): void => undefined,
      syncAsync: (): Promise<void> => this.#endSlice(),
      beginSync: (): SyncPoll => () => this.#takeGrantedSlice(),
    }
  }

  /** Before the first group: persists the recovered checkpoint of each store off the thread, which its first write would do on the thread. */
  beforeGroups(): Promise<void> | undefined {
    if (this.#hasPersistedRecovered) return undefined
    this.#hasPersistedRecovered = true
    return this.#persistRecovered()
  }

  async #persistRecovered(): Promise<void> {
    const { keyspaces, health } = this.#state
    for (const { dropped, openedStore } of [...keyspaces]) {
      if (dropped || health.writeRefusal !== undefined) continue
      try {
        await openedStore?.persistRecovered()
      } catch {
        // The store refuses later writes, and the next one reports the error.
      }
    }
  }

  afterCommit(): void {
    this.#events.emitPending()
    const checkpointer = this.#checkpointer
    if (!checkpointer.isRunning) {
      if (!checkpointer.isDue || this.#state.health.writeRefusal !== undefined) return
      this.#begin()
    }
    const { logRatio } = checkpointer
    const startedAtMs = this.#clock.monotonic()
    // Pages that commits change meanwhile would take the space that the checkpoint frees at its end.
    if (logRatio >= HALT_RATIO || this.#state.space.isTight) {
      this.#finish(startedAtMs)
      return
    }
    const isSlow = logRatio >= SLOW_RATIO
    if (startedAtMs < this.#resumeAtMs && !isSlow) return
    this.#grantedSlices = isSlow ? Math.ceil(SLICES_BASE ** (logRatio - SLOW_RATIO + 1)) : 1
    checkpointer.poll()
    const endedAtMs = this.#clock.monotonic()
    this.#resumeAtMs = endedAtMs + (endedAtMs - startedAtMs)
  }

  /**
   * Starts a checkpoint when one is due. When the log outgrows the running checkpoint, returns what the next group of commits waits
   * for.
   */
  afterGroup(): Promise<void> | undefined {
    const { health, space } = this.#state
    const isHeld = this.#running !== undefined && space.isTight
    if ((!this.#checkpointer.isDue && !isHeld) || health.writeRefusal !== undefined) return undefined
    if (this.#running === undefined) {
      // A failure has poisoned the database and emitted an error event.
      this.run(AUTOMATIC_CHECKPOINT, undefined).catch(() => undefined)
      return undefined
    }
    // Before the stores are frozen, the checkpoint may itself wait for commits.
    const { logRatio } = this.#checkpointer
    if ((logRatio < SLOW_RATIO && !isHeld) || !this.#checkpointer.isWriting) return undefined
    return this.#stall(logRatio < HALT_RATIO && !isHeld ? SLICES_PER_GROUP : Infinity)
  }

  /**
   * Makes a checkpoint, after the running one.
   *
   * @param signal - prevents a checkpoint that has not begun, or ends the wait for one that has; it then continues.
   */
  async run(options: CheckpointOptions, signal: AbortSignalLike | undefined): Promise<void> {
    while (this.#running !== undefined) {
      await untilAborted(
        this.#running.catch(() => undefined),
        signal,
      )
    }
    throwIfAborted(signal)
    this.#state.health.assertWritable()
    await untilAborted(this.#start(options), signal)
  }

  async relieve(): Promise<void> {
    const { health } = this.#state
    if (health.writeRefusal !== undefined) return
    try {
      if (this.#running === undefined) await this.run(AUTOMATIC_CHECKPOINT, undefined)
      else await this.#running
    } catch {
      // The failure has poisoned the database and emitted an error event.
    }
  }

  /** Resolves when no checkpoint runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
  }

  /** Starts a checkpoint. Its steps up to the first wait run before this returns. */
  #start(options: CheckpointOptions): Promise<void> {
    return this.#track(
      this.#checkpointer.runAsync(this.#pipeline, { ...options, timeSlice: this.#timeSlice }),
    )
  }

  /**
   * Begins an automatic checkpoint, which synchronous commits poll, and which continues in the event loop. A program that does not yield
   * never sees an asynchronous sync end, whose handle would keep the space of a removed file allocated: so none begins before it yields.
   */
  #begin(): void {
    const checkpointer = this.#checkpointer
    const task = checkpointer.begin(this.#pipeline, { ...AUTOMATIC_CHECKPOINT, timeSlice: this.#timeSlice })
    if (task === undefined) return
    const completed = Promise.resolve().then(() => checkpointer.completeAsync(task))
    // A failure has poisoned the database and emitted an error event.
    this.#track(completed).catch(() => undefined)
  }

  #track(checkpoint: Promise<void>): Promise<void> {
    const running: Promise<void> = checkpoint.finally(() => {
      // Synchronous commits may have ended it, and begun another one.
      if (this.#running === running) this.#running = undefined
      this.#wakeWaiters()
    })
    this.#running = running
    return running
  }

  /** Performs the rest of the checkpoint. */
  #finish(startedAtMs: number): void {
    try {
      this.#checkpointer.finish()
    } catch {
      // The failure has poisoned the database and emitted an error event.
      return
    }
    this.#events.stalled({ reason: 'checkpoint', durationMs: this.#clock.monotonic() - startedAtMs })
  }

  #takeGrantedSlice(): boolean {
    if (this.#grantedSlices === 0) return false
    this.#grantedSlices--
    return true
  }

  async #endSlice(): Promise<void> {
    await this.#gate.yieldThread()
    this.#sliceCount++
    this.#wakeWaiters()
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Resolves after a number of further time slices of the running checkpoint, or at its end. */
  async #stall(slices: number): Promise<void> {
    const startedAtMs = this.#clock.monotonic()
    const running = this.#running
    const endCount = this.#sliceCount + slices
    while (this.#running === running && this.#sliceCount < endCount) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
    this.#events.stalled({ reason: 'checkpoint', durationMs: this.#clock.monotonic() - startedAtMs })
  }
}
