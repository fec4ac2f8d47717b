// Strategy: a pool over files whose descriptors the test counts, and whose opens and syncs it fails.
// Invariants: the limit holds while files can be closed; the least recently used one is closed; files with unsynced writes, with
// operations in flight and without a name keep their descriptors; a failed sync is reported to the owner of the file and never
// repeated; a name that leads to another file is never used.
import { isLdbError, LdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { fileError } from '../file-error.js'
import { MemoryVfs } from '../memory/memory-vfs.js'
import type { OpenMode, VfsFile } from '../vfs.js'
import { PooledVfs } from './pooled-vfs.js'

class CountingVfs extends MemoryVfs {
  /** Paths of the open descriptors, in the order of their opening. */
  readonly openPaths: string[] = []
  syncs: string[] = []
  /** Opens fail with EMFILE while this many descriptors are open. */
  descriptorCountMax = Infinity
  /** Paths of files whose syncs fail. */
  readonly failing: Set<string> = new Set()

  get sorted(): string[] {
    return [...this.openPaths].sort()
  }

  override open(path: string, mode: OpenMode): VfsFile {
    if (this.openPaths.length >= this.descriptorCountMax) {
      throw fileError('EMFILE', { operation: 'open', file: path })
    }
    const file = super.open(path, mode)
    this.openPaths.push(path)
    const close = file.close.bind(file)
    let isOpen = true
    file.close = (): void => {
      if (isOpen) this.openPaths.splice(this.openPaths.indexOf(path), 1)
      isOpen = false
      close()
    }
    const sync = (): void => {
      this.syncs.push(path)
      if (this.failing.has(path)) throw fileError('EIO', { operation: 'sync', file: path })
    }
    file.sync = sync
    file.syncAsync = async (): Promise<void> => {
      await Promise.resolve()
      sync()
    }
    return file
  }
}

function make(maxOpenFiles: number): { below: CountingVfs; vfs: PooledVfs; file: (name: string) => VfsFile } {
  const below = new CountingVfs()
  const vfs = new PooledVfs(below, { maxOpenFiles })
  const file = (name: string): VfsFile => {
    const opened = vfs.open(name, 'create')
    put(opened, name)
    opened.sync()
    return opened
  }
  return { below, vfs, file }
}

function put(file: VfsFile, text: string): void {
  file.write(
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    0,
    text.length,
    0,
  )
}

function textOf(file: VfsFile): string {
  const bytes = new Uint8Array(10)
  return String.fromCharCode(...bytes.subarray(0, file.read(bytes, 0, 10, 0)))
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

test('closes the least recently used file at the limit, and opens it again at its next use', () => {
  const { below, vfs, file } = make(3)
  const files = ['a', 'b', 'c'].map(file)
  expect(textOf(files[0] as VfsFile)).toBe('a')
  file('d')
  expect(below.sorted).toEqual(['a', 'c', 'd'])
  expect(textOf(files[1] as VfsFile)).toBe('b')
  expect(below.sorted).toEqual(['a', 'b', 'd'])
  expect(vfs.stats()).toEqual({ openCount: 3, openCountMax: 3, reopenCount: 1, evictionSyncCount: 0 })
})

test('many files work with few descriptors', () => {
  const { below, vfs, file } = make(4)
  const files = Array.from({ length: 100 }, (_, index) => file(`f${index}`))
  for (let index = 0; index < 300; index++) {
    expect(textOf(files[(index * 37) % 100] as VfsFile)).toBe(`f${(index * 37) % 100}`)
    expect(below.openPaths.length).toBeLessThanOrEqual(4)
  }
  for (const each of files) each.close()
  expect(below.openPaths).toEqual([])
  expect(vfs.stats().openCount).toBe(0)
})

test('a file with unsynced writes keeps its descriptor, and is synced when only such files are left', () => {
  const { below, vfs, file } = make(2)
  const [a, b] = [file('a'), file('b')]
  below.syncs = []
  put(a, 'A')
  const c = file('c')
  expect(below.sorted).toEqual(['a', 'c'])
  expect(vfs.stats().evictionSyncCount).toBe(0)
  put(c, 'C')
  below.syncs = []
  expect(textOf(b)).toBe('b')
  expect(below.syncs).toEqual(['a'])
  expect(vfs.stats().evictionSyncCount).toBe(1)
  expect([textOf(a), textOf(c)]).toEqual(['A', 'C'])
})

test('a sync through another handle of the file makes it clean, unless a write is in flight', async () => {
  const { below, vfs, file } = make(2)
  const a = file('a')
  put(a, 'A')
  const second = vfs.open('a', 'write')
  await second.syncAsync()
  file('b')
  expect(vfs.stats().evictionSyncCount).toBe(0)
  below.syncs = []
  const writing = a.writeAsync(Uint8Array.of(66), 0, 1, 0)
  await second.syncAsync()
  await writing
  file('c')
  file('d')
  expect(below.openPaths).toContain('a')
  expect(textOf(second)).toBe('B')
})

test('a failed sync is reported to the owner of the file, and never repeated', () => {
  const { below, vfs, file } = make(1)
  const a = file('a')
  put(a, 'A')
  below.failing.add('a')
  below.syncs = []
  const b = file('b')
  expect(textOf(b)).toBe('b')
  expect(textOf(a)).toBe('A')
  expect(vfs.stats().openCount).toBe(2)
  below.failing.clear()
  expect(codeOf(() => a.sync())).toBe('LDB_IO')
  expect(below.syncs.filter((path) => path === 'a')).toEqual(['a'])
  const second = vfs.open('a', 'write')
  expect(codeOf(() => second.sync())).toBe('LDB_IO')
})

test('an operation in flight keeps the descriptor, also after close', async () => {
  const { below, vfs, file } = make(1)
  const a = file('a')
  const target = new Uint8Array(1)
  const reading = a.readAsync(target, 0, 1, 0)
  const b = file('b')
  expect(below.sorted).toEqual(['a', 'b'])
  expect(await reading).toBe(1)
  const again = b.readAsync(target, 0, 1, 0)
  b.close()
  expect(await again).toBe(1)
  expect(vfs.stats().openCount).toBe(1)
  expect(codeOf(() => b.length())).toBe('LDB_CLOSED')
})

test('asynchronous operations wait for a descriptor, rather than exceed the limit or fail', async () => {
  const { below, file } = make(2)
  const files = Array.from({ length: 20 }, (_, index) => file(`f${index}`))
  const readAll = (): Promise<string[]> =>
    Promise.all(
      files.map(async (each) => {
        const bytes = new Uint8Array(10)
        return String.fromCharCode(...bytes.subarray(0, await each.readAsync(bytes, 0, 10, 0)))
      }),
    )
  let greatest = 0
  const reading = readAll()
  for (let turn = 0; turn < 200; turn++) {
    greatest = Math.max(greatest, below.openPaths.length)
    await Promise.resolve()
  }
  expect(await reading).toEqual(files.map((each) => each.path))
  expect(greatest).toBe(2)
  below.descriptorCountMax = 1
  expect(await readAll()).toEqual(files.map((each) => each.path))
  const [a, b, c] = files as [VfsFile, VfsFile, VfsFile]
  const pending = [a, b, c].map((each) => each.readAsync(new Uint8Array(1), 0, 1, 0))
  c.close()
  await expect(Promise.allSettled(pending)).resolves.toMatchObject([
    { value: 1 },
    { value: 1 },
    { reason: { code: 'LDB_CLOSED' } },
  ])
})

test('a removed or replaced file stays usable, although no name leads to it', async () => {
  const { below, vfs, file } = make(1)
  const [a, b, c] = [file('a'), file('b'), file('c')]
  vfs.remove('a')
  vfs.rename('c', 'b')
  await vfs.removeAsync('b')
  file('d')
  expect([textOf(a), textOf(b), textOf(c)]).toEqual(['a', 'b', 'c'])
  expect(textOf(file('a'))).toBe('a')
  for (const each of [a, b, c]) each.close()
  expect(below.openPaths.length).toBe(1)
})

test('files follow the new name of their directory', () => {
  const { vfs } = make(1)
  vfs.makeDirectory('old')
  const file = vfs.open('old/file', 'create')
  put(file, 'x')
  file.sync()
  vfs.rename('old', 'new')
  const other = vfs.open('other', 'create')
  expect(textOf(file)).toBe('x')
  const same = vfs.open('new/file', 'write')
  put(same, 'y')
  expect([textOf(file), textOf(other)]).toEqual(['y', ''])
})

test('a name that leads to another file, or to none, is never used', () => {
  const { below, vfs, file } = make(1)
  const a = file('a')
  file('b')
  below.rename('a', 'moved')
  expect(codeOf(() => textOf(a))).toBe('LDB_POISONED')
  const foreign = below.open('a', 'createNew')
  put(foreign, 'foreign')
  for (const use of [
    () => a.read(new Uint8Array(1), 0, 1, 0),
    () => put(a, 'z'),
    () => a.sync(),
    () => a.truncate(0),
    () => a.length(),
    () => vfs.open('a', 'write'),
  ]) {
    expect(codeOf(use)).toBe('LDB_POISONED')
  }
  expect(textOf(foreign)).toBe('foreign')
  below.rename('moved', 'a')
  expect(textOf(a)).toBe('a')
})

test('without free descriptors in the process, closes own files, and fails without effect when it has none', () => {
  const { below, vfs, file } = make(100)
  const files = Array.from({ length: 20 }, (_, index) => file(`f${index}`))
  below.descriptorCountMax = 20
  const g = file('g')
  expect(below.openPaths.length).toBeLessThan(20)
  expect(textOf(g)).toBe('g')
  for (const each of [...files, g]) expect(textOf(each)).not.toBe('')
  vfs.closeIdle()
  expect(below.openPaths).toEqual(['g'])
  below.descriptorCountMax = 1
  const [a, b] = files as [VfsFile, VfsFile]
  expect(textOf(a)).toBe('f0')
  expect(vfs.stats().openCountMax).toBe(16)
  vfs.closeIdle()
  below.descriptorCountMax = 0
  expect(codeOf(() => textOf(g))).toBe('LDB_IO')
  below.descriptorCountMax = 1
  expect(textOf(g)).toBe('g')
  below.descriptorCountMax = Infinity
  for (let round = 0; round < 3000; round++) {
    for (const each of files) textOf(each)
    vfs.closeIdle()
  }
  expect([vfs.stats().openCountMax, textOf(b)]).toEqual([100, 'f1'])
})

test('files that are not pooled keep their descriptors, and get those of pooled files while there are many', () => {
  const below = new CountingVfs()
  const vfs = new PooledVfs(below, { maxOpenFiles: 20, isPooled: (path) => !path.startsWith('log') })
  const logs = ['log1', 'log2', 'log3'].map((path) => vfs.open(path, 'create'))
  const files = Array.from({ length: 30 }, (_, index) => vfs.open(`f${index}`, 'create'))
  expect([below.openPaths.length, vfs.stats().openCount]).toEqual([23, 20])
  below.descriptorCountMax = 23
  logs.push(vfs.open('log4', 'create'))
  expect(vfs.stats()).toMatchObject({ openCount: 15, openCountMax: 16 })
  // With fewer files, an operation that needs several descriptors would get one and fail at the next.
  below.descriptorCountMax = 19
  expect(codeOf(() => vfs.open('log5', 'create'))).toBe('LDB_IO')
  expect(files.map((each) => each.length())).toEqual(files.map(() => 0))
  for (const each of logs) each.close()
})

test('a failed close of an idle file is reported by the next sync of the file', () => {
  const { below, vfs } = make(1)
  const open = below.open.bind(below)
  below.open = (path, mode): VfsFile => {
    const file = open(path, mode)
    if (path === 'a') {
      file.close = (): void => {
        throw new LdbError('LDB_IO', 'close failed')
      }
    }
    return file
  }
  const a = vfs.open('a', 'create')
  vfs.open('b', 'create')
  expect(a.length()).toBe(0)
  expect(codeOf(() => a.sync())).toBe('LDB_IO')
})
