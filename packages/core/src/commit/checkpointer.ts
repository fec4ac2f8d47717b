import { isLdbError, ResumableTask } from '@ldb/base'
import type { CompactionRequest, LdbError, OrderedStore, TaskSteps } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { DEFAULT_KEYSPACE_ID } from '../catalog/directory-layout.js'
import type { CompactionEvent, EventHub } from '../health/events.js'
import { closedError } from '../health/health.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { NO_CHECKPOINT } from '../log/checkpoint-record.js'
import type { StoreCheckpoint } from '../log/checkpoint-record.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import { AUTOMATIC_CHECKPOINT } from './checkpoint-options.js'
import type { CheckpointOptions, CommitPosition } from './checkpoint-options.js'
import { isBeforeLogging } from './failure.js'
import type { DatabaseState } from './state.js'

/** Statistics of checkpoints. @category Statistics */
export interface CheckpointStats {
  /** Checkpoints since the database was opened. */
  readonly count: number
  /** Duration of the last one, in milliseconds. */
  readonly lastDurationMs: number
  /** Number of the newest commit in the last one. */
  readonly lastSeq: number
}

/** What the compactions of a checkpoint have done. */
interface Compactions {
  readonly events: CompactionEvent[]
  /** Why a store was not compacted; `undefined` when none has refused. */
  refusal: LdbError | undefined
}

/** A keyspace whose store is open. */
interface OpenStore {
  readonly keyspace: KeyspaceStore
  /** The store of raw values. */
  readonly store: OrderedStore
}

/**
 * Makes the stores durable without the log, so that the log can be truncated.
 *
 * A checkpoint is a resumable task that waits for the device: off the thread while commits continue, or synchronously. A caller that
 * needs a running checkpoint finished performs its remaining steps.
 *
 * 1. The log begins a new segment. Commits in flight become visible.
 * 2. All stores are frozen together. Later commits are not part of the checkpoint.
 * 3. For each store: its pages are synced, then the log up to the newest commit in them (C6), then its root.
 * 4. A checkpoint record is logged and synced, and the segments before step 1 are deleted.
 */
export class Checkpointer {
  readonly #state: DatabaseState
  readonly #trigger: CheckpointTrigger
  readonly #events: EventHub
  readonly #clock: Clock
  #count = 0
  #lastDurationMs = 0
  #lastSeq: number
  #running: ResumableTask | undefined = undefined
  #hasFrozen = false

  /** @param lastSeq - number of the newest commit in the checkpoint that was recovered. */
  constructor(
    state: DatabaseState,
    trigger: CheckpointTrigger,
    events: EventHub,
    clock: Clock,
    lastSeq: number,
  ) {
    this.#state = state
    this.#trigger = trigger
    this.#events = events
    this.#clock = clock
    this.#lastSeq = lastSeq
  }

  /** True when the log has grown enough for an automatic checkpoint. */
  get isDue(): boolean {
    const { log, space } = this.#state
    return this.#trigger.isDue(log.bytesSinceCheckpoint) && space.permitsCheckpoint
  }

  /** Length of the log, as a multiple of the length that triggers a checkpoint. */
  get logRatio(): number {
    return this.#state.log.bytesSinceCheckpoint / this.#trigger.bytes
  }

  /** True while a checkpoint runs that no longer depends on commits. */
  get isWriting(): boolean {
    return this.#running?.isEnded === false && this.#hasFrozen
  }

  /**
   * Checkpoints every store and truncates the log, after a running checkpoint. Does nothing when no commit is newer than the
   * last checkpoint. A failure poisons the database (C3).
   */
  run(position: CommitPosition, options: CheckpointOptions = AUTOMATIC_CHECKPOINT): void {
    this.finish()
    this.#begin(position, options)?.sync()
    this.#running = undefined
  }

  /** As `run`, but waits for the device off the thread. */
  async runAsync(position: CommitPosition, options: CheckpointOptions = AUTOMATIC_CHECKPOINT): Promise<void> {
    const task = this.begin(position, options)
    if (task !== undefined) await this.completeAsync(task)
  }

  /** Begins a checkpoint, after a running one, and performs none of it. Returns `undefined` when there is nothing to do. */
  begin(position: CommitPosition, options: CheckpointOptions): ResumableTask | undefined {
    this.finish()
    return this.#begin(position, options)
  }

  /** Performs a checkpoint that was begun, and waits for the device off the thread. Rejects when it fails, or has failed. */
  async completeAsync(task: ResumableTask): Promise<void> {
    try {
      await task.syncAsync()
    } catch (error) {
      // A wait for the device may also fail after `finish` has performed the remaining steps.
      this.#fail(error)
      throw error
    } finally {
      if (this.#running === task) this.#running = undefined
    }
  }

  /** True while a checkpoint runs. */
  get isRunning(): boolean {
    return this.#running?.isEnded === false
  }

  /**
   * Continues a running checkpoint without waiting for the device, up to the end of the time slices that its option grants. Throws
   * nothing: a failure has poisoned the database and emitted an error event.
   */
  poll(): void {
    try {
      this.#running?.poll()
    } catch {
      // Reported.
    }
  }

  /** Performs the remaining steps of a running checkpoint. */
  finish(): void {
    const running = this.#running
    if (running === undefined || running.isEnded) return
    running.sync()
  }

  /** Aborts a running checkpoint: nothing may be written any more. */
  abandon(): void {
    this.#running?.abort(closedError())
  }

  stats(): CheckpointStats {
    return { count: this.#count, lastDurationMs: this.#lastDurationMs, lastSeq: this.#lastSeq }
  }

  #begin(position: CommitPosition, options: CheckpointOptions): ResumableTask | undefined {
    this.#trigger.clearRequest()
    const isUnchanged = this.#state.log.bytesSinceCheckpoint === 0 && position.seq === this.#lastSeq
    const mustCompact = options.effort === 'full' || options.effort === 'shrink'
    if (isUnchanged && !mustCompact && !options.force) return undefined
    // A compaction of all files opens all stores.
    if (options.effort === 'full') for (const keyspace of this.#state.keyspaces) keyspace.ensureOpen()
    this.#hasFrozen = false
    const task = new ResumableTask(this.#reported(position, options))
    this.#running = task
    return task
  }

  *#reported(position: CommitPosition, options: CheckpointOptions): TaskSteps {
    const { log } = this.#state
    const startedAtMs = this.#clock.monotonic()
    const logBytesBefore = log.bytesSinceCheckpoint
    const compactions: Compactions = { events: [], refusal: undefined }
    try {
      yield* this.#steps(position, options, compactions)
    } catch (error) {
      this.#fail(error)
      throw error
    }
    this.#count++
    this.#lastDurationMs = this.#clock.monotonic() - startedAtMs
    this.#state.space.afterCheckpoint()
    // A listener may start the next checkpoint.
    this.#running = undefined
    for (const compaction of compactions.events) this.#events.emit('compaction', compaction)
    this.#events.emit('checkpoint', {
      seq: this.#lastSeq,
      durationMs: this.#lastDurationMs,
      logBytesBefore,
      logBytesAfter: log.bytesSinceCheckpoint,
    })
    if (compactions.refusal !== undefined) throw compactions.refusal
  }

  *#steps(position: CommitPosition, options: CheckpointOptions, compactions: Compactions): TaskSteps {
    const { log, keyspaces, space } = this.#state
    const rotation = log.beginRotation()
    yield rotation.rotated
    yield {
      sync: () => {
        position.drain()
      },
      syncAsync: () => position.drained(),
    }
    this.#assertUsable()
    const { seq } = position
    const all = [...keyspaces]
    const frozen = all.flatMap((keyspace) => {
      // A store that is not open is as its last checkpoint left it.
      const store = keyspace.openedStore
      if (store === undefined) return []
      return { keyspace, store, task: store.beginCheckpoint(log, options.timeSlice) }
    })
    this.#hasFrozen = true
    for (const { task } of frozen) yield task
    // A compaction copies pages before it frees any: without space, the log is truncated first.
    const compactsLater = space.isShort
    if (!compactsLater) yield* this.#compactAll(frozen, options, compactions)
    this.#assertUsable()
    const stores = new Map(
      all.map(({ descriptor, checkpoint }) => [descriptor.id, checkpointUpTo(checkpoint, seq)]),
    )
    yield rotation.end({ seq, stores })
    for (const keyspace of all) keyspace.noteRecorded(stores.get(keyspace.descriptor.id) ?? NO_CHECKPOINT)
    this.#lastSeq = seq
    if (compactsLater) yield* this.#compactAll(frozen, options, compactions)
  }

  *#compactAll(
    frozen: readonly OpenStore[],
    options: CheckpointOptions,
    compactions: Compactions,
  ): TaskSteps {
    for (const each of frozen) yield* this.#compact(each, options, compactions)
    this.#assertUsable()
  }

  *#compact(
    { keyspace: { descriptor, dropped }, store }: OpenStore,
    { effort, bounds, renewal, timeSlice }: CheckpointOptions,
    compactions: Compactions,
  ): TaskSteps {
    if (dropped) return
    const startedAtMs = this.#clock.monotonic()
    const fileBytesBefore = store.stats().fileBytes
    const { log } = this.#state
    const ownBounds = descriptor.id === DEFAULT_KEYSPACE_ID ? bounds : undefined
    // An idle compaction gives way to the next commit, of any keyspace.
    const { bytesSinceCheckpoint } = log
    const isInterrupted = (): boolean => log.bytesSinceCheckpoint > bytesSinceCheckpoint
    const request = { effort, bounds: ownBounds, renewal, log, timeSlice, isInterrupted }
    const task = beginCompaction(store, request, compactions)
    if (task === undefined) return
    yield task
    compactions.events.push({
      keyspace: descriptor.name,
      durationMs: this.#clock.monotonic() - startedAtMs,
      fileBytesBefore,
      fileBytesAfter: store.stats().fileBytes,
    })
  }

  /** Throws after a failure elsewhere, and after the database was closed: the remaining steps must not be performed. */
  #assertUsable(): void {
    const { health } = this.#state
    if (health.closed) throw closedError()
    if (health.poisoned) health.assertWritable()
  }

  #fail(error: unknown): void {
    const { health, log } = this.#state
    if (health.closed || health.poisoned) return
    // The new segment of the log was not begun.
    if (!this.#hasFrozen && isBeforeLogging(error, log)) return
    health.fail(error, false)
  }
}

/**
 * Begins a compaction. A store that cannot read its tables refuses it (K6): the checkpoint and the other compactions go on, and the refusal
 * is thrown at the end.
 */
function beginCompaction(
  store: OrderedStore,
  request: CompactionRequest,
  compactions: Compactions,
): ResumableTask | undefined {
  try {
    return store.beginCompaction(request)
  } catch (error) {
    if (!isLdbError(error, 'LDB_UNSUPPORTED')) throw error
    compactions.refusal ??= error
    return undefined
  }
}

/** Returns what the checkpoint record of a checkpoint up to `seq` says of a store, which may contain newer commits. */
function checkpointUpTo({ durableSeq, segmentId }: StoreCheckpoint, seq: number): StoreCheckpoint {
  return durableSeq === 0 ? NO_CHECKPOINT : { durableSeq: Math.min(seq, durableSeq), segmentId }
}
