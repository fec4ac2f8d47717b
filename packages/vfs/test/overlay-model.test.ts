import fc from 'fast-check'
import { isLdbError } from '@ldb/base'
import { expect, it } from 'vitest'
import { MemoryVfs, OverlayVfs } from '../src/index.js'
import type { Vfs } from '../src/index.js'
import { contentOf, equalBytes } from './conformance/subject.js'

// Strategy: the same random operations on an overlay and on a plain file system with the same initial files.
// Invariants: every result and error is the same, the trees are equal at the end, and the lower file system is unchanged.

const PATHS = ['/a', '/b', '/d', '/d/a', '/d/b', '/d/e', '/d/e/a', '/x']
const OFFSETS = [0, 1, 65_535, 65_536, 100_000, 131_071]

type Operation =
  | { kind: 'write'; path: string; offset: number; byteCount: number; value: number }
  | { kind: 'truncate' | 'preallocate'; path: string; length: number }
  | { kind: 'rename' | 'link' | 'copy'; path: string; target: string }
  | { kind: 'read' | 'remove' | 'removeDirectory' | 'makeDirectory' | 'list'; path: string }

const path = fc.constantFrom(...PATHS)
const offset = fc.constantFrom(...OFFSETS)
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      path,
      offset,
      byteCount: fc.constantFrom(0, 1, 65_536, 70_000),
      value: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ kind: fc.constantFrom('truncate' as const, 'preallocate' as const), path, length: offset }),
    fc.record({
      kind: fc.constantFrom('rename' as const, 'link' as const, 'copy' as const),
      path,
      target: path,
    }),
    fc.record({
      kind: fc.constantFrom(
        'read' as const,
        'remove' as const,
        'removeDirectory' as const,
        'makeDirectory' as const,
        'list' as const,
      ),
      path,
    }),
  ),
  { maxLength: 30 },
)

it('behaves like a plain file system and does not change the lower one', () => {
  fc.assert(
    fc.property(operations, (list) => {
      const base = populated()
      const overlay = new OverlayVfs(base)
      const plain = populated()
      for (const operation of list) expect(outcome(overlay, operation)).toEqual(outcome(plain, operation))
      expect(treeOf(overlay)).toEqual(treeOf(plain))
      expect(treeOf(base)).toEqual(treeOf(populated()))
    }),
    { numRuns: 300 },
  )
})

it('extending after a truncation reads zeros, not lower bytes', () => {
  const file = new OverlayVfs(populated()).open('/d/a', 'write')
  file.truncate(10)
  file.truncate(70_000)
  expect([...contentOf(file).subarray(8, 12)]).toEqual([32, 36, 0, 0])
})

it('reads and writes asynchronously through the overlay', async () => {
  const base = populated()
  const file = new OverlayVfs(base).open('/d/e/a', 'write')
  const before = contentOf(file)
  await file.writeAsync(Uint8Array.of(1, 2, 3), 0, 3, 65_535)
  before.set([1, 2, 3], 65_535)
  const target = new Uint8Array(before.length)
  expect(await file.readAsync(target, 0, target.length, 0)).toBe(target.length)
  expect(equalBytes(target, before)).toBe(true)
  expect(treeOf(base)).toEqual(treeOf(populated()))
})

it('handles a sparse lower file of 2 TiB', () => {
  const base = new MemoryVfs()
  const big = base.open('/big', 'create')
  big.write(Uint8Array.of(1), 0, 1, 2 ** 41)
  big.close()
  const file = new OverlayVfs(base).open('/big', 'write')
  file.write(Uint8Array.of(7, 8), 0, 2, 2 ** 41 - 1)
  expect(file.length()).toBe(2 ** 41 + 1)
  const target = new Uint8Array(3)
  file.read(target, 0, 3, 2 ** 41 - 2)
  expect([...target]).toEqual([0, 7, 8])
})

function populated(): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/d')
  vfs.makeDirectory('/d/e')
  for (const [index, name] of ['/a', '/d/a', '/d/e/a'].entries()) {
    const file = vfs.open(name, 'create')
    const bytes = new Uint8Array(70_000 * index + 3).map((_, at) => (at * (index + 3)) % 256)
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  return vfs
}

function outcome(vfs: Vfs, operation: Operation): unknown {
  try {
    return run(vfs, operation)
  } catch (error) {
    if (!isLdbError(error)) throw error
    return [error.code, error.details.errno]
  }
}

function run(vfs: Vfs, operation: Operation): unknown {
  switch (operation.kind) {
    case 'list':
    case 'remove':
    case 'removeDirectory':
    case 'makeDirectory':
      return vfs[operation.kind](operation.path)
    case 'rename':
    case 'link':
    case 'copy':
      return vfs[operation.kind]?.(operation.path, operation.target)
    case 'read':
      return contentSum(vfs, operation.path)
    case 'truncate':
    case 'preallocate': {
      const file = vfs.open(operation.path, 'write')
      file[operation.kind](operation.length)
      return file.close()
    }
    case 'write': {
      const file = vfs.open(operation.path, 'create')
      const bytes = new Uint8Array(operation.byteCount).fill(operation.value)
      file.write(bytes, 0, bytes.length, operation.offset)
      return file.close()
    }
    default:
      return expect.fail('every operation is known')
  }
}

/** Returns the length and a checksum of a file, which compare faster than its bytes. */
function contentSum(vfs: Vfs, name: string): string {
  const file = vfs.open(name, 'read')
  const bytes = contentOf(file)
  file.close()
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return `${bytes.length}:${sum}`
}

function treeOf(vfs: Vfs, directory = ''): unknown[] {
  return vfs.list(directory === '' ? '/' : directory).map((name) => {
    const inner = `${directory}/${name}`
    return [name, vfs.status(inner)?.kind === 'directory' ? treeOf(vfs, inner) : contentSum(vfs, inner)]
  })
}
