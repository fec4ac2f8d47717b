import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Vfs, VfsFile } from '../src/index.js'

/** A file system to test, and an empty directory in it. */
export interface VfsSubject {
  readonly vfs: Vfs
  readonly directory: string
  dispose(): void
}

/** Runs the rules that hold for every file system. */
export function describeVfs(name: string, makeSubject: () => VfsSubject): void {
  let subject: VfsSubject
  let vfs: Vfs
  beforeEach(() => {
    subject = makeSubject()
    vfs = subject.vfs
  })
  afterEach(() => {
    subject.dispose()
  })
  const at = (path: string): string => `${subject.directory}/${path}`
  const writeFile = (path: string, bytes: Uint8Array): void => {
    const file = vfs.open(at(path), 'create')
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  const readFile = (path: string): number[] => {
    const file = vfs.open(at(path), 'read')
    try {
      return [...contentOf(file)]
    } finally {
      file.close()
    }
  }

  describe(`${name}: bytes`, () => {
    describeBytes(
      () => vfs,
      () => at('file'),
    )
  })

  describe(`${name}: names`, () => {
    it('lists names in order, whatever the order of creation', () => {
      for (const entry of ['b', 'a', 'B', 'c10', 'c9']) writeFile(entry, Uint8Array.of())
      vfs.makeDirectory(at('d'))
      expect(vfs.list(subject.directory)).toEqual(['B', 'a', 'b', 'c10', 'c9', 'd'])
      vfs.syncDirectory(subject.directory)
    })

    it('tells kind, length and identity', () => {
      writeFile('file', Uint8Array.of(1, 2, 3))
      vfs.makeDirectory(at('directory'))
      expect(vfs.status(at('file'))).toMatchObject({ kind: 'file', length: 3 })
      expect(vfs.status(at('directory'))).toMatchObject({ kind: 'directory', length: 0 })
      expect(vfs.status(at('nothing'))).toBeUndefined()
      expect(vfs.status(at('file/below'))).toBeUndefined()
      expect(vfs.status(at('directory/../file'))?.kind).toBe('file')
      const identity = vfs.status(at('file'))?.identity
      expect(identity).not.toBe(vfs.status(at('directory'))?.identity)
      vfs.rename(at('file'), at('directory/moved'))
      expect(vfs.status(at('directory/moved'))?.identity).toBe(identity)
    })

    it('keeps a file that was renamed over or removed alive in its open handles', () => {
      writeFile('old', Uint8Array.of(1))
      writeFile('new', Uint8Array.of(2))
      const old = vfs.open(at('old'), 'write')
      const moved = vfs.open(at('new'), 'write')
      vfs.rename(at('new'), at('old'))
      expect(vfs.list(subject.directory)).toEqual(['old'])
      expect(readFile('old')).toEqual([2])
      old.write(Uint8Array.of(8), 0, 1, 1)
      moved.write(Uint8Array.of(9), 0, 1, 1)
      expect([...contentOf(old)]).toEqual([1, 8])
      expect(readFile('old')).toEqual([2, 9])
      vfs.remove(at('old'))
      expect(vfs.status(at('old'))).toBeUndefined()
      expect([...contentOf(moved)]).toEqual([2, 9])
      writeFile('old', Uint8Array.of(5))
      expect([...contentOf(moved)]).toEqual([2, 9])
      old.close()
      moved.close()
    })

    it('moves directories with all that is in them', () => {
      vfs.makeDirectory(at('a'))
      vfs.makeDirectory(at('a/b'))
      writeFile('a/b/file', Uint8Array.of(4))
      vfs.rename(at('a'), at('z'))
      expect(readFile('z/b/file')).toEqual([4])
      expect(vfs.status(at('a'))).toBeUndefined()
      vfs.remove(at('z/b/file'))
      vfs.removeDirectory(at('z/b'))
      expect(vfs.list(at('z'))).toEqual([])
    })

    it('renames a file to itself without losing it', () => {
      writeFile('file', Uint8Array.of(4))
      vfs.rename(at('file'), at('file'))
      expect(readFile('file')).toEqual([4])
    })

    it('opens as each mode says', () => {
      for (const mode of ['read', 'write'] as const) {
        expectCode('LDB_NOT_FOUND', () => vfs.open(at('file'), mode))
      }
      vfs.open(at('file'), 'createNew').close()
      expectCode('LDB_EXISTS', () => vfs.open(at('file'), 'createNew'))
      writeFile('file', Uint8Array.of(1))
      for (const mode of ['read', 'write', 'create'] as const) {
        const file = vfs.open(at('file'), mode)
        expect(file.length()).toBe(1)
        file.close()
      }
    })

    it('answers what cannot be with typed errors, and changes nothing', () => {
      writeFile('file', Uint8Array.of(1))
      vfs.makeDirectory(at('directory'))
      writeFile('directory/inner', Uint8Array.of(2))
      const before = vfs.list(subject.directory)
      expectCode('LDB_NOT_FOUND', () => vfs.list(at('nothing')))
      expectCode('LDB_NOT_FOUND', () => vfs.open(at('nothing/file'), 'create'))
      expectCode('LDB_NOT_FOUND', () => vfs.makeDirectory(at('nothing/directory')))
      expectCode('LDB_NOT_FOUND', () => vfs.remove(at('nothing')))
      expectCode('LDB_NOT_FOUND', () => vfs.removeDirectory(at('nothing')))
      expectCode('LDB_NOT_FOUND', () => vfs.rename(at('nothing'), at('else')))
      expectCode('LDB_NOT_FOUND', () => vfs.syncDirectory(at('nothing')))
      expectCode('LDB_NOT_FOUND', () => vfs.lock(at('nothing')))
      expectCode('LDB_EXISTS', () => vfs.makeDirectory(at('file')))
      expectCode('LDB_EXISTS', () => vfs.makeDirectory(at('directory')))
      expectCode('LDB_IO', () => vfs.open(at('directory'), 'read'))
      expectCode('LDB_IO', () => vfs.open(at('directory'), 'create'))
      expectCode('LDB_IO', () => vfs.open(at('file/below'), 'create'))
      expectCode('LDB_IO', () => vfs.list(at('file')))
      expectCode('LDB_IO', () => vfs.remove(at('directory')))
      expectCode('LDB_IO', () => vfs.removeDirectory(at('directory')))
      expectCode('LDB_IO', () => vfs.removeDirectory(at('file')))
      expectCode('LDB_IO', () => vfs.rename(at('file'), at('directory')))
      expectCode('LDB_IO', () => vfs.rename(at('directory'), at('file')))
      expectCode('LDB_IO', () => vfs.rename(at('directory'), at('directory/inner/self')))
      expect(vfs.list(subject.directory)).toEqual(before)
      expect(readFile('directory/inner')).toEqual([2])
    })

    it('names file, operation and errno in an error', () => {
      const error = expectCode('LDB_NOT_FOUND', () => vfs.open(at('nothing'), 'read'))
      expect(error).toMatchObject({ details: { file: at('nothing'), operation: 'open', errno: 'ENOENT' } })
    })
  })

  describe(`${name}: locks`, () => {
    it('gives the lock of a directory to one at a time', () => {
      vfs.makeDirectory(at('place'))
      const lock = vfs.lock(at('place'))
      lock.assertHeld()
      const error = expectCode('LDB_LOCKED', () => vfs.lock(at('place')))
      expect(error).toMatchObject({ details: { holder: 'this process' } })
      expectCode('LDB_LOCKED', () => vfs.lock(at('place/.')))
      lock.assertHeld()
      lock.release()
      lock.release()
      expectCode('LDB_POISONED', () => lock.assertHeld())
      const next = vfs.lock(at('place'))
      lock.release()
      next.assertHeld()
      expectCode('LDB_LOCKED', () => vfs.lock(at('place')))
      next.release()
      expect(vfs.list(at('place'))).toEqual([])
    })

    it('locks directories apart from each other', () => {
      vfs.makeDirectory(at('one'))
      vfs.makeDirectory(at('two'))
      const one = vfs.lock(at('one'))
      const two = vfs.lock(at('two'))
      one.release()
      two.assertHeld()
      two.release()
    })
  })
}

function describeBytes(getVfs: () => Vfs, getPath: () => string): void {
  let file: VfsFile
  beforeEach(() => {
    file = getVfs().open(getPath(), 'create')
  })
  afterEach(() => {
    file.close()
  })

  it('writes and reads at offsets, within arrays and files', () => {
    file.write(Uint8Array.of(0, 1, 2, 3, 4), 1, 3, 2)
    expect([...contentOf(file)]).toEqual([0, 0, 1, 2, 3])
    const target = new Uint8Array(6).fill(9)
    expect(file.read(target, 2, 2, 3)).toBe(2)
    expect([...target]).toEqual([9, 9, 2, 3, 9, 9])
  })

  it('reads no further than the end', () => {
    file.write(Uint8Array.of(1, 2, 3), 0, 3, 0)
    const target = new Uint8Array(4).fill(9)
    expect(file.read(target, 0, 4, 1)).toBe(2)
    expect([...target]).toEqual([2, 3, 9, 9])
    expect(file.read(target, 0, 4, 3)).toBe(0)
    expect(file.read(target, 0, 4, 2 ** 40)).toBe(0)
  })

  it('does nothing for no bytes', () => {
    file.write(new Uint8Array(0), 0, 0, 100)
    expect(file.length()).toBe(0)
    file.write(Uint8Array.of(1), 1, 0, 5)
    expect(file.length()).toBe(0)
    expect(file.read(new Uint8Array(0), 0, 0, 0)).toBe(0)
  })

  it('reads zeros where nothing was written, far behind 2^31, 2^32 and 2^40', () => {
    const places = [2 ** 31 - 2, 2 ** 32 - 2, 2 ** 40 - 2]
    for (const [index, place] of places.entries()) {
      file.write(Uint8Array.of(1, 2, 3, index), 0, 4, place)
      expect(file.length()).toBe(place + 4)
    }
    const target = new Uint8Array(8)
    for (const [index, place] of places.entries()) {
      target.fill(9)
      file.read(target, 0, 8, place - 2)
      expect([...target.subarray(0, 6)]).toEqual([0, 0, 1, 2, 3, index])
    }
    file.truncate(2 ** 32)
    expect(file.length()).toBe(2 ** 32)
    file.truncate(2 ** 40)
    expect(file.read(target, 0, 8, 2 ** 32 - 2)).toBe(8)
    expect([...target]).toEqual([1, 2, 0, 0, 0, 0, 0, 0])
  })

  it('forgets what was cut off', () => {
    const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
    file.write(bytes, 0, bytes.length, 0)
    for (const length of [131_073, 131_072, 65_537, 10, 0]) {
      file.truncate(length)
      expect(file.length()).toBe(length)
      file.truncate(200_000)
      const expected = new Uint8Array(200_000)
      expected.set(bytes.subarray(0, length))
      expect(equalBytes(contentOf(file), expected)).toBe(true)
    }
  })

  it('preallocates zeros behind the end only', () => {
    file.write(Uint8Array.of(1, 2, 3), 0, 3, 0)
    file.preallocate(2)
    expect(file.length()).toBe(3)
    file.preallocate(2_500_000)
    expect(file.length()).toBe(2_500_000)
    const expected = new Uint8Array(2_500_000)
    expected.set([1, 2, 3])
    expect(equalBytes(contentOf(file), expected)).toBe(true)
    file.sync()
  })

  it('gives the asynchronous face the same answers', async () => {
    const bytes = new Uint8Array(150_000).map((_, index) => index % 253)
    await file.writeAsync(bytes, 10, 149_990, 7)
    await file.syncAsync()
    const target = new Uint8Array(149_997)
    expect(await file.readAsync(target, 0, 149_997, 0)).toBe(149_997)
    expect(equalBytes(target, contentOf(file))).toBe(true)
    expect(equalBytes(target.subarray(7), bytes.subarray(10))).toBe(true)
    expect(await file.readAsync(target, 0, 100, 149_990)).toBe(7)
    expect(await file.readAsync(target, 0, 100, 2 ** 40)).toBe(0)
    expect(await file.readAsync(target, 5, 0, 0)).toBe(0)
    await file.writeAsync(bytes, 0, 0, 2 ** 33)
    expect(file.length()).toBe(149_997)
  })

  it('refuses every use after close, and writes to what was opened for reading', async () => {
    const reader = getVfs().open(getPath(), 'read')
    const one = Uint8Array.of(1)
    expectCode('LDB_READ_ONLY', () => reader.write(one, 0, 1, 0))
    expectCode('LDB_READ_ONLY', () => reader.truncate(0))
    expectCode('LDB_READ_ONLY', () => reader.preallocate(1))
    await expect(reader.writeAsync(one, 0, 1, 0)).rejects.toMatchObject({ code: 'LDB_READ_ONLY' })
    reader.close()
    reader.close()
    expectCode('LDB_CLOSED', () => reader.read(one, 0, 1, 0))
    expectCode('LDB_CLOSED', () => reader.length())
    expectCode('LDB_CLOSED', () => reader.sync())
    await expect(reader.readAsync(one, 0, 1, 0)).rejects.toMatchObject({ code: 'LDB_CLOSED' })
    await expect(reader.syncAsync()).rejects.toMatchObject({ code: 'LDB_CLOSED' })
    file.write(one, 0, 1, 0)
  })

  it('lets what is under way finish when it is closed', async () => {
    const bytes = new Uint8Array(3_000_000).fill(5)
    const writing = file.writeAsync(bytes, 0, bytes.length, 0)
    file.close()
    await writing
    expect(getVfs().status(getPath())?.length).toBe(3_000_000)
  })

  it('asserts that spans lie inside arrays and files', () => {
    const bytes = new Uint8Array(4)
    const wrong: [number, number, number][] = [
      [5, 0, 0],
      [2, 3, 0],
      [-1, 1, 0],
      [0, -1, 0],
      [0, 1, -1],
      [0, 1, 0.5],
    ]
    for (const [start, byteCount, offset] of [...wrong, [0, 2, Number.MAX_SAFE_INTEGER] as const]) {
      expectCode('LDB_INVARIANT', () => file.read(bytes, start, byteCount, offset))
      expectCode('LDB_INVARIANT', () => file.write(bytes, start, byteCount, offset))
    }
    expectCode('LDB_INVARIANT', () => file.truncate(-1))
    expectCode('LDB_INVARIANT', () => file.preallocate(2 ** 53))
    expect(file.length()).toBe(0)
  })
}

/** Returns all bytes of an open file. */
export function contentOf(file: VfsFile): Uint8Array {
  const bytes = new Uint8Array(file.length())
  expect(file.read(bytes, 0, bytes.length, 0)).toBe(bytes.length)
  return bytes
}

/** Compares without making a list of every byte, as an assertion library would. */
export function equalBytes(some: Uint8Array, other: Uint8Array): boolean {
  return some.length === other.length && some.every((byte, index) => byte === other[index])
}

/** Runs an action that must fail with an LdbError of this code, and gives the error. */
export function expectCode(code: LdbErrorCode, action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    expect(isLdbError(error), String(error)).toBe(true)
    expect(error).toMatchObject({ code })
    return error
  }
  return expect.fail(`expected ${code}`)
}
