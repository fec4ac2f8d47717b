import { expect, test } from 'vitest'
import { crashPlan } from '../../src/crash/plan.js'
import type { CrashMode } from '../../src/crash/plan.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { FaultVfs } from '../../src/vfs/fault-vfs.js'
import { seededRandom } from '../../src/base/test-random.js'

function put(vfs: CrashVfs, path: string, bytes: Uint8Array, fileOffset = 0): void {
  const file = vfs.open(path, 'create')
  file.write(bytes, 0, bytes.length, fileOffset)
  file.close()
}

function contentOf(vfs: CrashVfs, path: string): Uint8Array | undefined {
  if (vfs.status(path) === undefined) return undefined
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  return bytes
}

function imagesOf(vfs: CrashVfs, mode: CrashMode, count = 300): CrashVfs[] {
  return Array.from({ length: count }, (_, seed) => vfs.image(crashPlan(mode, seed)))
}

function durableFile(byteCount: number, fill: number): CrashVfs {
  const vfs = new CrashVfs()
  put(vfs, 'f', new Uint8Array(byteCount).fill(fill))
  vfs.open('f', 'write').sync()
  vfs.syncDirectory('.')
  expect(vfs.isClean).toBe(true)
  return vfs
}

test('a sync makes data durable but not the directory entry; a directory sync makes the entry durable', () => {
  const vfs = new CrashVfs()
  put(vfs, 'f', Uint8Array.of(1, 2, 3))
  vfs.open('f', 'write').sync()
  expect(vfs.image(crashPlan('none', 1)).list('/')).toEqual([])
  vfs.syncDirectory('.')
  expect(contentOf(vfs.image(crashPlan('none', 1)), 'f')).toEqual(Uint8Array.of(1, 2, 3))
})

test('a directory entry may be durable before the data', () => {
  const vfs = new CrashVfs()
  put(vfs, 'f', Uint8Array.of(1, 2, 3))
  vfs.syncDirectory('.')
  expect(contentOf(vfs.image(crashPlan('none', 1)), 'f')).toEqual(new Uint8Array(0))
  expect(contentOf(vfs.image(crashPlan('sizes', 1)), 'f')).toEqual(new Uint8Array(3))
})

test('any subset of the sectors of a write survives, each sector whole', () => {
  const vfs = durableFile(2048, 1)
  put(vfs, 'f', new Uint8Array(2048).fill(2))
  const seen = new Set<string>()
  for (const image of imagesOf(vfs, 'sectors')) {
    const bytes = contentOf(image, 'f') ?? new Uint8Array(0)
    const sectors = [0, 512, 1024, 1536].map((start) => new Set(bytes.subarray(start, start + 512)))
    expect(sectors.every((sector) => sector.size === 1)).toBe(true)
    seen.add(sectors.map((sector) => [...sector][0]).join(''))
  }
  expect(seen.size).toBe(16)
})

test('a torn write changes only written bytes, unless neighbours are damaged', () => {
  const vfs = durableFile(8192, 1)
  put(vfs, 'f', new Uint8Array(700).fill(2), 1000)
  let damagedCount = 0
  for (const image of imagesOf(vfs, 'torn')) {
    const bytes = contentOf(image, 'f') ?? new Uint8Array(0)
    expect(bytes.length).toBe(8192)
    expect([...bytes.subarray(0, 1000), ...bytes.subarray(1700)].every((byte) => byte === 1)).toBe(true)
    if (bytes.subarray(1000, 1700).some((byte) => byte !== 1 && byte !== 2)) damagedCount++
  }
  expect(damagedCount).toBeGreaterThan(50)
  const damaged = vfs.image({ mode: 'torn', seed: 3, damagesNeighbours: true })
  const outside = contentOf(damaged, 'f')?.filter((_, index) => index < 1000 || index >= 1700)
  expect(outside?.some((byte) => byte !== 1)).toBe(true)
})

test('a length becomes durable without data, or not at all', () => {
  const vfs = durableFile(100, 1)
  put(vfs, 'f', new Uint8Array(100).fill(2), 100)
  expect(contentOf(vfs.image(crashPlan('data', 1)), 'f')?.length).toBe(100)
  const grown = contentOf(vfs.image(crashPlan('sizes', 1)), 'f')
  expect(grown?.length).toBe(200)
  expect(grown?.subarray(100)).toEqual(new Uint8Array(100))
})

test('any subset of directory operations survives that keeps the order of each entry', () => {
  const vfs = durableFile(10, 1)
  vfs.rename('f', 'g')
  put(vfs, 'h', Uint8Array.of(9))
  vfs.remove('h')
  const seen = new Set(imagesOf(vfs, 'names').map((image) => image.list('/').join(',')))
  expect([...seen].sort()).toEqual(['f', 'f,h', 'g', 'g,h'])
})

test('a prefix contains the changes before an operation and no later ones', () => {
  const vfs = durableFile(3, 0)
  for (let at = 0; at < 3; at++) put(vfs, 'f', Uint8Array.of(at + 1), at)
  const seen = new Set(imagesOf(vfs, 'prefix').map((image) => String(contentOf(image, 'f'))))
  expect([...seen].sort()).toEqual(['0,0,0', '1,0,0', '1,2,0'])
})

test('an asynchronous sync covers the writes made before it was called', async () => {
  const vfs = durableFile(2, 0)
  const file = vfs.open('f', 'write')
  file.write(Uint8Array.of(1), 0, 1, 0)
  const synced = file.syncAsync()
  file.write(Uint8Array.of(1), 0, 1, 1)
  await synced
  expect(contentOf(vfs.image(crashPlan('none', 1)), 'f')).toEqual(Uint8Array.of(1, 0))
})

test('images share no mutable state, and a seed determines an image', () => {
  const vfs = durableFile(5000, 1)
  put(vfs, 'f', new Uint8Array(5000).fill(2))
  const one = vfs.image(crashPlan('sectors', 7))
  const two = vfs.image(crashPlan('sectors', 7))
  expect(contentOf(one, 'f')).toEqual(contentOf(two, 'f'))
  put(one, 'f', new Uint8Array(5000).fill(3))
  expect(contentOf(two, 'f')).not.toContain(3)
  expect(contentOf(vfs, 'f')).not.toContain(3)
})

test('a failed sync drops changes that stay visible until the crash, or reverts them at once', () => {
  for (const failure of ['lost', 'reverted', 'kept'] as const) {
    const vfs = durableFile(1, 1)
    const faults = new FaultVfs(vfs, seededRandom(1), {
      effect: { kind: 'sync', errno: 'EIO', failure },
      calls: ['sync'],
      nth: 1,
    })
    const file = faults.open('f', 'write')
    file.write(Uint8Array.of(2), 0, 1, 0)
    expect(() => file.sync()).toThrow(/EIO/)
    expect(contentOf(vfs, 'f')?.[0]).toBe(failure === 'reverted' ? 1 : 2)
    file.sync()
    expect(contentOf(vfs.image(crashPlan('none', 1)), 'f')?.[0]).toBe(failure === 'kept' ? 2 : 1)
  }
})

test('sparse files beyond 2^40 bytes need no memory', () => {
  const vfs = new CrashVfs()
  put(vfs, 'f', Uint8Array.of(7), 2 ** 40)
  const file = vfs.image(crashPlan('all', 1)).open('f', 'read')
  const byte = new Uint8Array(1)
  expect(file.length()).toBe(2 ** 40 + 1)
  expect(file.read(byte, 0, 1, 2 ** 40)).toBe(1)
  expect(byte[0]).toBe(7)
})

test('after a kill the next process sees all changes, and a power loss may still drop them', () => {
  const vfs = durableFile(100, 1)
  put(vfs, 'f', new Uint8Array(100).fill(2))
  put(vfs, 'new', Uint8Array.of(3))
  vfs.rename('f', 'g')
  const killed = vfs.image(crashPlan('killed', 1))
  // Later changes of one disk do not affect the other.
  put(vfs, 'g', new Uint8Array(100).fill(9))
  expect(killed.list('/')).toEqual(['g', 'new'])
  expect(contentOf(killed, 'g')).toEqual(new Uint8Array(100).fill(2))
  expect(killed.isClean).toBe(false)
  const after = killed.image(crashPlan('none', 1))
  expect(after.list('/')).toEqual(['f'])
  expect(contentOf(after, 'f')).toEqual(new Uint8Array(100).fill(1))
  killed.open('g', 'write').sync()
  killed.syncDirectory('.')
  expect(contentOf(killed.image(crashPlan('none', 1)), 'g')).toEqual(new Uint8Array(100).fill(2))
  expect(contentOf(vfs.image(crashPlan('none', 1)), 'f')).toEqual(new Uint8Array(100).fill(1))
})

test('a kill preserves the order of pending changes', () => {
  const vfs = durableFile(1, 1)
  put(vfs, 'f', Uint8Array.of(2))
  const killed = vfs.image(crashPlan('killed', 1))
  put(killed, 'f', Uint8Array.of(3))
  const seen = new Set(imagesOf(killed, 'prefix').map((image) => contentOf(image, 'f')?.[0]))
  expect(seen).toEqual(new Set([1, 2]))
})
