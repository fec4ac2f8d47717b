import type { SyncPoll, Syncable } from '@ldb/base'
import type { Clock, ScheduledTask, Scheduler } from '@ldb/vfs'
import type { BlobValues } from '../blob/blob-values.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { CheckpointOptions } from '../commit/checkpoint-options.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import type { Logger } from '../health/logger.js'
import type { ReadGate } from '../resident/read-gate.js'
import { Collector } from './collector.js'

/** Wait after commits before their files are examined, in milliseconds. */
const WAIT_MS = 50
/** Bounds of the wait for the point of a round, which doubles. */
const POINT_WAIT_MS_MIN = 50
const POINT_WAIT_MS_MAX = 10_000
/** A round waits so long for a checkpoint for other reasons. */
const CHECKPOINT_WAIT_MS = 5_000
/** Wait after a failure, and where the device has no space for the copy of a file. */
const FAILURE_WAIT_MS = 60_000
/** Delay of a slice from which on the program counts as one that does not yield to the event loop. */
const OVERDUE_MS = 50
/** Rest after a round, as a multiple of the duration of its work. */
const REST_RATIO = 10

/** What makes a checkpoint for a round, so that the log is truncated. */
export interface CollectionCheckpoints {
  run(options: CheckpointOptions, signal: undefined): Promise<void>
}

/** The parts of the database that a collection uses. */
interface CollectionParts {
  readonly blobs: BlobValues
  readonly pipeline: CommitPipeline
  readonly gate: ReadGate
  readonly checkpoints: CollectionCheckpoints
  /** Begins a checkpoint after the next commit. */
  readonly trigger: CheckpointTrigger
}

/**
 * Runs the collector in the background, in time slices. A program that commits synchronously and does not yield to the event loop performs
 * the slices after its commits, in at most half of its time.
 */
export class BackgroundCollection {
  readonly #state: DatabaseState
  readonly #collector: Collector
  readonly #checkpoints: CollectionCheckpoints
  readonly #trigger: CheckpointTrigger
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #logger: Logger | undefined
  #scheduled: ScheduledTask | undefined = undefined
  #isRunning = false
  #isCancelled = false
  #isInCommit = false
  #pointWaitMs = POINT_WAIT_MS_MIN
  /** Time of the monotonic clock from which synchronous commits perform slices; `Infinity` when there is nothing to do. */
  #overdueAtMs = Infinity
  /** Time slices that a synchronous commit may still perform. */
  #grantedSlices = 0
  #workMs = 0

  constructor(
    state: DatabaseState,
    { blobs, pipeline, gate, checkpoints, trigger }: CollectionParts,
    { clock, scheduler }: { readonly clock: Clock; readonly scheduler: Scheduler },
    logger: Logger | undefined,
  ) {
    this.#state = state
    this.#checkpoints = checkpoints
    this.#trigger = trigger
    this.#clock = clock
    this.#scheduler = scheduler
    this.#logger = logger
    const timeSlice: Syncable = {
      sync: (): void => undefined,
      syncAsync: () => gate.yieldThread(),
      beginSync: (): SyncPoll => () => this.#takeGrantedSlice(),
    }
    this.#collector = new Collector(state, blobs, pipeline, gate, timeSlice, clock)
    blobs.liveness.onChange(() => {
      this.#schedule(WAIT_MS)
    })
  }

  /** Called after each commit of the synchronous API. Performs a slice when the program has not yielded since one was due. */
  afterCommit(): void {
    if (this.#overdueAtMs === Infinity || this.#isInCommit) return
    const startedAtMs = this.#clock.monotonic()
    if (startedAtMs < this.#overdueAtMs) return
    this.#isInCommit = true
    try {
      this.#sliceInCommit(startedAtMs)
    } catch (error) {
      this.#noteFailure(error)
      this.#overdueAtMs = startedAtMs + FAILURE_WAIT_MS
    }
    this.#isInCommit = false
  }

  /**
   * Examines all files, for a caller that makes a checkpoint next and then calls `collectNow`.
   *
   * @throws {@link LdbError} LDB_IO, LDB_CORRUPTION.
   */
  examineNow(): void {
    // A round that has reached its point, or a running task, is completed first.
    this.#collector.next(true)?.sync()
    this.#collector.next(true)?.sync()
  }

  /** Collects the files of a round that waits, if nothing names their dead records any more. */
  collectNow(): void {
    if (this.#collector.isWaiting) this.#collector.next(false)?.sync()
  }

  /** Reports whether `examineNow`, a checkpoint and `collectNow` may return space. */
  get mayReturnSpace(): boolean {
    return this.#collector.isWaiting || this.#collector.mayReturnSpace
  }

  /** As `examineNow`, off the thread. */
  async examine(): Promise<void> {
    await this.#collector.next(true)?.syncAsync()
    await this.#collector.next(true)?.syncAsync()
  }

  /** As `collectNow`, off the thread. */
  async collect(): Promise<void> {
    if (this.#collector.isWaiting) await this.#collector.next(false)?.syncAsync()
  }

  /** True while files are examined or replaced. */
  get isWorking(): boolean {
    return this.#collector.running !== undefined
  }

  /** Completes the work in progress. */
  completeNow(): void {
    this.#collector.running?.sync()
  }

  /** As `completeNow`, off the thread. */
  async complete(): Promise<void> {
    await this.#collector.running?.syncAsync()
  }

  /** Ends the background work. */
  cancel(): void {
    this.#isCancelled = true
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    this.#overdueAtMs = Infinity
    this.#collector.abandon()
  }

  #schedule(waitMs: number): void {
    if (this.#scheduled !== undefined || this.#isRunning || this.#isCancelled) return
    if (this.#state.health.writeRefusal !== undefined) return
    this.#overdueAtMs = this.#clock.monotonic() + waitMs + OVERDUE_MS
    this.#scheduled = this.#scheduler.after(waitMs, () => {
      this.#scheduled = undefined
      this.#overdueAtMs = Infinity
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let waitMs: number | undefined
    try {
      waitMs = await this.#work()
    } catch (error) {
      this.#noteFailure(error)
      waitMs = FAILURE_WAIT_MS
    }
    this.#isRunning = false
    if (waitMs !== undefined) this.#schedule(waitMs)
  }

  /** Works until there is nothing to do. Returns the time to wait for the point of a round, if one waits. */
  async #work(): Promise<number | undefined> {
    const collector = this.#collector
    const startedAtMs = this.#clock.monotonic()
    let task = collector.next(false)
    const hasWorked = task !== undefined
    while (task !== undefined && !this.#isCancelled) {
      await task.syncAsync()
      if (this.#mustCheckpoint()) {
        await this.#checkpoints.run({ ...AUTOMATIC_CHECKPOINT, force: true }, undefined)
      }
      task = collector.isWaiting || !this.#isCancelled ? collector.next(false) : undefined
    }
    if (!collector.isWaiting) {
      this.#pointWaitMs = POINT_WAIT_MS_MIN
      this.#workMs = this.#clock.monotonic() - startedAtMs
      if (collector.isShortOfSpace) return FAILURE_WAIT_MS
      return hasWorked ? Math.max(WAIT_MS, REST_RATIO * this.#workMs) : undefined
    }
    if (!hasWorked && this.#mustCheckpoint()) {
      await this.#checkpoints.run({ ...AUTOMATIC_CHECKPOINT, force: true }, undefined)
    }
    return this.#nextPointWaitMs()
  }

  /**
   * Reports whether the round that waits needs a checkpoint now. Streams of changes may want to begin in the log that it truncates: it is made
   * when the log would be as long if it contained the dead values, when the device is short of space, or when the round has waited.
   */
  #mustCheckpoint(): boolean {
    const collector = this.#collector
    if (!collector.needsCheckpoint) return false
    const { log, space } = this.#state
    if (log.bytesSinceCheckpoint + collector.deadBytes >= this.#trigger.bytes || space.isShort) return true
    return this.#clock.monotonic() - collector.waitsSinceMs >= CHECKPOINT_WAIT_MS
  }

  #nextPointWaitMs(): number {
    const waitMs = this.#pointWaitMs
    this.#pointWaitMs = Math.min(POINT_WAIT_MS_MAX, 2 * waitMs)
    return waitMs
  }

  #sliceInCommit(startedAtMs: number): void {
    const collector = this.#collector
    const task = collector.next(false)
    if (task === undefined) {
      if (!collector.isWaiting) {
        this.#overdueAtMs = Infinity
        return
      }
      if (this.#mustCheckpoint()) this.#trigger.request()
      this.#overdueAtMs = startedAtMs + this.#nextPointWaitMs()
      return
    }
    this.#grantedSlices = 1
    const isDone = task.poll()
    const endedAtMs = this.#clock.monotonic()
    const elapsedMs = endedAtMs - startedAtMs
    this.#workMs = isDone ? 0 : this.#workMs + elapsedMs
    if (isDone && this.#mustCheckpoint()) this.#trigger.request()
    this.#overdueAtMs = endedAtMs + elapsedMs
  }

  #takeGrantedSlice(): boolean {
    if (this.#grantedSlices === 0) return false
    this.#grantedSlices--
    return true
  }

  /** A failure loses nothing: the files stay as they are. */
  #noteFailure(error: unknown): void {
    if (this.#isCancelled || this.#state.health.writeRefusal !== undefined) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#logger?.warn(`the space of large values could not be collected: ${reason}`)
  }
}
