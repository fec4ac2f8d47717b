// Strategy: directories in memory are created below missing parents, with every call recorded, and interrupted at every call.
// Invariants: each entry is synced before anything is created below it; after an interruption, the next creation syncs what the first one
// has left; existing parents cost no change of files, unless they are empty.
import { isLdbError, LdbError } from '@ldb/base'
import { beforeEach, expect, test } from 'vitest'
import { MemoryVfs } from './memory/memory-vfs.js'
import { makeParents } from './parent-directories.js'

/** Records the changes, and fails at one of them, after its effect or before. */
class RecordingVfs extends MemoryVfs {
  calls: string[] = []
  failsAt = Infinity
  failsAfter = false

  override makeDirectory(path: string): void {
    this.#around(`make ${path}`, () => {
      super.makeDirectory(path)
    })
  }

  override syncDirectory(path: string): void {
    this.#around(`sync ${path}`, () => {
      super.syncDirectory(path)
    })
  }

  #around(call: string, run: () => void): void {
    const fails = this.calls.length === this.failsAt
    if (fails && !this.failsAfter) {
      this.failsAt = Infinity
      throw new LdbError('LDB_IO', 'injected')
    }
    run()
    this.calls.push(call)
    if (!fails) return
    this.failsAt = Infinity
    throw new LdbError('LDB_IO', 'injected')
  }
}

let vfs: RecordingVfs
beforeEach(() => {
  vfs = new RecordingVfs()
})

function create(path: string): void {
  makeParents(vfs, path)
  vfs.makeDirectory(path)
}

test('creates missing parents, and syncs each entry before it creates the next', () => {
  vfs.makeDirectory('/a')
  vfs.open('/a/other', 'create').close()
  vfs.calls = []
  create('/a/b/c/d')
  expect(vfs.calls).toEqual(['make /a/b', 'sync /a', 'make /a/b/c', 'sync /a/b', 'make /a/b/c/d'])
})

test('creates relative parents', () => {
  create('a/b/c')
  expect(vfs.calls).toEqual(['make a', 'sync .', 'make a/b', 'sync a', 'make a/b/c'])
})

test('syncs nothing for a parent with entries', () => {
  vfs.makeDirectory('/a')
  vfs.makeDirectory('/a/other')
  vfs.calls = []
  create('/a/b')
  create('/c')
  expect(vfs.calls).toEqual(['make /a/b', 'make /c'])
})

test.each([false, true])(
  'an interrupted creation is completed by the next one; after the call: %s',
  (failsAfter) => {
    for (let failsAt = 0; ; failsAt++) {
      vfs = new RecordingVfs()
      vfs.makeDirectory('/other')
      vfs.calls = []
      vfs.failsAt = failsAt
      vfs.failsAfter = failsAfter
      try {
        create('/a/b/c')
        break
      } catch (error) {
        if (!isLdbError(error)) throw error
      }
      // The failed call may have had no effect on the device.
      const lasting = vfs.calls.filter(
        (call, index) => !failsAfter || index < failsAt || !call.startsWith('sync'),
      )
      vfs.calls = lasting
      if (vfs.status('/a/b/c') === undefined) create('/a/b/c')
      for (const [directory, parent] of [
        ['/a', '/'],
        ['/a/b', '/a'],
      ] as const) {
        const made = vfs.calls.indexOf(`make ${directory}`)
        const synced = vfs.calls.lastIndexOf(`sync ${parent}`)
        if (vfs.calls.includes('make /a/b/c'))
          expect(synced, `${directory}, ${failsAt}`).toBeGreaterThan(made)
      }
    }
  },
)

test('a parent that is a file is a clear error', () => {
  vfs.open('/file', 'create').close()
  for (const path of ['/file/d', '/file/c/d', '/file/b/c/d']) {
    const expected = { code: 'LDB_IO', message: 'makeDirectory of /file failed: ENOTDIR' }
    expect(() => {
      create(path)
    }, path).toThrow(expect.objectContaining(expected))
  }
  expect(vfs.list('/')).toEqual(['file'])
})

test('a parent that another process creates meanwhile is used', () => {
  const status = vfs.status.bind(vfs)
  vfs.status = (path) => {
    const found = status(path)
    if (path === '/a/b' && found === undefined && status('/a') !== undefined) vfs.makeDirectory('/a/b')
    return found
  }
  vfs.makeDirectory('/a')
  create('/a/b/c')
  expect(vfs.calls.slice(-2)).toEqual(['sync /a', 'make /a/b/c'])
})

test('a parent that cannot be listed is not synced', () => {
  vfs.makeDirectory('/a')
  vfs.calls = []
  vfs.list = (file): never => {
    throw new LdbError('LDB_IO', 'no access', { details: { file, errno: 'EACCES' } })
  }
  create('/a/b')
  expect(vfs.calls).toEqual(['make /a/b'])
  vfs.list = (): never => {
    throw new LdbError('LDB_IO', 'broken')
  }
  expect(() => {
    create('/a/c')
  }).toThrow('broken')
})
