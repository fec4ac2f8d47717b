// Strategy: segment headers and seals with valid checksums and invalid fields.
// Invariants: an inconsistent header is refused; an inconsistent seal is treated as torn, like a missing one.
import { isLdbError, writeU32, writeU64 } from '@ldb/base'
import { createSeed64, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { describe, expect, test } from 'vitest'
import { ChainHash } from './chain-hash.js'
import {
  HEADER_BASE_LSN,
  HEADER_BYTES,
  HEADER_CHECKSUM,
  HEADER_DURABLE_END_LSN,
  HEADER_RESERVED,
  HEADER_SEQ_FLOOR,
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
}

const SEAL: Seal = {
  kind: SealKind.continued,
  endLsn: 8192,
  lastSeq: 12,
  chainHash: new ChainHash(7, -8),
  successorId: id(4),
}
const SEAL_SEED: Seed64 = createSeed64(1, 2)

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
  ['a non-zero reserved byte', HEADER_RESERVED + 9, (bytes): void => void (bytes[HEADER_RESERVED + 9] = 1)],
]

describe('segment header', () => {
  test('decodes to the encoded fields', () => {
    const bytes = new Uint8Array(HEADER_BYTES)
    encodeSegmentHeader(HEADER, bytes)
    expect(decodeSegmentHeader(bytes, bytes.length, 'segment')).toEqual(HEADER)
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

const WRONG_SEALS: readonly [string, Change][] = [
  ['an unknown kind', (bytes): void => writeU32(bytes, SEAL_KIND, 3)],
  ['a reserved byte', (bytes): void => writeU32(bytes, SEAL_RESERVED, 1)],
  ['an end lsn beyond 2^53', (bytes): void => writeU32(bytes, SEAL_END_LSN + 4, 2 ** 21)],
  ['a number beyond 2^53', (bytes): void => writeU32(bytes, SEAL_LAST_SEQ + 4, 2 ** 21)],
]

describe('seal', () => {
  test('decodes to the encoded fields; a truncated one is torn, zeros are none', () => {
    const bytes = encodeSeal(SEAL, SEAL_SEED)
    expect(decodeSeal(bytes, SEAL_SEED)).toEqual(SEAL)
    expect(decodeSeal(bytes.subarray(0, bytes.length - 1), SEAL_SEED)).toBe('torn')
    expect(decodeSeal(bytes, createSeed64(1, 3))).toBe('torn')
    expect(decodeSeal(new Uint8Array(bytes.length), SEAL_SEED)).toBe('none')
  })

  test.each(WRONG_SEALS)('with %s is torn', (_, change) => {
    const bytes = encodeSeal(SEAL, SEAL_SEED)
    change(bytes)
    expect(decodeSeal(withChecksum(bytes, SEAL_CHECKSUM, SEAL_SEED), SEAL_SEED)).toBe('torn')
  })
})
