import type { Clock } from '@ldb/vfs'

/** A read that pins a state for a caller: a snapshot, a scan or a cursor. */
export interface OpenRead {
  /** Time at which the read was opened, on the monotonic clock. */
  readonly openedAtMs: number
  /** Number of the newest commit that the read sees. */
  readonly seq: number
  /** Releases the pinned state, and removes the read from the list. Idempotent. */
  release(): void
}

/** Statistics of open reads. @category Statistics */
export interface OpenReadStats {
  /** Number of open snapshots, scans and cursors. */
  readonly openCount: number
  /**
   * Age of the oldest open read in milliseconds; 0 without open reads. An age that only grows indicates a read that was
   * never closed.
   */
  readonly oldestAgeMs: number
  /** Number of the newest commit that the oldest open read sees; 0 without open reads. */
  readonly oldestSeq: number
}

/** All open reads of one database, oldest first. */
export class OpenReads {
  readonly clock: Clock
  readonly #reads: Set<OpenRead> = new Set()

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(read: OpenRead): void {
    this.#reads.add(read)
  }

  remove(read: OpenRead): void {
    this.#reads.delete(read)
  }

  /** Releases all open reads when the database closes (S2). */
  releaseAll(): void {
    for (const read of [...this.#reads]) read.release()
  }

  stats(): OpenReadStats {
    const oldest = this.#reads.values().next()
    if (oldest.done === true) return { openCount: 0, oldestAgeMs: 0, oldestSeq: 0 }
    return {
      openCount: this.#reads.size,
      oldestAgeMs: Math.max(0, this.clock.monotonic() - oldest.value.openedAtMs),
      oldestSeq: oldest.value.seq,
    }
  }
}
