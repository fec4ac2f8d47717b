import { assert, corruption } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import type { ExternalValues } from '../external-values.js'
import { RECORD_ALIGNMENT, RecordType } from '../format.js'
import { SegmentCursor } from '../segment/cursor.js'
import { readSegmentChain } from '../segment/log-directory.js'
import type { LogPosition } from '../segment/log-position.js'
import { recordSpaceEnd } from '../segment/record-space.js'
import { sealBefore } from '../segment/seal.js'
import type { Seal } from '../segment/seal.js'
import type { CreateCipher, FoundSegment, Segment } from '../segment/segment.js'
import { RecordWalk } from './record-walk.js'

/** A segment whose seal may be missing on the device, and the content of that seal. */
export interface UnsealedSegment {
  readonly segment: Segment
  readonly seal: Seal
}

/** State of a log as found on disk. Recovery writes nothing to determine it. */
export interface RecoveredLog {
  /** All segments, oldest first. The end of the newest one is set too. */
  readonly segments: Segment[]
  /** Segments with a successor whose seal may not be on the device. All older segments are sealed. */
  readonly unsealed: UnsealedSegment[]
  /** True when the log was closed cleanly and is complete. */
  readonly clean: boolean
  /** All records before this position are on the device. */
  readonly synced: LogPosition
  /** End of the log: the first record that is not good, or the end in the seal. */
  readonly end: LogPosition
  /** Greatest seq in any record, including dropped ones. */
  readonly seqFloor: number
  /** End of the last record in the newest segment, including dropped ones. What follows it means nothing. */
  readonly observedEnd: number
}

/**
 * Determines the content of a log (W2). Only reads (W3).
 *
 * @remarks Reads the header and seal of every segment and all records of the newest one. Older segments were synced up to their end
 * before their successor was created, so that a bad record in one is corruption; reading it reports that.
 * @param segmentNumbers - ascending, at least one.
 * @param ownerId - required owner of the log, if known.
 * @param values - the values that records of type 6 name; without them, such records count as complete.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO.
 */
export function recoverLog(
  vfs: Vfs,
  directory: string,
  segmentNumbers: readonly number[],
  ownerId: Uint8Array | undefined,
  values?: ExternalValues,
  createCipher?: CreateCipher,
): RecoveredLog {
  const found = readSegmentChain(vfs, directory, segmentNumbers, ownerId, createCipher)
  const newest = found.at(-1)
  assert(newest !== undefined, 'a log without segments cannot be recovered')
  const cursor = new SegmentCursor(newest.segment, vfs.open(newest.segment.path, 'read'))
  try {
    const tail =
      typeof newest.seal === 'string'
        ? scanOpenSegment(newest, cursor, values)
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
    // The last seal may be in the operating system's cache only: its sync may have failed or never have run. Older seals
    // were synced before the segment after their successor was created.
    const isLast = index === found.length - 2
    if (next === undefined || (typeof seal !== 'string' && !isLast)) continue
    unsealed.push({ segment, seal: sealBefore(next.segment.header) })
  }
  return unsealed
}

/** Validates the newest segment of a closed log: every record up to the end in the seal must be good. */
function checkClosedSegment(found: FoundSegment, cursor: SegmentCursor, seal: Seal): Tail {
  const { segment } = found
  const walk = new RecordWalk(segment)
  if (seal.endLsn >= segment.baseLsn) walk.run(cursor, seal.endLsn)
  const offset = segment.fileOffsetOf(walk.lsn)
  if (walk.lsn !== seal.endLsn) {
    throw corruption(segment.path, offset, 'a record of a closed log is missing or bad', {
      expected: seal.endLsn,
      actual: walk.lsn,
    })
  }
  if (!walk.chainHash.equals(seal.chainHash) || walk.lastSeq !== seal.lastSeq) {
    throw corruption(segment.path, offset, 'the records of a closed log do not match its seal', {
      expected: seal.chainHash.toHex(),
      actual: walk.chainHash.toHex(),
    })
  }
  const end = walk.position()
  return { clean: true, synced: end, end, seqFloor: walk.seqFloor, observedEnd: walk.observedEnd }
}

/** Finds the end of a log that was left open: the first bad record, unless it is below the position known to be synced. */
function scanOpenSegment(
  found: FoundSegment,
  cursor: SegmentCursor,
  values: ExternalValues | undefined,
): Tail {
  const { segment } = found
  const spaceEnd = recordSpaceEnd(found, cursor)
  const walk = new RecordWalk(segment)
  walk.run(cursor, spaceEnd)
  let end = walk.position()
  observeRecordsAfter(end.lsn, spaceEnd, cursor, walk)
  if (end.lsn < walk.syncedLsn) {
    const offset = segment.fileOffsetOf(end.lsn)
    throw corruption(segment.path, offset, 'a synced record of the log is bad or missing', {
      expected: walk.syncedLsn,
      actual: end.lsn,
    })
  }
  const { seqFloor, observedEnd } = walk
  const synced = positionAt(walk.syncedLsn, segment, cursor)
  const completeLsn = values === undefined ? end.lsn : completeEnd(synced.lsn, end.lsn, cursor, values)
  if (completeLsn < end.lsn) end = positionAt(completeLsn, segment, cursor)
  return { clean: false, synced, end, seqFloor, observedEnd }
}

/**
 * Returns the position of the first record whose values were lost; the end of the log without one. Values of records that are known to be
 * synced are on the device.
 */
function completeEnd(
  syncedLsn: number,
  endLsn: number,
  cursor: SegmentCursor,
  values: ExternalValues,
): number {
  for (let lsn = syncedLsn; lsn < endLsn; lsn += cursor.recordBytes) {
    cursor.requireRecord(lsn, endLsn)
    if (cursor.type === RecordType.blobCommit && !values.isComplete(cursor.payload, lsn)) return lsn
  }
  return endLsn
}

/** Collects synced positions and seqs from everything that is readable after the first bad record. */
function observeRecordsAfter(
  badLsn: number,
  spaceEnd: number,
  cursor: SegmentCursor,
  walk: RecordWalk,
): void {
  let lsn = badLsn
  if (cursor.readHeader(lsn, spaceEnd)) {
    // Only the payload is torn.
    walk.observe(cursor)
    lsn += cursor.recordBytes
  } else {
    lsn += RECORD_ALIGNMENT
  }
  for (;;) {
    const foundLsn = cursor.findRecord(lsn, spaceEnd)
    if (foundLsn < 0) return
    walk.observe(cursor)
    lsn = foundLsn + cursor.recordBytes
  }
}

/** Returns the log position at an lsn that an earlier walk has passed. */
function positionAt(lsn: number, segment: Segment, cursor: SegmentCursor): LogPosition {
  const walk = new RecordWalk(segment)
  walk.runVerified(cursor, lsn)
  if (walk.lsn !== lsn) {
    throw corruption(
      segment.path,
      segment.fileOffsetOf(lsn),
      'no record ends at the synced position of the log',
    )
  }
  return walk.position()
}
