import fc from 'fast-check'
import { isLdbError } from '@ldb/base'
import { expect, it } from 'vitest'
import { MemoryVfs, PooledVfs } from '../src/index.js'
import type { OpenMode, Vfs, VfsFile } from '../src/index.js'
import { contentOf } from './conformance/subject.js'

// Strategy: the same random operations on handles that stay open, through a pool of one or two descriptors and on the plain file
// system.
// Invariants: every result and error is the same, and so is the content of every open handle at the end.

const PATHS = ['/a', '/b', '/c', '/d/a']
const MODES: readonly OpenMode[] = ['read', 'write', 'create', 'createNew']

type Operation =
  | { kind: 'open'; path: string; mode: OpenMode }
  | { kind: 'write' | 'truncate' | 'read' | 'sync' | 'close'; slot: number; offset: number }
  | { kind: 'rename' | 'link' | 'copy'; path: string; target: string }
  | { kind: 'remove'; path: string }

const path = fc.constantFrom(...PATHS)
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('open' as const), path, mode: fc.constantFrom(...MODES) }),
    fc.record({
      kind: fc.constantFrom(...(['write', 'truncate', 'read', 'sync', 'close'] as const)),
      slot: fc.nat(5),
      offset: fc.nat(40),
    }),
    fc.record({
      kind: fc.constantFrom(...(['rename', 'link', 'copy'] as const)),
      path: fc.constantFrom(...PATHS, '/d', '/e'),
      target: fc.constantFrom(...PATHS, '/e'),
    }),
    fc.record({ kind: fc.constant('remove' as const), path }),
  ),
  { maxLength: 60 },
)

it.each([1, 2])('behaves like the file system below, with %i descriptors', (maxOpenFiles) => {
  fc.assert(
    fc.property(operations, (list) => {
      const plain = new Run(populated())
      const pool = new PooledVfs(populated(), { maxOpenFiles })
      const pooled = new Run(pool)
      for (const operation of list) expect(pooled.outcome(operation)).toEqual(plain.outcome(operation))
      expect(pooled.contents()).toEqual(plain.contents())
      pooled.closeAll()
      expect(pool.stats().openCount).toBe(0)
    }),
    { numRuns: 500 },
  )
})

function populated(): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/d')
  for (const [index, name] of PATHS.entries()) {
    const file = vfs.open(name, 'create')
    file.write(new Uint8Array(20).fill(index + 1), 0, 20, 0)
    file.close()
  }
  return vfs
}

class Run {
  readonly #vfs: Vfs
  readonly #files: VfsFile[] = []
  #value = 10

  constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  outcome(operation: Operation): unknown {
    try {
      return this.#run(operation)
    } catch (error) {
      if (!isLdbError(error)) throw error
      return error.code
    }
  }

  contents(): unknown[] {
    return this.#files.map((file) => {
      try {
        return [...contentOf(file)]
      } catch (error) {
        return isLdbError(error) ? error.code : error
      }
    })
  }

  closeAll(): void {
    for (const file of this.#files) file.close()
  }

  #run(operation: Operation): unknown {
    const vfs = this.#vfs
    switch (operation.kind) {
      case 'open':
        this.#files.push(vfs.open(operation.path, operation.mode))
        return undefined
      case 'rename':
      case 'link':
      case 'copy':
        vfs[operation.kind]?.(operation.path, operation.target)
        return undefined
      case 'remove':
        vfs.remove(operation.path)
        return undefined
      default:
        return this.#use(operation.kind, operation.slot, operation.offset)
    }
  }

  #use(kind: 'write' | 'truncate' | 'read' | 'sync' | 'close', slot: number, offset: number): unknown {
    const file = this.#files[slot]
    if (file === undefined) return undefined
    const bytes = new Uint8Array(4)
    if (kind === 'read') return [file.read(bytes, 0, 4, offset), ...bytes]
    if (kind === 'write') file.write(bytes.fill(this.#value++ % 256), 0, 4, offset)
    else if (kind === 'truncate') file.truncate(offset)
    else if (kind === 'sync') file.sync()
    else file.close()
    return file.path
  }
}
