import { isLdbError } from '@ldb/base'
import { createSeed64, UnitCodec } from '@ldb/integrity'
import { FileSync, MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { OVERFLOW_EXTENT_BYTES, EXTENT_REFERENCE_BYTES, extentPageCount } from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { Reclaim } from '../space/reclaim.js'
import { ExtentFile } from './extent-file.js'
import { decodeReference } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'
import { OverflowExtents } from './overflow-extents.js'

const PAGE_BYTES = 512

/** An empty file with extents, at a settable epoch. */
interface ExtentParts {
  readonly extents: OverflowExtents
  readonly extentFile: ExtentFile
  readonly file: VfsFile
  readonly freeSpace: FreeSpace
  readonly epoch: { current: number }
}

function makeParts(seed = 5): ExtentParts {
  const vfs = new MemoryVfs()
  const file = vfs.open('/tree.ldb', 'create')
  const freeSpace = new FreeSpace(16, 16)
  const reclaim = new Reclaim(1, (page, count) => freeSpace.free(page, count))
  const metaRewrite = { sync: (): void => {}, fileSync: new FileSync(vfs, file) }
  const epoch = { current: 2 ** 40 + 3 }
  const extentFile = new ExtentFile(
    { file, codec: new UnitCodec(createSeed64(seed, 6)), freeSpace, epoch },
    PAGE_BYTES,
  )
  const extents = new OverflowExtents(extentFile, { freeSpace, reclaim, epoch, metaRewrite }, 0)
  return { extents, extentFile, file, freeSpace, epoch }
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 13 + seed) & 0xff)
}

function write(extents: OverflowExtents, content: Uint8Array): ExtentReference {
  return decodeReference(extents.write(content, 0, content.length).slice(), 0)
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

test.each([0, 1, 479, 480, 481, 992, 993, 65_504, 65_505, 70_000, 300_000])(
  'an extent of %d bytes is read as it was written',
  (length) => {
    const { extents, extentFile, freeSpace } = makeParts()
    const window = new Uint8Array(length + 9).fill(0xee)
    window.set(bytesOf(length), 4)
    const reference = decodeReference(extents.write(window, 4, 4 + length).slice(), 0)
    expect(reference).toMatchObject({ page: 16, contentBytes: length, epoch: 2 ** 40 + 3 })
    expect(freeSpace.pageCount).toBe(16 + Math.ceil((OVERFLOW_EXTENT_BYTES + length) / PAGE_BYTES))
    expect(Buffer.compare(extentFile.read(reference), bytesOf(length))).toBe(0)
    expect(extents.count).toBe(1)
  },
)

test('a reference is decoded at any alignment', () => {
  const { extents } = makeParts()
  const written = extents.write(bytesOf(600), 0, 600).slice()
  for (let shift = 0; shift < 8; shift += 1) {
    const bytes = new Uint8Array(EXTENT_REFERENCE_BYTES + 8)
    bytes.set(written, shift)
    expect(decodeReference(bytes, shift)).toEqual(decodeReference(written, 0))
  }
})

test('a retired extent that nothing durable reaches is free at once, in its birth epoch and later', () => {
  const { extents, freeSpace, epoch } = makeParts()
  const current = extents.write(bytesOf(2000), 0, 2000).slice()
  extents.retire(current, 0)
  expect([extents.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
  const old = extents.write(bytesOf(2000), 0, 2000).slice()
  epoch.current += 1
  extents.retire(old, 0)
  expect([extents.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
})

test('an extent whose write fails takes no pages', () => {
  const { extents, file, freeSpace } = makeParts()
  file.close()
  expect(() => extents.write(bytesOf(2000), 0, 2000)).toThrow()
  expect([extents.count, freeSpace.freeCount]).toEqual([0, freeSpace.pageCount - 16])
})

describe('a damaged extent', () => {
  test('is detected from any flipped bit of header or content', () => {
    const { extents, extentFile, file } = makeParts()
    const reference = write(extents, bytesOf(700))
    const stored = new Uint8Array(OVERFLOW_EXTENT_BYTES + 700)
    file.read(stored, 0, stored.length, 16 * PAGE_BYTES)
    for (let bit = 0; bit < stored.length * 8; bit += 1) {
      const byte = Uint8Array.of(stored[bit >> 3]! ^ (1 << (bit & 7)))
      file.write(byte, 0, 1, 16 * PAGE_BYTES + (bit >> 3))
      const code = codeOf(() => extentFile.read(reference))
      if (code !== 'LDB_CORRUPTION') expect.unreachable(`bit ${bit}: ${code}`)
      file.write(stored, bit >> 3, 1, 16 * PAGE_BYTES + (bit >> 3))
    }
    expect(extentFile.read(reference)).toEqual(bytesOf(700))
  })

  test('is detected wherever the file was truncated', () => {
    const { extents, extentFile, file } = makeParts()
    const reference = write(extents, bytesOf(700))
    for (let length = 16 * PAGE_BYTES + 731; length >= 16 * PAGE_BYTES; length -= 1) {
      file.truncate(length)
      if (codeOf(() => extentFile.read(reference)) !== 'LDB_CORRUPTION')
        expect.unreachable(`length ${length}`)
    }
  })

  test('is detected when its pages store an extent of another epoch, location or file', () => {
    const { extents, extentFile, file, epoch } = makeParts()
    const first = write(extents, bytesOf(700))
    const second = write(extents, bytesOf(700))
    expect(codeOf(() => extentFile.read({ ...first, page: second.page }))).toBe('LDB_CORRUPTION')
    const stored = new Uint8Array(PAGE_BYTES * 2)
    file.read(stored, 0, stored.length, first.page * PAGE_BYTES)
    file.write(stored, 0, stored.length, second.page * PAGE_BYTES)
    expect(codeOf(() => extentFile.read(second))).toBe('LDB_CORRUPTION')
    epoch.current += 1
    expect(codeOf(() => extentFile.read({ ...first, epoch: first.epoch + 1 }))).toBe('LDB_CORRUPTION')
    const stranger = makeParts(6)
    write(stranger.extents, bytesOf(700))
    const foreign = new Uint8Array(PAGE_BYTES * 2)
    stranger.file.read(foreign, 0, foreign.length, 16 * PAGE_BYTES)
    file.write(foreign, 0, foreign.length, first.page * PAGE_BYTES)
    expect(codeOf(() => extentFile.read(first))).toBe('LDB_CORRUPTION')
  })

  test('is refused before anything is allocated when its reference lies outside of the file', () => {
    const { extents, extentFile } = makeParts()
    const reference = write(extents, bytesOf(700))
    const crafted = [
      { ...reference, contentBytes: 2 ** 32 - 1 },
      { ...reference, contentBytes: 1024 },
      { ...reference, page: 15 },
      { ...reference, page: 17 },
      { ...reference, page: 2 ** 32 - 1 },
      { ...reference, contentBytes: 701 },
      { ...reference, contentBytes: 0 },
    ]
    for (const each of crafted) expect(codeOf(() => extentFile.read(each))).toBe('LDB_CORRUPTION')
  })
})
