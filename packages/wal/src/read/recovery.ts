import { assert, corruption } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import type { ChainHash } from '../segment/chain-hash.js'
import { RECORD_ALIGNMENT, SealKind } from '../format.js'
import { readSegmentChain } from '../segment/log-directory.js'
import type { Seal } from '../segment/seal.js'
import { SegmentCursor } from '../segment/cursor.js'
import type { SegmentHeader } from '../segment/header.js'
import type { FoundSegment, Segment } from '../segment/segment.js'

/** A place in the log with all that a segment which begins there must know. */
export interface LogPosition {
  readonly lsn: number
  /** Seq of the last record before it. */
  readonly lastSeq: number
  /** Chain hash over all records before it. */
  readonly chainHash: ChainHash
}

/** A segment that lacks its seal, and what that must say. */
export interface UnsealedSegment {
  readonly segment: Segment
  readonly seal: Seal
}

/** What a log holds, as found on disk. Nothing was written to find it. */
export interface RecoveredLog {
  /** All segments, oldest first. The end of the newest one is set too. */
  readonly segments: Segment[]
  /** Segments whose seal may not be on the device although another one follows; all before them have theirs. */
  readonly unsealed: UnsealedSegment[]
  /** True when the log was closed and is all there. */
  readonly clean: boolean
  /** Everything before this place is on the device. */
  readonly synced: LogPosition
  /** Where the log ends: the first record that is not good, or the end that was sealed. */
  readonly end: LogPosition
  /** Greatest seq in any record seen, dropped ones included. */
  readonly seqFloor: number
}

/**
 * Finds out what a log holds (W2). Only reads (W3).
 *
 * @remarks Reads the front of every segment and all of the newest one. The older ones are whole to their ends or
 * corrupt, which reading them will tell: their ends were on the device before the segment that follows got its name.
 * @param segmentNumbers - ascending, at least one.
 * @param ownerId - whose log it must be, when that is known.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO.
 */
export function recoverLog(
  vfs: Vfs,
  directory: string,
  segmentNumbers: readonly number[],
  ownerId: Uint8Array | undefined,
): RecoveredLog {
  const found = readSegmentChain(vfs, directory, segmentNumbers, ownerId)
  const newest = found.at(-1)
  assert(newest !== undefined, 'a log without segments cannot be recovered')
  const cursor = new SegmentCursor(newest.segment, vfs.open(newest.segment.path, 'read'))
  try {
    const tail =
      typeof newest.seal === 'string'
        ? scanOpenSegment(newest, cursor)
        : checkClosedSegment(newest, cursor, newest.seal)
    newest.segment.endLsn = tail.synced.lsn
    return { segments: found.map((one) => one.segment), unsealed: findUnsealed(found), ...tail }
  } finally {
    cursor.close()
  }
}

type Tail = Omit<RecoveredLog, 'segments' | 'unsealed'>

function findUnsealed(found: readonly FoundSegment[]): UnsealedSegment[] {
  const unsealed: UnsealedSegment[] = []
  for (const [index, { segment, seal }] of found.entries()) {
    const next = found[index + 1]
    // The seal that was written last may be in the cache only: its sync was not reached, or has failed. Those before
    // it were on the device before the segment behind it was made.
    const isLast = index === found.length - 2
    if (next === undefined || (typeof seal !== 'string' && !isLast)) continue
    unsealed.push({ segment, seal: sealBefore(next.segment.header) })
  }
  return unsealed
}

/** Returns the seal of the segment before the one of this header. */
export function sealBefore(header: SegmentHeader): Seal {
  const { baseLsn, lastSeq, chainHash, segmentId } = header
  return { kind: SealKind.continued, endLsn: baseLsn, lastSeq, chainHash, successorId: segmentId }
}

/** Walks the good records from a place on; `end` is where the first bad one stands. */
class RecordWalk {
  lsn: number
  lastSeq: number
  seqFloor: number
  /** Greatest position known to have been synced. */
  syncedLsn: number
  readonly chainHash: ChainHash

  constructor(segment: Segment) {
    const { header } = segment
    this.lsn = header.baseLsn
    this.lastSeq = header.lastSeq
    this.seqFloor = header.seqFloor
    this.syncedLsn = header.durableEndLsn
    this.chainHash = header.chainHash.copy()
  }

  /** Goes on until `endLsn`, at most, or until a bad record. */
  run(cursor: SegmentCursor, endLsn: number): void {
    while (this.lsn < endLsn && cursor.readRecord(this.lsn, endLsn)) this.#pass(cursor)
  }

  /** Goes on until `endLsn` over records that were found good before. */
  runOverKnown(cursor: SegmentCursor, endLsn: number): void {
    while (this.lsn < endLsn && cursor.readKnownRecord(this.lsn, endLsn)) this.#pass(cursor)
  }

  /** Learns from a record that may or may not belong to the log. */
  note(cursor: SegmentCursor): void {
    this.seqFloor = Math.max(this.seqFloor, cursor.seq)
    this.syncedLsn = Math.max(this.syncedLsn, cursor.syncedLsn)
  }

  #pass(cursor: SegmentCursor): void {
    this.chainHash.add(cursor.checksumLow, cursor.checksumHigh)
    this.lastSeq = cursor.seq
    this.note(cursor)
    this.lsn += cursor.recordBytes
  }

  place(): LogPosition {
    return { lsn: this.lsn, lastSeq: this.lastSeq, chainHash: this.chainHash.copy() }
  }
}

/** The log was closed: everything up to the end that the seal names must be there. */
function checkClosedSegment(found: FoundSegment, cursor: SegmentCursor, seal: Seal): Tail {
  const { segment } = found
  const walk = new RecordWalk(segment)
  if (seal.endLsn >= segment.baseLsn) walk.run(cursor, seal.endLsn)
  if (walk.lsn !== seal.endLsn) {
    throw corruption(
      segment.path,
      segment.fileOffsetOf(walk.lsn),
      'a record of a closed log is missing or bad',
      {
        expected: seal.endLsn,
        actual: walk.lsn,
      },
    )
  }
  if (!walk.chainHash.equals(seal.chainHash) || walk.lastSeq !== seal.lastSeq) {
    throw corruption(
      segment.path,
      segment.fileOffsetOf(walk.lsn),
      'a closed log holds other records than it did',
      {
        expected: seal.chainHash.toHex(),
        actual: walk.chainHash.toHex(),
      },
    )
  }
  const end = walk.place()
  return { clean: true, synced: end, end, seqFloor: walk.seqFloor }
}

/** The log was not closed: it ends at the first bad record, unless that lies below what is known to be synced. */
function scanOpenSegment(found: FoundSegment, cursor: SegmentCursor): Tail {
  const { segment } = found
  const spaceBytes = found.fileBytes - segment.fileOffsetOf(segment.baseLsn)
  const spaceEnd = segment.baseLsn + spaceBytes
  const walk = new RecordWalk(segment)
  walk.run(cursor, spaceEnd)
  const end = walk.place()
  noteRecordsBehind(end.lsn, spaceEnd, cursor, walk)
  if (end.lsn < walk.syncedLsn) {
    throw corruption(
      segment.path,
      segment.fileOffsetOf(end.lsn),
      'a synced record of the log is bad or missing',
      {
        expected: walk.syncedLsn,
        actual: end.lsn,
      },
    )
  }
  return { clean: false, synced: placeAt(walk.syncedLsn, segment, cursor), end, seqFloor: walk.seqFloor }
}

/** Learns from whatever can be read behind the first bad record: positions known as synced, and seqs once given. */
function noteRecordsBehind(badLsn: number, spaceEnd: number, cursor: SegmentCursor, walk: RecordWalk): void {
  let lsn = badLsn
  if (cursor.readHeader(lsn, spaceEnd)) {
    // Its payload is torn, its header is not.
    walk.note(cursor)
    lsn += cursor.recordBytes
  } else {
    lsn += RECORD_ALIGNMENT
  }
  for (;;) {
    const foundLsn = cursor.findRecord(lsn, spaceEnd)
    if (foundLsn < 0) return
    walk.note(cursor)
    lsn = foundLsn + cursor.recordBytes
  }
}

/** Walks once more to a place that the walk to the end has passed. */
function placeAt(lsn: number, segment: Segment, cursor: SegmentCursor): LogPosition {
  const walk = new RecordWalk(segment)
  walk.runOverKnown(cursor, lsn)
  if (walk.lsn !== lsn) {
    throw corruption(segment.path, segment.fileOffsetOf(lsn), 'no record ends where the log was synced')
  }
  return walk.place()
}
