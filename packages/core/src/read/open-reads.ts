import type { Clock } from '@ldb/vfs'

/** Something that holds a snapshot for a caller: a snapshot, a scan or a cursor. */
export interface OpenRead {
  /** When it was opened, on the monotonic clock. */
  readonly openedAtMs: number
  /** The newest commit it sees. */
  readonly seq: number
  /** Gives back what it holds. Idempotent; takes itself off the list. */
  release(): void
}

/** What `stats()` says of the reads that are open. @category Statistics */
export interface OpenReadStats {
  /** Snapshots, scans and cursors that are open. */
  readonly openCount: number
  /** Age of the oldest one, in milliseconds; 0 when there is none. One that only grows was never given back. */
  readonly oldestAgeMs: number
  /** The newest commit that the oldest one sees; 0 when there is none. */
  readonly oldestSeq: number
}

/** All reads of one database that are open, oldest first. */
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

  /** Releases all of them, because the database closes (S2). */
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
