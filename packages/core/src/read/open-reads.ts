import { HandleLeases } from '../health/handle-leases.js'
import type { HandleLease, PinnedResource } from '../health/handle-leases.js'

/** The state that an open read pins: of a snapshot, a scan or a cursor. */
export interface OpenRead extends PinnedResource {
  /** Number of the newest commit that the read sees. */
  readonly seq: number
}

/** An open read of a handle. */
export type ReadLease = HandleLease<OpenRead>

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

/** All open reads of one database. */
export class OpenReads extends HandleLeases<OpenRead> {
  stats(): OpenReadStats {
    const { oldest, size } = this.leases
    if (oldest === undefined) return { openCount: 0, oldestAgeMs: 0, oldestSeq: 0 }
    return {
      openCount: size,
      oldestAgeMs: Math.max(0, this.reporter.nowMs - oldest.openedAtMs),
      oldestSeq: oldest.resource.seq,
    }
  }
}
