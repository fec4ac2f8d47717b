import { corruption } from '@ldb/base'
import { seedOfFile, UnitCodec } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { HEADER_BYTES, recordBytesOf, RECORDS_FILE_OFFSET, SEAL_BYTES, SEAL_FILE_OFFSET } from '../format.js'
import { decodeSeal } from './seal.js'
import type { Seal } from './seal.js'
import { decodeSegmentHeader } from './header.js'
import type { SegmentHeader } from './header.js'

/** One file of the log. */
export class Segment {
  readonly path: string
  readonly header: SegmentHeader
  /** Encodes and decodes payloads. */
  readonly codec: UnitCodec
  /**
   * Checksums of stored bytes: seal, record headers, and payloads in their stored form. It has no cipher, so that the end of a log is found
   * without a key.
   */
  readonly frame: UnitCodec
  /** End of its records; `undefined` while it is the newest segment and may grow. */
  endLsn: number | undefined

  /** @param cipher - encrypts the payloads of this segment. */
  constructor(path: string, header: SegmentHeader, cipher?: UnitCipher) {
    this.path = path
    this.header = header
    const seed = seedOfFile(header.segmentId)
    this.codec = new UnitCodec(seed, cipher)
    this.frame = cipher === undefined ? this.codec : new UnitCodec(seed)
    this.endLsn = undefined
  }

  get baseLsn(): number {
    return this.header.baseLsn
  }

  /** Returns the bytes of a record with a payload of `payloadBytes`, the trailer of the cipher included. */
  recordBytesOf(payloadBytes: number): number {
    return recordBytesOf(payloadBytes + this.codec.trailerBytes)
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
  const seal = decodeSeal(front.subarray(SEAL_FILE_OFFSET, frontBytes), segment.frame, file.path)
  return { segment, seal, fileBytes }
}
