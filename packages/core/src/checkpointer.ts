import type { Clock } from '@ldb/vfs'
import type { CommitLog } from './commit-log.js'
import type { CompactionEvent, EventHub } from './events.js'
import type { Health } from './health.js'
import type { KeyspaceTable } from './keyspace-table.js'

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
  /** Bytes of commits in the log after which a checkpoint comes unasked. */
  readonly logBytesMax: number
}

/** Makes the stores durable on their own, so that the log can be cut. */
export class Checkpointer {
  readonly #parts: CheckpointParts
  #count = 0
  #lastDurationMs = 0
  #lastSeq: number
  #running = false

  constructor(parts: CheckpointParts, lastSeq: number) {
    this.#parts = parts
    this.#lastSeq = lastSeq
  }

  /** Checkpoints every store and cuts the log; nothing when there is nothing to do. A failure poisons (C3). */
  run(seq: number, options: { readonly shrink?: boolean; readonly force?: boolean } = {}): void {
    const { health, log, events, clock } = this.#parts
    const nothingNew = log.bytesSinceCheckpoint === 0 && seq === this.#lastSeq
    if (nothingNew && options.shrink !== true && options.force !== true) return
    const startedAtMs = clock.monotonic()
    const logBytesBefore = log.bytesSinceCheckpoint
    const compactions: CompactionEvent[] = []
    this.#running = true
    try {
      // (C6) What the stores write down must be in the log for good, or a crash could leave one ahead of another.
      log.sync()
      this.#checkpointStores(options.shrink === true, compactions)
      log.cut({ seq, durableSeqs: this.#durableSeqs() })
    } catch (error) {
      health.poison(error, false)
      events.emit('error', { error })
      throw error
    } finally {
      this.#running = false
    }
    this.#lastSeq = seq
    this.#count++
    this.#lastDurationMs = clock.monotonic() - startedAtMs
    // Only now: a listener may write, and no commit may come between the stores and the record in the log.
    for (const compaction of compactions) events.emit('compaction', compaction)
    events.emit('checkpoint', {
      seq,
      durationMs: this.#lastDurationMs,
      logBytesBefore,
      logBytesAfter: log.bytesSinceCheckpoint,
    })
  }

  /** Makes a checkpoint when the log has grown enough. The commit before it stands, whatever happens (C7). */
  afterCommit(seq: number): void {
    const { log, logBytesMax, clock, events, health } = this.#parts
    if (log.bytesSinceCheckpoint < logBytesMax || this.#running || health.writeRefusal !== undefined) return
    const startedAtMs = clock.monotonic()
    try {
      this.run(seq)
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

  #checkpointStores(shrink: boolean, compactions: CompactionEvent[]): void {
    const { keyspaces, clock } = this.#parts
    for (const { store, descriptor } of keyspaces) {
      if (!shrink) {
        store.checkpoint()
        continue
      }
      const startedAtMs = clock.monotonic()
      const fileBytesBefore = store.stats().fileBytes
      store.checkpoint({ shrink: true })
      compactions.push({
        keyspace: descriptor.name,
        durationMs: clock.monotonic() - startedAtMs,
        fileBytesBefore,
        fileBytesAfter: store.stats().fileBytes,
      })
    }
  }

  #durableSeqs(): Map<number, number> {
    const seqs = new Map<number, number>()
    for (const { descriptor, store } of this.#parts.keyspaces) seqs.set(descriptor.id, store.durableSeq)
    return seqs
  }
}
