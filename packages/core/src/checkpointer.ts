import type { StoreStats } from '@ldb/base'
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
  /** Bytes of the page cache: a store that fits in is cheap to move. */
  readonly cacheBytes: number
}

/** How to make one checkpoint. */
export interface CheckpointRun {
  /** Compact every store. */
  readonly shrink?: boolean
  /** Somebody asked for it, and it may take the time to give space back. */
  readonly unhurried?: boolean
  /** Even when nothing is new. */
  readonly force?: boolean
}

/** Free space in a file that is not worth giving back. */
const SLACK_BYTES = 1_048_576

/**
 * Tells whether a store should be compacted along with a checkpoint.
 *
 * What is moved is at most what is live. Without being asked for, that happens only when two thirds of the file are
 * free, which takes at least twice as many bytes rewritten or deleted; somebody who asked also gets half of it back, when
 * the store is small.
 */
export function isWorthShrinking(
  stats: Pick<StoreStats, 'fileBytes' | 'liveBytes'>,
  unhurried: boolean,
  cacheBytes: number,
): boolean {
  const { fileBytes, liveBytes } = stats
  const freeBytes = fileBytes - liveBytes
  if (freeBytes <= SLACK_BYTES) return false
  return freeBytes > 2 * liveBytes || (unhurried && liveBytes <= cacheBytes && 2 * freeBytes > liveBytes)
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
  run(seq: number, options: CheckpointRun = {}): void {
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
      this.#checkpointStores(options, compactions)
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

  #checkpointStores(options: CheckpointRun, compactions: CompactionEvent[]): void {
    const { keyspaces, clock, cacheBytes } = this.#parts
    for (const { store, descriptor } of keyspaces) {
      store.checkpoint()
      const before = store.stats()
      if (options.shrink !== true && !isWorthShrinking(before, options.unhurried === true, cacheBytes))
        continue
      const startedAtMs = clock.monotonic()
      store.checkpoint({ shrink: true })
      compactions.push({
        keyspace: descriptor.name,
        durationMs: clock.monotonic() - startedAtMs,
        fileBytesBefore: before.fileBytes,
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
