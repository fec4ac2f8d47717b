import { corruption } from '@ldb/base'
import { seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { HEADER_BYTES, RECORDS_FILE_OFFSET, SEAL_BYTES, SEAL_FILE_OFFSET } from '../format.js'
import { decodeSeal } from './seal.js'
import type { Seal } from './seal.js'
import { decodeSegmentHeader } from './header.js'
import type { SegmentHeader } from './header.js'

/** One file of the log, and where its records end. */
export class Segment {
  readonly path: string
  readonly header: SegmentHeader
  readonly seed: Seed64
  /** Where its records end; `undefined` while it is the newest segment and still grows. */
  endLsn: number | undefined

  constructor(path: string, header: SegmentHeader) {
    this.path = path
    this.header = header
    this.seed = seedOfFile(header.segmentId)
    this.endLsn = undefined
  }

  get baseLsn(): number {
    return this.header.baseLsn
  }

  /** Returns the offset in the file at which the record of this lsn lies. */
  fileOffsetOf(lsn: number): number {
    return RECORDS_FILE_OFFSET + (lsn - this.header.baseLsn)
  }
}

/** A segment as it was found on disk. */
export interface FoundSegment {
  readonly segment: Segment
  readonly seal: Seal | 'none' | 'torn'
  readonly fileBytes: number
}

/**
 * Reads what stands in front of the records of a segment.
 *
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO.
 */
export function readSegment(vfs: Vfs, path: string, segmentNumber: number): FoundSegment {
  const file = vfs.open(path, 'read')
  try {
    return readFront(file, segmentNumber)
  } finally {
    file.close()
  }
}

function readFront(file: VfsFile, segmentNumber: number): FoundSegment {
  const front = new Uint8Array(SEAL_FILE_OFFSET + SEAL_BYTES)
  const frontBytes = file.read(front, 0, front.length, 0)
  const header = decodeSegmentHeader(front, Math.min(frontBytes, HEADER_BYTES), file.path)
  if (header.segmentNumber !== segmentNumber) {
    throw corruption(file.path, 0, 'a log segment bears the name of another one', {
      expected: segmentNumber,
      actual: header.segmentNumber,
    })
  }
  // A segment gets its name only after its front is on the device: one that is shorter was cut.
  const fileBytes = file.length()
  if (fileBytes < RECORDS_FILE_OFFSET) {
    throw corruption(file.path, fileBytes, 'a log segment ends before its records begin', {
      expected: RECORDS_FILE_OFFSET,
      actual: fileBytes,
    })
  }
  const segment = new Segment(file.path, header)
  return { segment, seal: decodeSeal(front.subarray(SEAL_FILE_OFFSET, frontBytes), segment.seed), fileBytes }
}
