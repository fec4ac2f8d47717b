import { isLdbError, optionalMember, ownProperty, ResumableTask } from '@ldb/base'
import type { TaskSteps, Syncable } from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { ChainHash } from '../segment/chain-hash.js'
import { BRANCH_ID_BYTES, OWNER_ID_BYTES, SEGMENT_ID_BYTES } from '../format.js'
import { joinPath, removeUnfinished } from '../segment/log-directory.js'
import type { LogPosition } from '../segment/log-position.js'
import { writeSegmentHeader } from '../segment/header.js'
import type { SegmentHeader } from '../segment/header.js'
import { newSegmentName, segmentName } from '../segment/name.js'
import { Segment } from '../segment/segment.js'
import type { CreateCipher } from '../segment/segment.js'
import { copyTail } from './tail-copy.js'
import type { TailCopy } from './tail-copy.js'

/** Zeros take at most this fraction of the free space. */
const FREE_DIVISOR = 32
/** Preallocating less than this is not worth a write before each sync. */
const AHEAD_BYTES_MIN = 128 * 1024

/** Description of a segment to create. */
export interface SegmentPlan {
  readonly segmentNumber: number
  readonly previousId: Uint8Array
  readonly ownerId: Uint8Array
  readonly archiveBranchId: Uint8Array
  /** Position of the first record. */
  readonly start: LogPosition
  readonly seqFloor: number
  readonly tail: TailCopy | undefined
  /** Bytes of records that the log appends to the segment at most, unless a single record is larger. */
  readonly segmentBytes: number
  /** Bytes to preallocate after the copied records. */
  readonly preallocateBytes: number
  /** The file is synced before it gets its name. */
  readonly isSynced: boolean
  readonly hasExternalValues: boolean
  /** Makes the cipher of the segment. Default: it is not encrypted. */
  readonly createCipher?: CreateCipher | undefined
}

/** A created segment, and the chain hash after its copied records. */
export interface CreatedSegment {
  readonly segment: Segment
  readonly chainHash: ChainHash
}

/** The id that stands for no segment. */
export const NO_SEGMENT_ID: Uint8Array = new Uint8Array(SEGMENT_ID_BYTES)
/** The owner id of a log without an owner. */
export const NO_OWNER_ID: Uint8Array = new Uint8Array(OWNER_ID_BYTES)
/** The branch id of a log that is in no archive. */
export const NO_BRANCH_ID: Uint8Array = new Uint8Array(BRANCH_ID_BYTES)

/**
 * Creates a segment except for the sync of the directory: writes its initial content under a temporary name, syncs the file and
 * renames it. A segment under its final name is therefore complete. The caller syncs the directory, so that a crash cannot remove a
 * segment with acknowledged records. In an unpublished log the file has its name at once, and is not synced.
 *
 * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_READ_ONLY; at most an unfinished segment remains, which
 * {@link removeUnfinished} deletes.
 */
export function createSegment(vfs: Vfs, directory: string, plan: SegmentPlan): CreatedSegment {
  const segment = planSegment(vfs, directory, plan)
  const chainHash = plan.start.chainHash.copy()
  new ResumableTask(withoutResult(fileSteps(vfs, directory, segment, plan, chainHash))).sync()
  return { segment, chainHash }
}

/** Returns a new segment with a new random id. Creates no file. */
export function planSegment(vfs: Vfs, directory: string, plan: SegmentPlan): Segment {
  const { start, tail } = plan
  const segmentId = vfs.random.fill(new Uint8Array(SEGMENT_ID_BYTES))
  const cipher = ownProperty(plan, 'createCipher')?.(segmentId)
  const header: SegmentHeader = {
    segmentId,
    previousId: plan.previousId,
    segmentNumber: plan.segmentNumber,
    baseLsn: start.lsn,
    durableEndLsn: tail === undefined ? start.lsn : tail.endLsn,
    lastSeq: start.lastSeq,
    seqFloor: plan.seqFloor,
    chainHash: start.chainHash.copy(),
    ownerId: plan.ownerId,
    // The time of copied records is unknown.
    firstRecordTime: tail === undefined ? wallClockMs(vfs) : 0,
    archiveBranchId: plan.archiveBranchId,
    // The copied records may come from a larger segment.
    capacityBytes: Math.max(plan.segmentBytes, tail === undefined ? 0 : tail.endLsn - start.lsn),
    hasExternalValues: plan.hasExternalValues,
    encryption: cipher && { suite: cipher.suite, trailerBytes: cipher.trailerBytes },
  }
  return new Segment(joinPath(directory, segmentName(plan.segmentNumber)), header, cipher)
}

/** Returns the wall clock in milliseconds since 1970; 0 when it shows no positive safe integer. */
function wallClockMs(vfs: Vfs): number {
  const now = Math.floor(vfs.clock.now())
  return Number.isSafeInteger(now) && now > 0 ? now : 0
}

/**
 * Creates the file of a planned segment, as {@link createSegment} does, and syncs the directory.
 *
 * @param chainHash - chain hash at the base of the segment; receives the checksums of the copied records.
 * @returns the sync state of the file: an early sync off the thread may still be running.
 */
export function* segmentSteps(
  vfs: Vfs,
  directory: string,
  segment: Segment,
  plan: SegmentPlan,
  chainHash: ChainHash,
): Generator<Syncable, FileSync, void> {
  const fileSync = yield* fileSteps(vfs, directory, segment, plan, chainHash)
  yield new DirectorySync(vfs, directory)
  return fileSync
}

function* fileSteps(
  vfs: Vfs,
  directory: string,
  segment: Segment,
  plan: SegmentPlan,
  chainHash: ChainHash,
): Generator<Syncable, FileSync, void> {
  // A file that is not synced here needs no other name: no process reads it before its owner syncs it.
  const newName = plan.isSynced ? newSegmentName(plan.segmentNumber) : segmentName(plan.segmentNumber)
  const newPath = joinPath(directory, newName)
  try {
    const file = vfs.open(newPath, 'createNew')
    const fileSync = new FileSync(vfs, file)
    try {
      writeSegment(vfs, file, segment, plan, chainHash)
      if (plan.isSynced) yield fileSync
    } finally {
      fileSync.close()
      file.close()
    }
    if (plan.isSynced) vfs.rename(newPath, segment.path)
    return fileSync
  } catch (error) {
    removeUnfinished(vfs, directory, [newName])
    throw error
  }
}

function* withoutResult(steps: Generator<Syncable, unknown, void>): TaskSteps {
  yield* steps
}

function writeSegment(
  vfs: Vfs,
  file: VfsFile,
  segment: Segment,
  plan: SegmentPlan,
  chainHash: ChainHash,
): void {
  writeSegmentHeader(file, segment.header)
  if (plan.tail !== undefined) copyTail(vfs, file, segment, plan.tail, chainHash)
  const writtenBytes = segment.fileOffsetOf(segment.header.durableEndLsn)
  allocate(vfs, file, writtenBytes, plan.preallocateBytes)
}

/**
 * Preallocates zeros after `writtenBytes` and returns the end of the allocated space. Allocates less when little space is free, so that
 * zeros never fill the device, and nothing when none is.
 */
export function allocate(vfs: Vfs, file: VfsFile, writtenBytes: number, wantedBytes: number): number {
  if (wantedBytes === 0) return writtenBytes
  const freeBytes = optionalMember(vfs, 'freeBytes')?.call(vfs, file.path) ?? Infinity
  const aheadBytes = Math.min(wantedBytes, Math.floor(freeBytes / FREE_DIVISOR))
  if (aheadBytes < Math.min(wantedBytes, AHEAD_BYTES_MIN)) return writtenBytes
  try {
    file.preallocate(writtenBytes + aheadBytes)
    return writtenBytes + aheadBytes
  } catch (error) {
    if (!isLdbError(error, 'LDB_NO_SPACE')) throw error
    file.truncate(writtenBytes)
    return writtenBytes
  }
}
