import type { ChainHash } from '../segment/chain-hash.js'
import type { SegmentCursor } from '../segment/cursor.js'
import type { LogPosition } from '../segment/log-position.js'
import type { Segment } from '../segment/segment.js'

/** A pass over the good records of a segment from its start. `lsn` is the position of the first record not passed. */
export class RecordWalk {
  lsn: number
  lastSeq: number
  seqFloor: number
  /** Greatest position known to have been synced. */
  syncedLsn: number
  /** End of the last record or good header that was observed, in the log or after its end. */
  observedEnd: number
  readonly chainHash: ChainHash

  constructor(segment: Segment) {
    const { header } = segment
    this.lsn = header.baseLsn
    this.lastSeq = header.lastSeq
    this.seqFloor = header.seqFloor
    this.syncedLsn = header.durableEndLsn
    this.observedEnd = header.baseLsn
    this.chainHash = header.chainHash.copy()
  }

  /**
   * Passes records up to `endLsn` or to the first bad record.
   *
   * @throws {@link LdbError} LDB_FORMAT when this build does not read a good record.
   */
  run(cursor: SegmentCursor, endLsn: number): void {
    while (this.lsn < endLsn && cursor.readRecord(this.lsn, endLsn)) this.#pass(cursor)
  }

  /** Passes records up to `endLsn` that an earlier walk found good. */
  runVerified(cursor: SegmentCursor, endLsn: number): void {
    while (this.lsn < endLsn && cursor.readVerifiedRecord(this.lsn, endLsn)) this.#pass(cursor)
  }

  /**
   * Records the seq and the synced position of a record that may not be part of the log.
   *
   * @throws {@link LdbError} LDB_FORMAT when this build does not understand its header.
   */
  observe(cursor: SegmentCursor): void {
    cursor.checkReserved()
    this.seqFloor = Math.max(this.seqFloor, cursor.seq)
    this.syncedLsn = Math.max(this.syncedLsn, cursor.syncedLsn)
    this.observedEnd = Math.max(this.observedEnd, cursor.lsn + cursor.recordBytes)
  }

  position(): LogPosition {
    return { lsn: this.lsn, lastSeq: this.lastSeq, chainHash: this.chainHash.copy() }
  }

  #pass(cursor: SegmentCursor): void {
    cursor.checkReadable()
    this.chainHash.add(cursor.checksumLow, cursor.checksumHigh)
    this.lastSeq = cursor.seq
    this.observe(cursor)
    this.lsn += cursor.recordBytes
  }
}
