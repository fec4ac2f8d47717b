import { equalBytes, isLdbError, toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import type { OpenMode, VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { findingsOf, keyOf } from '../../test/tree-harness.js'
import { BTree } from '../btree.js'

const PAGE_BYTES = 512
const PATH = '/tree.ldb'

/** A MemoryVfs that counts reads. */
class CountingVfs extends MemoryVfs {
  readCount = 0

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode)
    const read = file.read.bind(file)
    file.read = (...rest) => {
      this.readCount += 1
      return read(...rest)
    }
    return file
  }
}

interface Parts {
  readonly vfs: CountingVfs
  readonly cache: PageCache
  readonly tree: BTree
  put(key: string, value: Uint8Array | undefined): void
}

function makeTree(frames: number, vfs = new CountingVfs()): Parts {
  const cache = new PageCache({ bytes: frames * PAGE_BYTES, pageBytes: PAGE_BYTES })
  const tree = BTree.open(vfs, PATH, { cache })
  return {
    vfs,
    cache,
    tree,
    put(key, value) {
      const batch = new WriteBatch()
      if (value === undefined) batch.delete(0, keyOf(key))
      else batch.put(0, keyOf(key), value)
      for (const section of batch.sections()) tree.apply(section, toSeq(tree.seq + 1))
    },
  }
}

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 13 + (index >> 8) * 7 + seed * 31) & 0xff)
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? `${error.code} ${error.details.file} ${error.details.offset}` : String(error)
  }
  return 'nothing thrown'
}

/** Returns the file offset of some bytes. */
function offsetOf(vfs: MemoryVfs, bytes: Uint8Array): number {
  const file = vfs.open(PATH, 'read')
  const all = new Uint8Array(file.length())
  file.read(all, 0, all.length, 0)
  file.close()
  return Buffer.from(all.buffer).indexOf(bytes)
}

function flip(vfs: MemoryVfs, offset: number): void {
  const file = vfs.open(PATH, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, offset)
  file.write(Uint8Array.of(byte[0]! ^ 1), 0, 1, offset)
  file.close()
}

describe('a large value', () => {
  test.each([200, 479, 480, 481, 992, 993, 2000, 8160, 8161, 15_000])(
    'of %d bytes is read from the file once',
    (length) => {
      const { vfs, tree, put } = makeTree(1024)
      put('a', bytesOf(length, 1))
      const before = vfs.readCount
      const first = tree.get(keyOf('a'))!
      expect(vfs.readCount).toBe(before + 1)
      expect(equalBytes(first, bytesOf(length, 1))).toBe(true)
      first.fill(0)
      const second = tree.get(keyOf('a'))!
      expect(equalBytes(second, bytesOf(length, 1))).toBe(true)
      second.fill(0)
      expect(equalBytes(tree.getBorrowed(keyOf('a'))!, bytesOf(length, 1))).toBe(true)
      const cursor = tree.snapshot().cursor()
      expect(cursor.first() && equalBytes(cursor.takeValue(), bytesOf(length, 1))).toBe(true)
      cursor.value.fill(0)
      expect(equalBytes(cursor.value, bytesOf(length, 1))).toBe(true)
      expect(vfs.readCount).toBe(before + 1)
      tree.close()
    },
  )

  test('is borrowed from its frames by getBorrowed and copied by get', () => {
    const { cache, tree, put } = makeTree(1024)
    put('a', bytesOf(3000, 1))
    tree.get(keyOf('a'))
    expect(tree.getBorrowed(keyOf('a'))!.buffer).toBe(cache.bytes.buffer)
    const own = tree.get(keyOf('a'))!
    expect(own.buffer).not.toBe(cache.bytes.buffer)
    expect(Object.getPrototypeOf(own)).toBe(Uint8Array.prototype)
    tree.close()
  })

  test('that needs more than a sixteenth of the frames is not cached', () => {
    const { vfs, cache, tree, put } = makeTree(64)
    put('a', bytesOf(4 * PAGE_BYTES, 1))
    const { residentCount } = cache.stats()
    const before = vfs.readCount
    for (let round = 0; round < 3; round += 1) {
      expect(equalBytes(tree.get(keyOf('a'))!, bytesOf(4 * PAGE_BYTES, 1))).toBe(true)
      expect(equalBytes(tree.getBorrowed(keyOf('a'))!, bytesOf(4 * PAGE_BYTES, 1))).toBe(true)
    }
    expect(vfs.readCount).toBe(before + 6)
    expect(cache.stats().residentCount).toBe(residentCount)
    tree.close()
  })

  test('that is deleted leaves no frame behind, and its pages are reused for other values', () => {
    const { cache, tree, put } = makeTree(1024)
    put('a', bytesOf(9000, 1))
    tree.checkpoint()
    const { residentCount } = cache.stats()
    tree.get(keyOf('a'))
    expect(cache.stats().residentCount).toBe(residentCount + 18)
    for (let round = 2; round < 6; round += 1) {
      put('a', undefined)
      tree.checkpoint()
      expect(cache.stats().residentCount).toBeLessThanOrEqual(residentCount + 2)
      put('a', bytesOf(9000, round))
      expect(equalBytes(tree.get(keyOf('a'))!, bytesOf(9000, round))).toBe(true)
      expect(equalBytes(tree.get(keyOf('a'))!, bytesOf(9000, round))).toBe(true)
      tree.checkpoint()
    }
    tree.close()
    cache.release()
    expect(cache.stats().residentCount).toBe(0)
  })

  test.each([32, 64, 100, 300])('is read whole while its frames are evicted, %d frames', (frames) => {
    const { tree, put } = makeTree(frames)
    const model = new Map<string, Uint8Array>()
    let state = frames
    const random = (bound: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * bound)
    }
    for (let step = 0; step < 6000; step += 1) {
      const key = `key ${random(60)}`
      if (random(10) === 0) {
        const value = bytesOf(random(4) === 0 ? random(120) : 130 + random(frames * 40), step)
        put(key, value)
        model.set(key, value)
      } else {
        const value = random(2) === 0 ? tree.get(keyOf(key)) : tree.getBorrowed(keyOf(key))
        const expected = model.get(key)
        if (value === undefined || expected === undefined) expect(value).toBe(expected)
        else if (!equalBytes(value, expected)) expect.unreachable(`step ${step}: another value`)
      }
      if (random(200) === 0) tree.checkpoint()
    }
    expect(findingsOf(tree)).toEqual([])
    tree.close()
  })

  test('is loaded by a multi-get without invalidating its other values', () => {
    const { tree, put } = makeTree(32)
    const keys = Array.from({ length: 30 }, (_, index) => `k${10 + index}`)
    const valueOf = (index: number): Uint8Array => bytesOf(index % 3 === 0 ? 900 : 100, index)
    keys.forEach((key, index) => put(key, valueOf(index)))
    tree.checkpoint()
    const packed = keyOf(keys.join(''))
    const ends = keys.map((_, index) => (index + 1) * 3)
    for (let round = 0; round < 20; round += 1) {
      for (const key of keys.slice(round, round + 4)) tree.get(keyOf(key))
      for (const [index, value] of tree.getMany(packed, ends).entries()) {
        if (value === undefined || !equalBytes(value, valueOf(index))) expect.unreachable(`value ${index}`)
      }
    }
    tree.close()
  })
})

describe('a large value whose extent is damaged in the file', () => {
  test('is corrupt when it is read from the file, and leaves no frame resident', () => {
    const { vfs, cache, tree, put } = makeTree(1024)
    put('a', bytesOf(3000, 1))
    const offset = offsetOf(vfs, bytesOf(3000, 1))
    const { residentCount } = cache.stats()
    flip(vfs, offset + 2500)
    const damage = `LDB_CORRUPTION ${PATH} ${offset - 32}`
    expect(codeOf(() => tree.get(keyOf('a')))).toBe(damage)
    expect(codeOf(() => tree.getBorrowed(keyOf('a')))).toBe(damage)
    expect(cache.stats().residentCount).toBe(residentCount)
    flip(vfs, offset + 2500)
    expect(equalBytes(tree.get(keyOf('a'))!, bytesOf(3000, 1))).toBe(true)
    tree.close()
  })

  test('is found by verify while gets return it from the cache', () => {
    const { vfs, tree, put } = makeTree(1024)
    put('a', bytesOf(3000, 1))
    tree.get(keyOf('a'))
    const offset = offsetOf(vfs, bytesOf(3000, 1))
    flip(vfs, offset + 2500)
    expect(equalBytes(tree.get(keyOf('a'))!, bytesOf(3000, 1))).toBe(true)
    expect(findingsOf(tree)).toMatchObject([{ kind: 'checksum', file: PATH, offset: offset - 32 }])
    tree.close()
  })
})
