import { isLdbError, writeU32, writeU64 } from '@ldb/base'
import { encodeFileHeader, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as format from '../format.js'
import { decodeMeta, encodeMeta, findMeta, moveMeta, readMeta } from './meta.js'
import type { Meta } from './meta.js'

const META: Meta = {
  fileId: Uint8Array.from({ length: 16 }, (_, index) => index * 16 + 1),
  pageBytes: 512,
  checkpoint: 6,
  epoch: 17,
  durableSeq: 2 ** 40,
  rootPage: 30,
  rootLevel: 2,
  rootChecksumLow: -5,
  rootChecksumHigh: 0x12345678,
  entryCount: 1000,
  runCount: 3,
  pageCount: 100,
  freeSpacePage: 31,
  freeSpaceChecksumLow: 7,
  freeSpaceChecksumHigh: -8,
  freeCount: 20,
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

/** A file with the given blocks in places A, B and the spare. */
function fileOf(a: Uint8Array, b: Uint8Array, spare: Uint8Array = new Uint8Array(0)): VfsFile {
  const file = new MemoryVfs().open('/tree.ldb', 'create')
  file.write(a, 0, a.length, 0)
  file.write(b, 0, b.length, format.META_STRIDE)
  file.write(spare, 0, spare.length, format.SPARE_BLOCK * format.META_STRIDE)
  return file
}

/** Changes bytes of a block and makes its checksum right again. */
function forge(block: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = block.slice()
  change(bytes)
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, format.META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  writeU32(bytes, format.META_BLOCK_CHECKSUM_OFFSET, hash[0]! >>> 0)
  writeU32(bytes, format.META_BLOCK_CHECKSUM_OFFSET + 4, hash[1]! >>> 0)
  return bytes
}

describe('a block', () => {
  test('comes back as it was', () => {
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
      runCount: fc.maxSafeNat(),
      pageCount: fc.integer({ min: 1000, max: 2 ** 31 - 1 }),
      freeSpacePage: fc.integer({ min: 24, max: 999 }),
      freeSpaceChecksumLow: fc.integer(),
      freeSpaceChecksumHigh: fc.integer(),
      freeCount: fc.integer({ min: 0, max: 976 }),
    })
    fc.assert(
      fc.property(arbitrary, (meta) => {
        expect(decodeMeta(encodeMeta(meta), 'f', meta.checkpoint % 2)).toEqual(meta)
        const spare = encodeMeta(meta, format.SPARE_BLOCK)
        expect(decodeMeta(spare, 'f', format.SPARE_BLOCK)).toEqual(meta)
        expect(moveMeta(spare, meta.checkpoint % 2)).toEqual(encodeMeta(meta))
      }),
    )
  })

  test('with any bit flipped is refused', () => {
    const bytes = encodeMeta(META)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const code = codeOf(() => decodeMeta(bytes, 'f', 0))
      if (code !== 'LDB_CORRUPTION' && code !== 'LDB_FORMAT') expect.unreachable(`bit ${bit}: ${code}`)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
    expect(decodeMeta(bytes, 'f', 0)).toEqual(META)
  })

  test.each<[string, (bytes: Uint8Array) => void]>([
    ['a page size of 256', (bytes) => writeU32(bytes, format.META_BLOCK_PAGE_BYTES_OFFSET, 256)],
    ['a page size of 65536', (bytes) => writeU32(bytes, format.META_BLOCK_PAGE_BYTES_OFFSET, 65_536)],
    ['a page size of 513', (bytes) => writeU32(bytes, format.META_BLOCK_PAGE_BYTES_OFFSET, 513)],
    ['the number of the other block', (bytes) => writeU32(bytes, format.META_BLOCK_BLOCK_OFFSET, 1)],
    ['a checkpoint of the other block', (bytes) => writeU64(bytes, format.META_BLOCK_CHECKPOINT_OFFSET, 7)],
    [
      'an epoch above 2^53',
      (bytes) => bytes.fill(0xff, format.META_BLOCK_EPOCH_OFFSET, format.META_BLOCK_EPOCH_OFFSET + 8),
    ],
    ['a root among the meta blocks', (bytes) => writeU32(bytes, format.META_BLOCK_ROOT_PAGE_OFFSET, 23)],
    ['a root behind the end', (bytes) => writeU32(bytes, format.META_BLOCK_ROOT_PAGE_OFFSET, 100)],
    ['a root of level 32', (bytes) => writeU32(bytes, format.META_BLOCK_ROOT_LEVEL_OFFSET, 32)],
    ['no page count', (bytes) => writeU32(bytes, format.META_BLOCK_PAGE_COUNT_OFFSET, 24)],
    ['2^31 pages', (bytes) => writeU32(bytes, format.META_BLOCK_PAGE_COUNT_OFFSET, 2 ** 31)],
    ['free space behind the end', (bytes) => writeU32(bytes, format.META_BLOCK_FREE_SPACE_PAGE_OFFSET, 100)],
    ['more free pages than pages', (bytes) => writeU32(bytes, format.META_BLOCK_FREE_COUNT_OFFSET, 77)],
    ['a reserved byte', (bytes) => bytes.fill(1, 503, 504)],
  ])('that was forged to have %s is refused', (_, change) => {
    expect(codeOf(() => decodeMeta(forge(encodeMeta(META), change), 'f', 0))).toBe('LDB_CORRUPTION')
  })
})

describe('a file', () => {
  const older = encodeMeta({ ...META, checkpoint: 5, durableSeq: 4 })
  const newer = encodeMeta(META)

  test('gives the newer block, whichever place it has', () => {
    expect(readMeta(fileOf(newer, older)).checkpoint).toBe(6)
    expect(readMeta(fileOf(encodeMeta({ ...META, checkpoint: 4 }), older)).checkpoint).toBe(5)
  })

  test('gives the whole block when the other is damaged in any bit', () => {
    for (let bit = 0; bit < 4096; bit += 1) {
      const damaged = newer.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(readMeta(fileOf(damaged, older)).checkpoint).toBe(5)
    }
  })

  test('that ends anywhere within its blocks gives the one that is left, or a typed error', () => {
    for (
      let length = 0;
      length < format.META_STRIDE + 512;
      length += length > 512 && length < 4090 ? 97 : 1
    ) {
      const file = fileOf(newer, older)
      file.truncate(length)
      if (length >= 512) expect(readMeta(file).checkpoint).toBe(6)
      else expect(codeOf(() => readMeta(file))).toBe('LDB_CORRUPTION')
    }
  })

  test('with both blocks damaged is corrupt; with both foreign it is no tree', () => {
    expect(codeOf(() => readMeta(fileOf(newer.slice().fill(0, 40, 80), older.slice().fill(0, 40, 80))))).toBe(
      'LDB_CORRUPTION',
    )
    const foreign = new Uint8Array(512).fill(0x41)
    expect(codeOf(() => readMeta(fileOf(foreign, foreign)))).toBe('LDB_FORMAT')
  })

  test('whose blocks belong to different files is corrupt', () => {
    const other = encodeMeta({ ...META, checkpoint: 5, fileId: new Uint8Array(16) })
    expect(codeOf(() => readMeta(fileOf(newer, other)))).toBe('LDB_CORRUPTION')
  })

  test('gives the spare block when it is the newest, and says where the newest stands', () => {
    const spare = encodeMeta(META, format.SPARE_BLOCK)
    const torn = newer.slice().fill(0, 100, 200)
    expect(findMeta(fileOf(newer, older)).blocks).toEqual([0])
    expect(findMeta(fileOf(newer, older, spare)).blocks).toEqual([0, 2])
    expect(findMeta(fileOf(torn, older, spare))).toMatchObject({ meta: META, blocks: [2] })
    expect(findMeta(fileOf(newer, older, encodeMeta({ ...META, checkpoint: 3 }, 2))).blocks).toEqual([0])
  })

  test('whose newest checkpoint is there twice, and not the same, is corrupt', () => {
    const spare = encodeMeta({ ...META, entryCount: 7 }, format.SPARE_BLOCK)
    expect(codeOf(() => readMeta(fileOf(newer, older, spare)))).toBe('LDB_CORRUPTION')
  })

  test('that a newer version has written one checkpoint to is left alone', () => {
    const header = encodeFileHeader({ kind: format.FILE_KIND, format: 2, minimumReader: 2, flags: 0 })
    const future = forge(newer, (bytes) => bytes.set(header))
    expect(codeOf(() => readMeta(fileOf(future, older)))).toBe('LDB_FORMAT')
    const compatible = encodeFileHeader({ kind: format.FILE_KIND, format: 2, minimumReader: 1, flags: 0 })
    expect(
      readMeta(
        fileOf(
          forge(newer, (bytes) => bytes.set(compatible)),
          older,
        ),
      ).checkpoint,
    ).toBe(6)
  })
})
