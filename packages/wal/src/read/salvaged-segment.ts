import { isLdbError, readU64 } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import {
  HEADER_BASE_LSN,
  HEADER_BYTES,
  HEADER_OWNER_ID,
  HEADER_SEGMENT_ID,
  OWNER_ID_BYTES,
  RECORD_ALIGNMENT,
  RECORDS_FILE_OFFSET,
  SEAL_BYTES,
  SEAL_FILE_OFFSET,
  SEGMENT_ID_BYTES,
} from '../format.js'
import { ChainHash } from '../segment/chain-hash.js'
import { SegmentCursor } from '../segment/cursor.js'
import { hasSegmentMagic } from '../segment/header.js'
import type { SegmentHeader } from '../segment/header.js'
import { decodeSeal } from '../segment/seal.js'
import { readSegment, Segment } from '../segment/segment.js'
import type { CreateCipher, FoundSegment } from '../segment/segment.js'

/** What the neighbours of a segment with a damaged header say of it. */
export interface Neighbours {
  readonly previous: FoundSegment | undefined
  readonly next: FoundSegment | undefined
}

/**
 * Reads a segment whose header may be damaged.
 *
 * @returns `undefined` for a damaged header.
 * @throws {@link LdbError} LDB_FORMAT for an intact header of another version; LDB_IO.
 */
export function readIntactSegment(
  vfs: Vfs,
  path: string,
  segmentNumber: number,
  createCipher: CreateCipher | undefined,
): FoundSegment | undefined {
  try {
    return readSegment(vfs, path, segmentNumber, createCipher)
  } catch (error) {
    if (isLdbError(error, 'LDB_CORRUPTION')) return undefined
    if (isLdbError(error, 'LDB_FORMAT') && !hasSegmentMagic(frontOf(vfs, path).front)) return undefined
    throw error
  }
}

/**
 * Restores the header of a segment from what is left of it and from its neighbours: its id and its first lsn are enough to read its
 * records, and an intact record or seal proves them.
 *
 * @returns `undefined` when no guess is proved.
 */
export function restoreSegment(
  vfs: Vfs,
  path: string,
  segmentNumber: number,
  { previous, next }: Neighbours,
  createCipher: CreateCipher | undefined,
): FoundSegment | undefined {
  const { front, fileBytes } = frontOf(vfs, path)
  if (fileBytes < RECORDS_FILE_OFFSET) return undefined
  const seal = typeof previous?.seal === 'object' ? previous.seal : undefined
  const ids = [
    front.slice(HEADER_SEGMENT_ID, HEADER_SEGMENT_ID + SEGMENT_ID_BYTES),
    seal?.successorId,
    next?.segment.header.previousId,
  ]
  const bases = [seal?.endLsn, readU64(front, HEADER_BASE_LSN)].filter(
    (base) => base !== undefined && base >= 0 && base % RECORD_ALIGNMENT === 0,
  ) as number[]
  const guesses = ids
    .filter((id) => id !== undefined)
    .flatMap((id) => bases.map((base) => headerOf(front, id, segmentNumber, base, fileBytes)))
    .map((header) => segmentOf(path, header, front, fileBytes, createCipher))
  // A seal proves the id, and a record the first lsn, too.
  return (
    guesses.find((guess) => hasFirstRecord(vfs, guess)) ??
    guesses.find(({ seal: own }) => typeof own === 'object')
  )
}

function headerOf(
  front: Uint8Array,
  segmentId: Uint8Array,
  segmentNumber: number,
  baseLsn: number,
  capacityBytes: number,
): SegmentHeader {
  return {
    segmentId,
    previousId: new Uint8Array(SEGMENT_ID_BYTES),
    segmentNumber,
    baseLsn,
    durableEndLsn: baseLsn,
    lastSeq: 0,
    seqFloor: 0,
    chainHash: new ChainHash(0, 0),
    ownerId: front.slice(HEADER_OWNER_ID, HEADER_OWNER_ID + OWNER_ID_BYTES),
    firstRecordTime: 0,
    archiveBranchId: new Uint8Array(SEGMENT_ID_BYTES),
    capacityBytes,
    hasExternalValues: true,
    encryption: undefined,
  }
}

function segmentOf(
  path: string,
  header: SegmentHeader,
  front: Uint8Array,
  fileBytes: number,
  createCipher: CreateCipher | undefined,
): FoundSegment {
  const segment = new Segment(path, header, createCipher?.(header.segmentId))
  const bytes = front.subarray(SEAL_FILE_OFFSET, SEAL_FILE_OFFSET + SEAL_BYTES)
  return { segment, seal: decodeSeal(bytes, segment.frame, path), fileBytes }
}

function hasFirstRecord(vfs: Vfs, { segment, fileBytes }: FoundSegment): boolean {
  const { baseLsn, path } = segment
  const cursor = new SegmentCursor(segment, vfs.open(path, 'read'))
  try {
    return cursor.readRecord(baseLsn, baseLsn + fileBytes - RECORDS_FILE_OFFSET)
  } finally {
    cursor.close()
  }
}

function frontOf(vfs: Vfs, path: string): { readonly front: Uint8Array; readonly fileBytes: number } {
  const file = vfs.open(path, 'read')
  try {
    const front = new Uint8Array(Math.max(HEADER_BYTES, SEAL_FILE_OFFSET + SEAL_BYTES))
    file.read(front, 0, front.length, 0)
    return { front, fileBytes: file.length() }
  } finally {
    file.close()
  }
}
