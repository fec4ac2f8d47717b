import { isLdbError, writeU32, writeU64 } from '@ldb/base'
import { encodeFileHeader, SEED_ZERO, seedOfFile, UnitCodec, xxHash64 } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXAMPLE_META, storedMeta } from '../../test/meta-examples.js'
import * as format from '../format.js'
import { plainCodec } from './file-codec.js'
import { decodeMeta } from './meta.js'
import type { Meta } from './meta.js'

function decode(bytes: Uint8Array, block: number = 0): Meta {
  return decodeMeta(bytes.slice(), 'f', block, plainCodec)
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

/** Changes bytes of a block and corrects its checksum. */
function forge(block: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = block.slice()
  change(bytes)
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, format.META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  writeU32(bytes, format.META_BLOCK_CHECKSUM_OFFSET, hash[0]! >>> 0)
  writeU32(bytes, format.META_BLOCK_CHECKSUM_OFFSET + 4, hash[1]! >>> 0)
  return bytes
}

function withHeader(header: { format: number; minimumReader: number; flags: number }): Uint8Array {
  return forge(storedMeta(EXAMPLE_META), (bytes) => {
    bytes.set(encodeFileHeader({ kind: format.FILE_KIND, ...header }))
  })
}

test('a meta block is decoded as it was encoded, at its own position, at the spare one and at that of the copy', () => {
  const arbitrary = fc.record({
    fileId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    pageBytes: fc.constantFrom(512, 1024, 8192, 32_768),
    checkpoint: fc.maxSafeNat(),
    epoch: fc.maxSafeNat(),
    durableSeq: fc.maxSafeNat(),
    rootPage: fc.integer({ min: 24, max: 999 }),
    rootLevel: fc.integer({ min: 0, max: 31 }),
    rootChecksumLow: fc.integer(),
    rootChecksumHigh: fc.integer(),
    entryCount: fc.maxSafeNat(),
    extentCount: fc.maxSafeNat(),
    hasEncodedValues: fc.boolean(),
    pageCount: fc.integer({ min: 1000, max: 2 ** 31 - 1 }),
    freeSpacePage: fc.integer({ min: 24, max: 999 }),
    freeSpaceChecksumLow: fc.integer(),
    freeSpaceChecksumHigh: fc.integer(),
    freeSpaceMirrorPage: fc.integer({ min: 24, max: 999 }),
    freeSpaceMirrorChecksumLow: fc.integer(),
    freeSpaceMirrorChecksumHigh: fc.integer(),
    freeCount: fc.integer({ min: 0, max: 976 }),
    logSegmentId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    // Of any extent behind the meta region, or none.
    dictionaries: fc.oneof(
      fc.constant(new Uint8Array(24)),
      fc
        .tuple(fc.integer({ min: 24, max: 999 }), fc.uint8Array({ minLength: 20, maxLength: 20 }))
        .map(([page, rest]) => Uint8Array.of(page & 0xff, page >>> 8, 0, 0, ...rest)),
    ),
  })
  fc.assert(
    fc.property(arbitrary, (meta) => {
      expect(decode(storedMeta(meta), meta.checkpoint % 2)).toEqual(meta)
      for (const block of [format.SPARE_BLOCK, format.META_COPY_BLOCK]) {
        expect(decode(storedMeta(meta, block), block)).toEqual(meta)
      }
    }),
  )
})

test('a meta block with any bit flipped is refused', () => {
  const bytes = storedMeta(EXAMPLE_META)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    const code = codeOf(() => decode(bytes))
    if (code !== 'LDB_CORRUPTION' && code !== 'LDB_FORMAT') expect.unreachable(`bit ${bit}: ${code}`)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
  expect(decode(bytes)).toEqual(EXAMPLE_META)
})

const u32 =
  (offset: number, value: number) =>
  (bytes: Uint8Array): void => {
    writeU32(bytes, offset, value)
  }

describe('a forged meta block is LDB_CORRUPTION', () => {
  test.each<[string, (bytes: Uint8Array) => void]>([
    ['a page size of 256', u32(format.META_BLOCK_PAGE_BYTES_OFFSET, 256)],
    ['a page size of 65536', u32(format.META_BLOCK_PAGE_BYTES_OFFSET, 65_536)],
    ['a page size of 513', u32(format.META_BLOCK_PAGE_BYTES_OFFSET, 513)],
    ['the number of the other block', u32(format.META_BLOCK_BLOCK_OFFSET, 1)],
    ['a checkpoint of the other block', (bytes) => writeU64(bytes, format.META_BLOCK_CHECKPOINT_OFFSET, 7)],
    [
      'an epoch above 2^53',
      (bytes) => bytes.fill(0xff, format.META_BLOCK_EPOCH_OFFSET, format.META_BLOCK_EPOCH_OFFSET + 8),
    ],
    ['a root in the meta region', u32(format.META_BLOCK_ROOT_PAGE_OFFSET, 23)],
    ['a root behind the end', u32(format.META_BLOCK_ROOT_PAGE_OFFSET, 100)],
    ['a root of level 32', u32(format.META_BLOCK_ROOT_LEVEL_OFFSET, 32)],
    ['no page count', u32(format.META_BLOCK_PAGE_COUNT_OFFSET, 24)],
    ['2^31 pages', u32(format.META_BLOCK_PAGE_COUNT_OFFSET, 2 ** 31)],
    ['free space behind the end', u32(format.META_BLOCK_FREE_SPACE_PAGE_OFFSET, 100)],
    ['a reference to dictionaries without the flag', u32(format.META_BLOCK_DICTIONARIES_OFFSET, 30)],
    ['a page count below the copy', u32(format.META_BLOCK_PAGE_COUNT_OFFSET, 71)],
    ['a mirror in the meta region', u32(format.META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET, 0)],
    ['a mirror behind the end', u32(format.META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET, 100)],
    ['a copy at another position', u32(format.META_BLOCK_META_COPY_PAGE_OFFSET, 65)],
    ['more free pages than pages', u32(format.META_BLOCK_FREE_COUNT_OFFSET, 77)],
  ])('with %s', (_, change) => {
    expect(codeOf(() => decode(forge(storedMeta(EXAMPLE_META), change)))).toBe('LDB_CORRUPTION')
  })

  test.each([
    ['suite', format.META_BLOCK_SUITE_OFFSET],
    ['trailerBytes', format.META_BLOCK_TRAILER_BYTES_OFFSET],
    ['reserved', format.META_BLOCK_RESERVED_OFFSET + 1],
    ['dataKeyId', format.META_BLOCK_DATA_KEY_ID_OFFSET],
    ['keyspaceId', format.META_BLOCK_KEYSPACE_ID_OFFSET],
    ['databaseId', format.META_BLOCK_DATABASE_ID_OFFSET + 15],
    ['reserved2', format.META_BLOCK_RESERVED2_OFFSET],
    ['dictionaryPage', format.META_BLOCK_DICTIONARY_PAGE_OFFSET],
    ['dictionaryChecksum', format.META_BLOCK_DICTIONARY_CHECKSUM_OFFSET],
    ['reserved3', format.META_BLOCK_RESERVED3_OFFSET],
    ['the end of reserved3', format.META_BLOCK_CHECKSUM_OFFSET - 1],
  ])('with a value in the reserved field %s', (_, offset) => {
    const forged = forge(storedMeta(EXAMPLE_META), (bytes) => bytes.fill(1, offset, offset + 1))
    expect(codeOf(() => decode(forged))).toBe('LDB_CORRUPTION')
  })
})

describe('versions and flags', () => {
  test.each([
    ['a newer version', { format: 5, minimumReader: 5, flags: 0 }, 'LDB_FORMAT'],
    ['a newer version that this build can read', { format: 5, minimumReader: 4, flags: 0 }, 'nothing thrown'],
    ['version 1', { format: 1, minimumReader: 1, flags: 0 }, 'LDB_FORMAT'],
    ['version 2', { format: 2, minimumReader: 2, flags: 0 }, 'LDB_FORMAT'],
    ['version 3', { format: 3, minimumReader: 3, flags: 0 }, 'LDB_FORMAT'],
    ['an encrypted file', { format: 4, minimumReader: 4, flags: 1 }, 'LDB_UNSUPPORTED'],
    ['encoded values', { format: 4, minimumReader: 4, flags: 2 }, 'nothing thrown'],
    ['dictionaries without a reference', { format: 4, minimumReader: 4, flags: 4 }, 'LDB_CORRUPTION'],
    ['an undefined flag', { format: 4, minimumReader: 4, flags: 8 }, 'LDB_FORMAT'],
    ['an undefined flag besides a defined one', { format: 4, minimumReader: 4, flags: 9 }, 'LDB_FORMAT'],
  ])('%s', (_, header, code) => {
    expect(codeOf(() => decode(withHeader(header)))).toBe(code)
  })

  test('a file that is not encrypted is LDB_FORMAT for a reader with a key', () => {
    const cipher = { trailerBytes: 0 } as UnitCipher
    const codecOf = (fileId: Uint8Array): UnitCodec => new UnitCodec(seedOfFile(fileId), cipher)
    expect(codeOf(() => decodeMeta(storedMeta(EXAMPLE_META), 'f', 0, codecOf))).toBe('LDB_FORMAT')
  })
})
