import { corruption, LdbError } from '@ldb/base'
import { seedOfFile, UnitCodec } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import {
  HEADER_BYTES,
  HEADER_SUITE,
  recordBytesOf,
  RECORDS_FILE_OFFSET,
  SEAL_BYTES,
  SEAL_FILE_OFFSET,
} from '../format.js'
import { formatError } from './format-error.js'
import { decodeSeal } from './seal.js'
import type { Seal } from './seal.js'
import { decodeSegmentHeader } from './header.js'
import type { SegmentHeader } from './header.js'

/** Makes the cipher of the segment with an id. */
export type CreateCipher = (segmentId: Uint8Array) => UnitCipher

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
 * @param createCipher - without it, payloads of an encrypted segment cannot be read, but its records are found.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO.
 */
export function readSegment(
  vfs: Vfs,
  path: string,
  segmentNumber: number,
  createCipher?: CreateCipher,
): FoundSegment {
  const file = vfs.open(path, 'read')
  try {
    return readFront(file, segmentNumber, createCipher)
  } finally {
    file.close()
  }
}

function readFront(file: VfsFile, segmentNumber: number, createCipher?: CreateCipher): FoundSegment {
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
  const segment = new Segment(file.path, header, cipherOf(header, file.path, createCipher))
  const seal = decodeSeal(front.subarray(SEAL_FILE_OFFSET, frontBytes), segment.frame, file.path)
  return { segment, seal, fileBytes }
}

/** @throws {@link LdbError} LDB_FORMAT when the segment is encrypted in another way. */
function cipherOf(
  { encryption, segmentId }: SegmentHeader,
  path: string,
  createCipher?: CreateCipher,
): UnitCipher | undefined {
  if (encryption === undefined || createCipher === undefined) return undefined
  const cipher = createCipher(segmentId)
  const { suite, trailerBytes } = encryption
  if (suite === cipher.suite && trailerBytes === cipher.trailerBytes) return cipher
  throw formatError(
    path,
    HEADER_SUITE,
    `the log is encrypted with suite ${suite}, which this build does not read`,
  )
}

/** Refuses a segment that is encrypted while the log is not, or the reverse. @throws {@link LdbError} LDB_KEY. */
export function checkEncryption({ segment }: FoundSegment, createCipher: CreateCipher | undefined): void {
  const isEncrypted = segment.header.encryption !== undefined
  if (isEncrypted === (createCipher !== undefined)) return
  const message = isEncrypted
    ? 'the log is encrypted, and no key was given'
    : 'a key was given, but the log is not encrypted'
  throw new LdbError('LDB_KEY', `${message} (${segment.path})`, { details: { file: segment.path } })
}
