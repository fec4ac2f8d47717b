import { isLdbError, ResumableTask } from '@ldb/base'
import type { DeviceSteps, Syncable } from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { ChainHash } from '../segment/chain-hash.js'
import { OWNER_ID_BYTES, RECORDS_FILE_OFFSET, SEGMENT_ID_BYTES } from '../format.js'
import { joinPath, removeUnfinished } from '../segment/log-directory.js'
import { RecordBuffer } from './record-buffer.js'
import type { LogPosition } from '../read/recovery.js'
import { SegmentCursor } from '../segment/cursor.js'
import { encodeSegmentHeader } from '../segment/header.js'
import type { SegmentHeader } from '../segment/header.js'
import { newSegmentName, segmentName } from '../segment/name.js'
import { Segment } from '../segment/segment.js'

/** Records that a new segment begins with: those of an older one from the new one's base on. */
export interface TailCopy {
  readonly source: Segment
  readonly endLsn: number
}

/** What a new segment is to be. */
export interface SegmentPlan {
  readonly segmentNumber: number
  readonly previousId: Uint8Array
  readonly ownerId: Uint8Array
  /** Where it begins. */
  readonly place: LogPosition
  readonly seqFloor: number
  readonly tail: TailCopy | undefined
  /** Bytes of records to allocate from the start. */
  readonly preallocateBytes: number
}

/** A segment that was made, and the chain hash behind the records in it. */
export interface CreatedSegment {
  readonly segment: Segment
  readonly chainHash: ChainHash
}

const COPY_BUFFER_BYTES = 1024 * 1024

/** Plan of the first segment of a log. */
export const FIRST_PLACE: LogPosition = { lsn: 0, lastSeq: 0, chainHash: new ChainHash(0, 0) }
/** Stands for "no segment" where an id is due. */
export const NO_SEGMENT_ID: Uint8Array = new Uint8Array(SEGMENT_ID_BYTES)
/** Stands for "nobody" where the owner of a log is due. */
export const NO_OWNER_ID: Uint8Array = new Uint8Array(OWNER_ID_BYTES)

/**
 * Makes a segment under another name, with all that is to be in it, syncs it, gives it its own name and syncs the
 * directory: a segment that bears its name is whole, and nothing is acknowledged in one that a crash could take away.
 *
 * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_READ_ONLY; nothing has then changed but for what
 * {@link removeUnfinished} removes.
 */
export function createSegment(vfs: Vfs, directory: string, plan: SegmentPlan): CreatedSegment {
  const segment = planSegment(vfs, directory, plan)
  const chainHash = plan.place.chainHash.copy()
  new ResumableTask(withoutResult(segmentSteps(vfs, directory, segment, plan, chainHash))).sync()
  return { segment, chainHash }
}

/** Returns a new segment its identity, before there is a file. */
export function planSegment(vfs: Vfs, directory: string, plan: SegmentPlan): Segment {
  const { place, tail } = plan
  const header: SegmentHeader = {
    segmentId: vfs.random.fill(new Uint8Array(SEGMENT_ID_BYTES)),
    previousId: plan.previousId,
    segmentNumber: plan.segmentNumber,
    baseLsn: place.lsn,
    durableEndLsn: tail === undefined ? place.lsn : tail.endLsn,
    lastSeq: place.lastSeq,
    seqFloor: plan.seqFloor,
    chainHash: place.chainHash.copy(),
    ownerId: plan.ownerId,
  }
  return new Segment(joinPath(directory, segmentName(plan.segmentNumber)), header)
}

/**
 * Makes the file of a planned segment, as {@link createSegment} does.
 *
 * @param chainHash - of what is before the segment; takes in the records that it begins with.
 * @returns what has synced the file: a sync off the thread may still be on its way, when somebody could not wait for it.
 */
export function* segmentSteps(
  vfs: Vfs,
  directory: string,
  segment: Segment,
  plan: SegmentPlan,
  chainHash: ChainHash,
): Generator<Syncable, FileSync, void> {
  const newName = newSegmentName(plan.segmentNumber)
  const newPath = joinPath(directory, newName)
  try {
    const file = vfs.open(newPath, 'createNew')
    const fileSync = new FileSync(vfs, file)
    try {
      writeSegment(vfs, file, segment, plan, chainHash)
      yield fileSync
    } finally {
      fileSync.close()
      file.close()
    }
    vfs.rename(newPath, segment.path)
    yield new DirectorySync(vfs, directory)
    return fileSync
  } catch (error) {
    removeUnfinished(vfs, directory, [newName])
    throw error
  }
}

function* withoutResult(steps: Generator<Syncable, unknown, void>): DeviceSteps {
  yield* steps
}

function writeSegment(
  vfs: Vfs,
  file: VfsFile,
  segment: Segment,
  plan: SegmentPlan,
  chainHash: ChainHash,
): void {
  const front = new Uint8Array(RECORDS_FILE_OFFSET)
  encodeSegmentHeader(segment.header, front)
  file.write(front, 0, front.length, 0)
  if (plan.tail !== undefined) copyTail(vfs, file, segment, plan.tail, chainHash)
  const writtenBytes = segment.fileOffsetOf(segment.header.durableEndLsn)
  allocate(file, writtenBytes, plan.preallocateBytes)
}

/** Fills space ahead with zeros; where there is no room for it, the log does without. */
export function allocate(file: VfsFile, writtenBytes: number, aheadBytes: number): number {
  if (aheadBytes === 0) return writtenBytes
  try {
    file.preallocate(writtenBytes + aheadBytes)
    return writtenBytes + aheadBytes
  } catch (error) {
    if (!isLdbError(error, 'LDB_NO_SPACE')) throw error
    file.truncate(writtenBytes)
    return writtenBytes
  }
}

/** Writes the records anew, at the same lsns: what the cache holds of them may never have reached the device. */
function copyTail(vfs: Vfs, file: VfsFile, target: Segment, tail: TailCopy, chainHash: ChainHash): void {
  const buffer = new RecordBuffer(COPY_BUFFER_BYTES)
  const cursor = new SegmentCursor(tail.source, vfs.open(tail.source.path, 'read'))
  try {
    let lsn = target.baseLsn
    let writtenLsn = lsn
    const flush = (): void => {
      buffer.writeTo((bytes, start, byteCount) => {
        file.write(bytes, start, byteCount, target.fileOffsetOf(writtenLsn))
        writtenLsn += byteCount
      })
      buffer.clear()
    }
    while (lsn < tail.endLsn) {
      cursor.mustReadRecord(lsn, tail.endLsn)
      if (buffer.byteCount > 0 && !buffer.hasRoomFor(cursor.recordBytes)) flush()
      const unsyncedBytes = lsn - target.baseLsn
      lsn += buffer.append(
        cursor.payload,
        cursor.type,
        cursor.seq,
        lsn,
        unsyncedBytes,
        target.seed,
        chainHash,
      )
    }
    if (buffer.byteCount > 0) flush()
  } finally {
    cursor.close()
  }
}
