// Strategy: segment headers and seals with valid checksums and invalid fields.
// Invariants: inconsistent fields are LDB_CORRUPTION; fields that a later version may define are LDB_FORMAT; a seal is torn only when its
// checksum does not match.
import { isLdbError, writeU32, writeU64 } from '@ldb/base'
import { createSeed64, encodeFileHeader, SEED_ZERO, UnitCodec, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { describe, expect, test } from 'vitest'
import { ChainHash } from './chain-hash.js'
import {
  HEADER_BASE_LSN,
  HEADER_BYTES,
  HEADER_CHECKSUM,
  HEADER_DATA_KEY_ID,
  HEADER_DURABLE_END_LSN,
  HEADER_PADDING,
  HEADER_RESERVED,
  HEADER_SEQ_FLOOR,
  HEADER_SUITE,
  HEADER_TRAILER_BYTES,
  SEAL_CHECKSUM,
  SEAL_END_LSN,
  SEAL_KIND,
  SEAL_LAST_SEQ,
  SEAL_RESERVED,
  SealKind,
} from '../format.js'
import { decodeSeal, encodeSeal } from './seal.js'
import type { Seal } from './seal.js'
import { decodeSegmentHeader, encodeSegmentHeader } from './header.js'
import type { SegmentHeader } from './header.js'

const id = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)

const HEADER: SegmentHeader = {
  segmentId: id(1),
  previousId: id(2),
  segmentNumber: 7,
  baseLsn: 4096,
  durableEndLsn: 8192,
  lastSeq: 10,
  seqFloor: 12,
  chainHash: new ChainHash(-5, 6),
  ownerId: id(3),
  firstRecordTime: 1_700_000_000_000,
  capacityBytes: 65_536,
  hasExternalValues: false,
  encryption: undefined,
  archiveBranchId: id(5),
}

const SEAL: Seal = {
  kind: SealKind.continued,
  endLsn: 8192,
  lastSeq: 12,
  chainHash: new ChainHash(7, -8),
  successorId: id(4),
}
const SEAL_SEED: Seed64 = createSeed64(1, 2)
const SEAL_FRAME = new UnitCodec(SEAL_SEED)

function withChecksum(bytes: Uint8Array, checksumAt: number, seed: Seed64): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, checksumAt, seed, hash)
  bytes.set(new Uint8Array(hash.buffer), checksumAt)
  return bytes
}

type Change = (bytes: Uint8Array) => void

const WRONG_HEADERS: readonly [string, number, Change][] = [
  ['an unaligned base lsn', HEADER_BASE_LSN, (bytes): void => writeU64(bytes, HEADER_BASE_LSN, 4097)],
  [
    'a durable end below its base',
    HEADER_BASE_LSN,
    (bytes): void => writeU64(bytes, HEADER_DURABLE_END_LSN, 8),
  ],
  ['a seq floor below its last seq', HEADER_SEQ_FLOOR, (bytes): void => writeU64(bytes, HEADER_SEQ_FLOOR, 9)],
  ['a number beyond 2^53', HEADER_SEQ_FLOOR, (bytes): void => writeU32(bytes, HEADER_SEQ_FLOOR + 4, 2 ** 21)],
  ['trailer bytes without a suite', HEADER_SUITE, (bytes): void => void (bytes[HEADER_TRAILER_BYTES] = 40)],
  ['the flag of encryption without a suite', HEADER_SUITE, (bytes): void => bytes.set(fileHeader(3, 3, 1))],
  ['a data key without a suite', HEADER_SUITE, (bytes): void => writeU32(bytes, HEADER_DATA_KEY_ID, 1)],
]

/** Intact headers that a later version may write. */
const UNKNOWN_HEADERS: readonly [string, number, Change, RegExp][] = [
  [
    'an encryption suite',
    HEADER_SUITE,
    (bytes): void => void (bytes[HEADER_SUITE] = 1),
    /encrypted with suite 1/,
  ],
  ['padding', HEADER_PADDING, (bytes): void => void (bytes[HEADER_PADDING + 1] = 1), /reserved byte/],
  [
    'a reserved byte',
    HEADER_RESERVED + 9,
    (bytes): void => void (bytes[HEADER_RESERVED + 9] = 1),
    /reserved byte/,
  ],
  ['flag 2^31', 0, (bytes): void => bytes.set(fileHeader(3, 3, 2 ** 31)), /flags.*: 0x80000000 /],
  ['a newer format', 0, (bytes): void => bytes.set(fileHeader(4, 4, 0)), /format.* 4/],
  [
    'format 1',
    0,
    (bytes): void => bytes.set(fileHeader(1, 1, 0)),
    /the log has format 1; this build reads format 3 only/,
  ],
]

function fileHeader(format: number, minimumReader: number, flags: number): Uint8Array {
  return encodeFileHeader({ kind: 'W', format, minimumReader, flags })
}

describe('segment header', () => {
  test('decodes to the encoded fields', () => {
    const bytes = new Uint8Array(HEADER_BYTES)
    encodeSegmentHeader(HEADER, bytes)
    expect(decodeSegmentHeader(bytes, bytes.length, 'segment')).toEqual(HEADER)
  })

  test('of a newer format that this version may read decodes', () => {
    const bytes = new Uint8Array(HEADER_BYTES)
    encodeSegmentHeader(HEADER, bytes)
    bytes.set(fileHeader(4, 3, 0))
    withChecksum(bytes, HEADER_CHECKSUM, SEED_ZERO)
    expect(decodeSegmentHeader(bytes, bytes.length, 'segment')).toEqual(HEADER)
  })

  test.each(UNKNOWN_HEADERS)('with %s is LDB_FORMAT', (_, offset, change, message) => {
    const bytes = new Uint8Array(HEADER_BYTES)
    encodeSegmentHeader(HEADER, bytes)
    change(bytes)
    withChecksum(bytes, HEADER_CHECKSUM, SEED_ZERO)
    const decode = (): unknown => decodeSegmentHeader(bytes, bytes.length, 'segment')
    expect(decode).toThrow(
      expect.objectContaining({ code: 'LDB_FORMAT', message: expect.stringMatching(message) }),
    )
    expect(decode).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ file: 'segment', offset }) }),
    )
  })

  test.each(WRONG_HEADERS)('with %s is corrupt', (_, offset, change) => {
    const bytes = new Uint8Array(HEADER_BYTES)
    encodeSegmentHeader(HEADER, bytes)
    change(bytes)
    withChecksum(bytes, HEADER_CHECKSUM, SEED_ZERO)
    let refusal: unknown
    try {
      decodeSegmentHeader(bytes, bytes.length, 'segment')
    } catch (error) {
      refusal = error
    }
    expect(isLdbError(refusal, 'LDB_CORRUPTION')).toBe(true)
    expect(refusal).toMatchObject({ details: { file: 'segment', offset } })
  })
})

const WRONG_SEALS: readonly [string, Change, string][] = [
  ['an unknown kind', (bytes): void => writeU32(bytes, SEAL_KIND, 3), 'LDB_FORMAT'],
  ['a reserved byte', (bytes): void => writeU32(bytes, SEAL_RESERVED, 1), 'LDB_FORMAT'],
  ['an end lsn beyond 2^53', (bytes): void => writeU32(bytes, SEAL_END_LSN + 4, 2 ** 21), 'LDB_CORRUPTION'],
  ['a number beyond 2^53', (bytes): void => writeU32(bytes, SEAL_LAST_SEQ + 4, 2 ** 21), 'LDB_CORRUPTION'],
]

describe('seal', () => {
  test('decodes to the encoded fields; a truncated one is torn, zeros are none', () => {
    const bytes = encodeSeal(SEAL, SEAL_FRAME)
    expect(decodeSeal(bytes, SEAL_FRAME, 'segment')).toEqual(SEAL)
    expect(decodeSeal(bytes.subarray(0, bytes.length - 1), SEAL_FRAME, 'segment')).toBe('torn')
    expect(decodeSeal(bytes, new UnitCodec(createSeed64(1, 3)), 'segment')).toBe('torn')
    expect(decodeSeal(new Uint8Array(bytes.length), SEAL_FRAME, 'segment')).toBe('none')
  })

  test.each(WRONG_SEALS)('with %s is refused', (_, change, code) => {
    const bytes = encodeSeal(SEAL, SEAL_FRAME)
    change(bytes)
    withChecksum(bytes, SEAL_CHECKSUM, SEAL_SEED)
    expect(() => decodeSeal(bytes, SEAL_FRAME, 'segment')).toThrow(expect.objectContaining({ code }))
  })
})
