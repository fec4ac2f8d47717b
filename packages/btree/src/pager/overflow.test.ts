import { isLdbError } from '@ldb/base'
import { createSeed64 } from '@ldb/integrity'
import { FileSync, MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { OVERFLOW_EXTENT_BYTES, EXTENT_REFERENCE_BYTES, extentPageCount } from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { decodeReference, OverflowExtents } from './overflow.js'
import type { ExtentReference } from './overflow.js'
import { Reclaim } from '../space/reclaim.js'

const PAGE_BYTES = 512

function makeHome(seed = 5): {
  runs: OverflowExtents
  file: VfsFile
  freeSpace: FreeSpace
  home: { epoch: number }
} {
  const vfs = new MemoryVfs()
  const file = vfs.open('/tree.ldb', 'create')
  const freeSpace = new FreeSpace(16, 16)
  const reclaim = new Reclaim(1, (page, count) => freeSpace.free(page, count))
  const metaRewrite = { sync: (): void => {}, fileSync: new FileSync(vfs, file) }
  const home = { file, seed: createSeed64(seed, 6), freeSpace, reclaim, epoch: 2 ** 40 + 3, metaRewrite }
  return { runs: new OverflowExtents(home, PAGE_BYTES), file, freeSpace, home }
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 13 + seed) & 0xff)
}

function write(runs: OverflowExtents, content: Uint8Array): ExtentReference {
  return decodeReference(runs.write(content, 0, content.length).slice(), 0)
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
  'a run of %d bytes comes back',
  (length) => {
    const { runs, freeSpace } = makeHome()
    const window = new Uint8Array(length + 9).fill(0xee)
    window.set(bytesOf(length), 4)
    const reference = decodeReference(runs.write(window, 4, 4 + length).slice(), 0)
    expect(reference).toMatchObject({ page: 16, contentBytes: length, epoch: 2 ** 40 + 3 })
    expect(freeSpace.pageCount).toBe(16 + Math.ceil((OVERFLOW_EXTENT_BYTES + length) / PAGE_BYTES))
    expect(Buffer.compare(runs.read(reference), bytesOf(length))).toBe(0)
    expect(runs.count).toBe(1)
  },
)

test('a reference is decoded at any alignment', () => {
  const { runs } = makeHome()
  const written = runs.write(bytesOf(600), 0, 600).slice()
  for (let shift = 0; shift < 8; shift += 1) {
    const bytes = new Uint8Array(EXTENT_REFERENCE_BYTES + 8)
    bytes.set(written, shift)
    expect(decodeReference(bytes, shift)).toEqual(decodeReference(written, 0))
  }
})

test('a run that is given up in its own epoch is free at once, an older one when its checkpoint is replaced', () => {
  const { runs, freeSpace, home } = makeHome()
  const young = runs.write(bytesOf(2000), 0, 2000).slice()
  runs.retire(young, 0)
  expect([runs.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
  const old = runs.write(bytesOf(2000), 0, 2000).slice()
  home.epoch += 1
  runs.retire(old, 0)
  expect([runs.count, freeSpace.freeCount]).toEqual([0, extentPageCount(2000, PAGE_BYTES)])
})

test('a run that cannot be written takes no pages', () => {
  const { runs, file, freeSpace } = makeHome()
  file.close()
  expect(() => runs.write(bytesOf(2000), 0, 2000)).toThrow()
  expect([runs.count, freeSpace.freeCount]).toEqual([0, freeSpace.pageCount - 16])
})

describe('a damaged run', () => {
  test('is found by any bit of header or content, and names its place', () => {
    const { runs, file } = makeHome()
    const reference = write(runs, bytesOf(700))
    const stored = new Uint8Array(OVERFLOW_EXTENT_BYTES + 700)
    file.read(stored, 0, stored.length, 16 * PAGE_BYTES)
    for (let bit = 0; bit < stored.length * 8; bit += 1) {
      const byte = Uint8Array.of(stored[bit >> 3]! ^ (1 << (bit & 7)))
      file.write(byte, 0, 1, 16 * PAGE_BYTES + (bit >> 3))
      const code = codeOf(() => runs.read(reference))
      if (code !== 'LDB_CORRUPTION') expect.unreachable(`bit ${bit}: ${code}`)
      file.write(stored, bit >> 3, 1, 16 * PAGE_BYTES + (bit >> 3))
    }
    expect(runs.read(reference)).toEqual(bytesOf(700))
  })

  test('is found wherever the file was cut', () => {
    const { runs, file } = makeHome()
    const reference = write(runs, bytesOf(700))
    for (let length = 16 * PAGE_BYTES + 731; length >= 16 * PAGE_BYTES; length -= 1) {
      file.truncate(length)
      if (codeOf(() => runs.read(reference)) !== 'LDB_CORRUPTION') expect.unreachable(`length ${length}`)
    }
  })

  test('is found when an older one, or one of another place or file, stands there', () => {
    const { runs, file, home } = makeHome()
    const first = write(runs, bytesOf(700))
    const second = write(runs, bytesOf(700))
    expect(codeOf(() => runs.read({ ...first, page: second.page }))).toBe('LDB_CORRUPTION')
    const stored = new Uint8Array(PAGE_BYTES * 2)
    file.read(stored, 0, stored.length, first.page * PAGE_BYTES)
    file.write(stored, 0, stored.length, second.page * PAGE_BYTES)
    expect(codeOf(() => runs.read(second))).toBe('LDB_CORRUPTION')
    home.epoch += 1
    expect(codeOf(() => runs.read({ ...first, epoch: first.epoch + 1 }))).toBe('LDB_CORRUPTION')
    const stranger = makeHome(6)
    write(stranger.runs, bytesOf(700))
    const foreign = new Uint8Array(PAGE_BYTES * 2)
    stranger.file.read(foreign, 0, foreign.length, 16 * PAGE_BYTES)
    file.write(foreign, 0, foreign.length, first.page * PAGE_BYTES)
    expect(codeOf(() => runs.read(first))).toBe('LDB_CORRUPTION')
  })

  test('is refused before anything is allocated when its reference leads out of the file', () => {
    const { runs } = makeHome()
    const reference = write(runs, bytesOf(700))
    const crafted = [
      { ...reference, contentBytes: 2 ** 32 - 1 },
      { ...reference, contentBytes: 1024 },
      { ...reference, page: 15 },
      { ...reference, page: 17 },
      { ...reference, page: 2 ** 32 - 1 },
      { ...reference, contentBytes: 701 },
      { ...reference, contentBytes: 0 },
    ]
    for (const each of crafted) expect(codeOf(() => runs.read(each))).toBe('LDB_CORRUPTION')
  })
})
