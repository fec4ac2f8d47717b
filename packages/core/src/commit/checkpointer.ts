import { ResumableTask } from '@ldb/base'
import type { CompactionRequest, DeviceSteps, Syncable } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { CommitLog } from '../log/commit-log.js'
import type { CompactionEvent, EventHub } from '../health/events.js'
import { closedError } from '../health/health.js'
import type { Health } from '../health/health.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'

/** What `stats()` says of checkpoints. @category Statistics */
export interface CheckpointStats {
  /** Checkpoints since the database was opened. */
  readonly count: number
  /** Milliseconds that the last one took. */
  readonly lastDurationMs: number
  /** Every commit up to this one is in the last one. */
  readonly lastSeq: number
}

/** What checkpoints work with. */
export interface CheckpointParts {
  readonly health: Health
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
  readonly events: EventHub
  readonly clock: Clock
  readonly trigger: CheckpointTrigger
}

/** How to make one checkpoint. */
export interface CheckpointRun {
  /** What the stores may spend on compaction along with it. @defaultValue 'automatic' */
  readonly effort?: CompactionRequest['effort']
  /** Even when nothing is new. */
  readonly force?: boolean
  /** Waited for about every millisecond that it takes, so that something else has its turn. */
  readonly turn?: Syncable
}

/** Where commits stand, for a checkpoint that is made beside them. */
export interface CommitPosition {
  /** Number of the newest visible commit. */
  readonly seq: number
  /** Makes commits that are in flight visible. */
  settle(): void
  /** Resolves when those that are in flight now are visible. */
  settled(): Promise<void>
}

/**
 * Makes the stores durable on their own, so that the log can be cut.
 *
 * A checkpoint is made in steps, between which it waits for the device: off-thread beside commits, or at once. Whoever needs
 * the one that is under way done, does what is left of it.
 *
 * 1. The log is parted. What is in flight becomes visible.
 * 2. The stores are frozen, all at once. What commits from now on is no part of the checkpoint.
 * 3. Each store is brought to the device; so is the log up to the newest commit in it (C6); then its root.
 * 4. The log says so, and what is before the parting goes.
 */
export class Checkpointer {
  readonly #parts: CheckpointParts
  #count = 0
  #lastDurationMs = 0
  #lastSeq: number
  #running: ResumableTask | undefined = undefined
  #hasFrozen = false

  constructor(parts: CheckpointParts, lastSeq: number) {
    this.#parts = parts
    this.#lastSeq = lastSeq
  }

  /**
   * Checkpoints every store and cuts the log, after the checkpoint that is under way; nothing when there is nothing to do. A
   * failure poisons (C3).
   */
  run(place: CommitPosition, options: CheckpointRun = {}): void {
    this.finish()
    this.#begin(place, options)?.sync()
    this.#running = undefined
  }

  /** As `run`, off this thread where it waits for the device. */
  async runAsync(place: CommitPosition, options: CheckpointRun = {}): Promise<void> {
    this.finish()
    const work = this.#begin(place, options)
    if (work === undefined) return
    try {
      await work.syncAsync()
    } catch (error) {
      // The wait of one that somebody else has carried on may have failed, too.
      this.#fail(error)
      throw error
    } finally {
      if (this.#running === work) this.#running = undefined
    }
  }

  /** True while one is under way that needs no commit any more to come to its end. */
  get isWriting(): boolean {
    return this.#running?.isEnded === false && this.#hasFrozen
  }

  /** Does what is left of the checkpoint that is under way, when there is one. */
  finish(): void {
    const running = this.#running
    if (running === undefined || running.isEnded) return
    running.sync()
  }

  /** Ends the checkpoint that is under way where it is: nothing may be written any more. */
  abandon(): void {
    this.#running?.abandon(closedError())
  }

  #begin(place: CommitPosition, options: CheckpointRun): ResumableTask | undefined {
    const { log, trigger } = this.#parts
    trigger.clearRequest()
    const nothingNew = log.bytesSinceCheckpoint === 0 && place.seq === this.#lastSeq
    if (nothingNew && options.effort !== 'full' && options.force !== true) return undefined
    this.#hasFrozen = false
    const work = new ResumableTask(this.#reported(place, options))
    this.#running = work
    return work
  }

  *#reported(place: CommitPosition, options: CheckpointRun): DeviceSteps {
    const { log, events, clock } = this.#parts
    const startedAtMs = clock.monotonic()
    const logBytesBefore = log.bytesSinceCheckpoint
    const compactions: CompactionEvent[] = []
    try {
      yield* this.#steps(place, options, compactions)
    } catch (error) {
      this.#fail(error)
      throw error
    }
    this.#count++
    this.#lastDurationMs = clock.monotonic() - startedAtMs
    // A listener may ask for the next one.
    this.#running = undefined
    for (const compaction of compactions) events.emit('compaction', compaction)
    events.emit('checkpoint', {
      seq: this.#lastSeq,
      durationMs: this.#lastDurationMs,
      logBytesBefore,
      logBytesAfter: log.bytesSinceCheckpoint,
    })
  }

  *#steps(place: CommitPosition, options: CheckpointRun, compactions: CompactionEvent[]): DeviceSteps {
    const { log, keyspaces } = this.#parts
    const cut = log.beginCut()
    yield cut.rotated
    yield {
      sync: () => {
        place.settle()
      },
      syncAsync: () => place.settled(),
    }
    this.#assertGoingOn()
    const { seq } = place
    const frozen = [...keyspaces].map((keyspace) => ({
      keyspace,
      work: keyspace.store.beginCheckpoint(log, options.turn),
    }))
    this.#hasFrozen = true
    for (const { work } of frozen) yield work
    for (const { keyspace } of frozen) yield* this.#compact(keyspace, options, compactions)
    this.#assertGoingOn()
    const durableSeqs = new Map(
      frozen.map(({ keyspace: { descriptor, store } }) => [descriptor.id, Math.min(seq, store.durableSeq)]),
    )
    yield cut.end({ seq, durableSeqs })
    this.#lastSeq = seq
  }

  /** Makes a checkpoint when the log has grown enough. The commit before it stands, whatever happens (C7). */
  afterCommit(place: CommitPosition): void {
    const { log, trigger, clock, events, health } = this.#parts
    const logBytes = log.bytesSinceCheckpoint
    if (!trigger.isDue(logBytes) || health.writeRefusal !== undefined) return
    // One that is under way gets time to come to its end by itself.
    if (this.#running !== undefined && logBytes < 2 * trigger.bytes) return
    const startedAtMs = clock.monotonic()
    try {
      if (this.#running === undefined) this.run(place)
      else this.finish()
    } catch {
      // The handle is poisoned, and the listeners know.
      return
    }
    events.emit('stall', {
      reason: 'checkpoint',
      durationMs: clock.monotonic() - startedAtMs,
    })
  }

  stats(): CheckpointStats {
    return { count: this.#count, lastDurationMs: this.#lastDurationMs, lastSeq: this.#lastSeq }
  }

  *#compact(
    { store, descriptor, dropped }: KeyspaceStore,
    { effort = 'automatic', turn: timeSlice }: CheckpointRun,
    compactions: CompactionEvent[],
  ): DeviceSteps {
    if (dropped) return
    const { clock, log } = this.#parts
    const startedAtMs = clock.monotonic()
    const fileBytesBefore = store.stats().fileBytes
    const work = store.beginCompaction({ effort, log, timeSlice })
    if (work === undefined) return
    yield work
    compactions.push({
      keyspace: descriptor.name,
      durationMs: clock.monotonic() - startedAtMs,
      fileBytesBefore,
      fileBytesAfter: store.stats().fileBytes,
    })
  }

  /** The steps that are left must not be made after a failure elsewhere, or the end. */
  #assertGoingOn(): void {
    const { health } = this.#parts
    if (health.closed) throw closedError()
    if (health.poisoned) health.assertWritable()
  }

  #fail(error: unknown): void {
    const { health, events } = this.#parts
    if (health.closed || health.poisoned) return
    health.poison(error, false)
    events.emit('error', { error })
  }
}
