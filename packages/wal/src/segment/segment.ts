import { corruption } from '@ldb/base'
import { seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { HEADER_BYTES, RECORDS_FILE_OFFSET, SEAL_BYTES, SEAL_FILE_OFFSET } from '../format.js'
import { decodeSeal } from './seal.js'
import type { Seal } from './seal.js'
import { decodeSegmentHeader } from './header.js'
import type { SegmentHeader } from './header.js'

/** One file of the log. */
export class Segment {
  readonly path: string
  readonly header: SegmentHeader
  readonly seed: Seed64
  /** End of its records; `undefined` while it is the newest segment and may grow. */
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

  /** Returns the file offset of the record at `lsn`. */
  fileOffsetOf(lsn: number): number {
    return RECORDS_FILE_OFFSET + (lsn - this.header.baseLsn)
  }
}

/** A segment read from disk. */
export interface FoundSegment {
  readonly segment: Segment
  readonly seal: Seal | 'none' | 'torn'
  readonly fileBytes: number
}

/**
 * Reads the header and the seal of a segment.
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
    throw corruption(file.path, 0, 'the number of a log segment differs from that in its name', {
      expected: segmentNumber,
      actual: header.segmentNumber,
    })
  }
  // The header and seal blocks are on the device before the segment is renamed: a shorter file was truncated.
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
