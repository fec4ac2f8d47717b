import { isLdbError } from '@ldb/base'
import { createSeed64, LZ4_CODEC, UnitCodec } from '@ldb/integrity'
import { FileSync, MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { OVERFLOW_EXTENT_BYTES, EXTENT_REFERENCE_BYTES, extentPageCount } from '../format.js'
import type { TreeCompression } from '../file/options.js'
import { PageMemory } from '../page/memory.js'
import { FreeSpace } from '../space/free-space.js'
import { Reclaim } from '../space/reclaim.js'
import { EncodedValues } from './encoded-values.js'
import { ExtentFile } from './extent-file.js'
import { PLAIN_CONTENT } from './extent-header.js'
import { decodeReference, encodeReference } from './extent-reference.js'
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

function makeParts(seed = 5, compression: TreeCompression = 'none'): ExtentParts {
  const vfs = new MemoryVfs()
  const file = vfs.open('/tree.ldb', 'create')
  const freeSpace = new FreeSpace(16, 16)
  const reclaim = new Reclaim(1, (page, count) => freeSpace.free(page, count))
  const metaRewrite = { sync: (): void => {}, fileSync: new FileSync(vfs, file) }
  const epoch = { current: 2 ** 40 + 3 }
  const encodedValues = new EncodedValues(compression, undefined, PAGE_BYTES, false)
  const extentFile = new ExtentFile(
    { file, codec: new UnitCodec(createSeed64(seed, 6)), freeSpace, epoch, encodedValues },
    PAGE_BYTES,
  )
  const extents = new OverflowExtents(
    extentFile,
    { freeSpace, reclaim, epoch, metaRewrite, encodedValues },
    0,
  )
  return { extents, extentFile, file, freeSpace, epoch }
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 13 + seed) & 0xff)
}

function write(extents: OverflowExtents, content: Uint8Array): ExtentReference {
  return decodeReference(extents.writeValue(content, 0, content.length).slice(), 0)
}

/** Reads the value of an extent. */
function read(extentFile: ExtentFile, reference: ExtentReference): Uint8Array {
  const bytes = new Uint8Array(EXTENT_REFERENCE_BYTES)
  encodeReference(new DataView(bytes.buffer), reference)
  return extentFile.readValue(new PageMemory(bytes, PAGE_BYTES, extentFile), 0)
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
    const reference = decodeReference(extents.writeValue(window, 4, 4 + length).slice(), 0)
    expect(reference).toMatchObject({ page: 16, contentBytes: length, epoch: 2 ** 40 + 3 })
    expect(freeSpace.pageCount).toBe(16 + Math.ceil((OVERFLOW_EXTENT_BYTES + length) / PAGE_BYTES))
    expect(Buffer.compare(read(extentFile, reference), bytesOf(length))).toBe(0)
    expect(extents.count).toBe(1)
  },
)

test('a reference is decoded at any alignment', () => {
  const { extents } = makeParts()
  const written = extents.writeValue(bytesOf(600), 0, 600).slice()
  for (let shift = 0; shift < 8; shift += 1) {
    const bytes = new Uint8Array(EXTENT_REFERENCE_BYTES + 8)
    bytes.set(written, shift)
    expect(decodeReference(bytes, shift)).toEqual(decodeReference(written, 0))
  }
})

test('a retired extent that nothing durable reaches is free at once, in its birth epoch and later', () => {
  const { extents, freeSpace, epoch } = makeParts()
  const current = extents.writeValue(bytesOf(2000), 0, 2000).slice()
  extents.retire(current, 0)
  expect([extents.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
  const old = extents.writeValue(bytesOf(2000), 0, 2000).slice()
  epoch.current += 1
  extents.retire(old, 0)
  expect([extents.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
})

test('an extent whose write fails takes no pages', () => {
  const { extents, file, freeSpace } = makeParts()
  file.close()
  expect(() => extents.writeValue(bytesOf(2000), 0, 2000)).toThrow()
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
      const code = codeOf(() => read(extentFile, reference))
      if (code !== 'LDB_CORRUPTION') expect.unreachable(`bit ${bit}: ${code}`)
      file.write(stored, bit >> 3, 1, 16 * PAGE_BYTES + (bit >> 3))
    }
    expect(read(extentFile, reference)).toEqual(bytesOf(700))
  })

  test('is detected wherever the file was truncated', () => {
    const { extents, extentFile, file } = makeParts()
    const reference = write(extents, bytesOf(700))
    for (let length = 16 * PAGE_BYTES + 731; length >= 16 * PAGE_BYTES; length -= 1) {
      file.truncate(length)
      if (codeOf(() => read(extentFile, reference)) !== 'LDB_CORRUPTION')
        expect.unreachable(`length ${length}`)
    }
  })

  test('is detected when its pages store an extent of another epoch, location or file', () => {
    const { extents, extentFile, file, epoch } = makeParts()
    const first = write(extents, bytesOf(700))
    const second = write(extents, bytesOf(700))
    expect(codeOf(() => read(extentFile, { ...first, page: second.page }))).toBe('LDB_CORRUPTION')
    const stored = new Uint8Array(PAGE_BYTES * 2)
    file.read(stored, 0, stored.length, first.page * PAGE_BYTES)
    file.write(stored, 0, stored.length, second.page * PAGE_BYTES)
    expect(codeOf(() => read(extentFile, second))).toBe('LDB_CORRUPTION')
    epoch.current += 1
    expect(codeOf(() => read(extentFile, { ...first, epoch: first.epoch + 1 }))).toBe('LDB_CORRUPTION')
    const stranger = makeParts(6)
    write(stranger.extents, bytesOf(700))
    const foreign = new Uint8Array(PAGE_BYTES * 2)
    stranger.file.read(foreign, 0, foreign.length, 16 * PAGE_BYTES)
    file.write(foreign, 0, foreign.length, first.page * PAGE_BYTES)
    expect(codeOf(() => read(extentFile, first))).toBe('LDB_CORRUPTION')
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
    for (const each of crafted) expect(codeOf(() => read(extentFile, each))).toBe('LDB_CORRUPTION')
  })
})

describe('an encoded value', () => {
  const value = Uint8Array.from({ length: 5000 }, (_, index) => (index >> 4) & 0xff)

  test.each(['lz4', 'adaptive', 'deflate'] as const)(
    'takes fewer pages, and is restored: %s',
    (compression) => {
      const { extents, extentFile, freeSpace } = makeParts(5, compression)
      const reference = write(extents, value)
      expect(freeSpace.pageCount).toBeLessThan(16 + extentPageCount(value.length, PAGE_BYTES))
      expect(Buffer.compare(read(extentFile, reference), value)).toBe(0)
      // A copy is stored as the original.
      const copied = decodeReference(extents.copy(reference).slice(), 0)
      expect(copied.contentBytes).toBe(reference.contentBytes)
      expect(Buffer.compare(read(extentFile, copied), value)).toBe(0)
    },
  )

  test('is stored as it is where compression saves no page, or less than an eighth', () => {
    const { extents } = makeParts(5, 'lz4')
    const random = bytesOf(5000).map((byte, index) => (byte * (index | 1) * 2_654_435_761) >>> 11)
    for (const bytes of [value.subarray(0, 470), random])
      expect(write(extents, bytes).contentBytes).toBe(bytes.length)
  })

  test('is never a key', () => {
    const { extents, extentFile } = makeParts(5, 'lz4')
    const key = extents.writeKey(value, 0, value.length).slice()
    const memory = new PageMemory(key, PAGE_BYTES, extentFile)
    expect(decodeReference(key, 0).contentBytes).toBe(value.length)
    expect(Buffer.compare(extentFile.readExtent(memory, 0), value)).toBe(0)
    const encoded = new PageMemory(extents.writeValue(value, 0, value.length).slice(), PAGE_BYTES, extentFile)
    expect(codeOf(() => extentFile.readExtent(encoded, 0))).toBe('LDB_CORRUPTION')
  })

  test('is damage when its checksum is right and its encoding is wrong', () => {
    const parts = makeParts(5, 'lz4')
    const { extents, extentFile } = parts
    const block = LZ4_CODEC.compress(value)!
    const codeFor = (codecId: number, decodedBytes: number, content: Uint8Array, file = extentFile): string =>
      codeOf(() => read(file, file.write(16, { codecId, decodedBytes }, content, 0, content.length)))
    expect(codeFor(2, 5000, block)).toBe('LDB_CORRUPTION')
    // The first encoded value of the file: from now on, its header says so.
    write(extents, value)
    write(extents, value)
    expect(codeFor(2, 5000, block)).toBe('nothing thrown')
    for (const length of [0, 4999, 5001, 2 ** 26, 2 ** 26 + 1, 2 ** 32 - 1]) {
      expect(codeFor(2, length, block), String(length)).toBe('LDB_CORRUPTION')
    }
    expect(codeFor(2, 5000, block.subarray(1))).toBe('LDB_CORRUPTION')
    expect(codeFor(1, 5000, block)).toBe('LDB_CORRUPTION')
    expect(codeFor(0, 5000, value)).toBe('LDB_CORRUPTION')
    expect(codeFor(9, 5000, block)).toBe('LDB_UNSUPPORTED')
    expect(codeFor(200, 5000, block)).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => read(extentFile, extentFile.write(16, PLAIN_CONTENT, block, 0, block.length)))).toBe(
      'nothing thrown',
    )
  })
})
