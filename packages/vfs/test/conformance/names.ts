import { beforeEach, expect, it } from 'vitest'
import type { Vfs } from '../../src/index.js'
import { contentOf, expectCode, pathIn, readFile, writeFile } from './subject.js'
import type { GetSubject } from './subject.js'

/** Tests directories, status, renames and removals. */
export function describeNames(getSubject: GetSubject): void {
  let vfs: Vfs
  beforeEach(() => {
    vfs = getSubject().vfs
  })
  const at = (name: string): string => pathIn(getSubject(), name)

  it('lists names sorted, in any order of creation', () => {
    for (const entry of ['b', 'a', 'B', 'c10', 'c9']) writeFile(getSubject(), entry, Uint8Array.of())
    vfs.makeDirectory(at('d'))
    expect(vfs.list(getSubject().directory)).toEqual(['B', 'a', 'b', 'c10', 'c9', 'd'])
    vfs.syncDirectory(getSubject().directory)
  })

  it('reports kind, length and identity', () => {
    writeFile(getSubject(), 'file', Uint8Array.of(1, 2, 3))
    vfs.makeDirectory(at('directory'))
    expect(vfs.status(at('file'))).toMatchObject({ kind: 'file', length: 3 })
    expect(vfs.status(at('directory'))).toMatchObject({ kind: 'directory', length: 0 })
    expect(vfs.status(at('absent'))).toBeUndefined()
    expect(vfs.status(at('file/below'))).toBeUndefined()
    expect(vfs.status(at('directory/../file'))?.kind).toBe('file')
    const identity = vfs.status(at('file'))?.identity
    expect(identity).not.toBe(vfs.status(at('directory'))?.identity)
    vfs.rename(at('file'), at('directory/moved'))
    expect(vfs.status(at('directory/moved'))?.identity).toBe(identity)
  })

  it('an open file keeps its identity, whatever its name leads to', () => {
    writeFile(getSubject(), 'file', Uint8Array.of(1))
    const file = vfs.open(at('file'), 'read')
    const identity = vfs.status(at('file'))?.identity
    expect(file.identity?.()).toBe(identity)
    vfs.rename(at('file'), at('moved'))
    writeFile(getSubject(), 'file', Uint8Array.of(2))
    expect(file.identity?.()).toBe(identity)
    expect(vfs.status(at('file'))?.identity).not.toBe(identity)
    vfs.remove(at('moved'))
    expect(file.identity?.()).toBe(identity)
    file.close()
    expectCode('LDB_CLOSED', () => file.identity?.())
  })

  it('a replaced or removed file stays usable through its open handles', () => {
    writeFile(getSubject(), 'old', Uint8Array.of(1))
    writeFile(getSubject(), 'new', Uint8Array.of(2))
    const old = vfs.open(at('old'), 'write')
    const moved = vfs.open(at('new'), 'write')
    vfs.rename(at('new'), at('old'))
    expect(vfs.list(getSubject().directory)).toEqual(['old'])
    expect(readFile(getSubject(), 'old')).toEqual([2])
    old.write(Uint8Array.of(8), 0, 1, 1)
    moved.write(Uint8Array.of(9), 0, 1, 1)
    expect([...contentOf(old)]).toEqual([1, 8])
    expect(readFile(getSubject(), 'old')).toEqual([2, 9])
    vfs.remove(at('old'))
    expect(vfs.status(at('old'))).toBeUndefined()
    expect([...contentOf(moved)]).toEqual([2, 9])
    writeFile(getSubject(), 'old', Uint8Array.of(5))
    expect([...contentOf(moved)]).toEqual([2, 9])
    old.close()
    moved.close()
  })

  it('renames a directory with its content', () => {
    vfs.makeDirectory(at('a'))
    vfs.makeDirectory(at('a/b'))
    writeFile(getSubject(), 'a/b/file', Uint8Array.of(4))
    vfs.rename(at('a'), at('z'))
    expect(readFile(getSubject(), 'z/b/file')).toEqual([4])
    expect(vfs.status(at('a'))).toBeUndefined()
    vfs.remove(at('z/b/file'))
    vfs.removeDirectory(at('z/b'))
    expect(vfs.list(at('z'))).toEqual([])
  })

  it('renaming a file to itself changes nothing', () => {
    writeFile(getSubject(), 'file', Uint8Array.of(4))
    vfs.rename(at('file'), at('file'))
    expect(readFile(getSubject(), 'file')).toEqual([4])
  })

  it('each open mode requires or creates the file', () => {
    for (const mode of ['read', 'write'] as const) {
      expectCode('LDB_NOT_FOUND', () => vfs.open(at('file'), mode))
    }
    vfs.open(at('file'), 'createNew').close()
    expectCode('LDB_EXISTS', () => vfs.open(at('file'), 'createNew'))
    writeFile(getSubject(), 'file', Uint8Array.of(1))
    for (const mode of ['read', 'write', 'create'] as const) {
      const file = vfs.open(at('file'), mode)
      expect(file.length()).toBe(1)
      file.close()
    }
  })

  it('impossible operations throw typed errors and change nothing', () => {
    writeFile(getSubject(), 'file', Uint8Array.of(1))
    vfs.makeDirectory(at('directory'))
    writeFile(getSubject(), 'directory/inner', Uint8Array.of(2))
    const before = vfs.list(getSubject().directory)
    expectCode('LDB_NOT_FOUND', () => vfs.list(at('absent')))
    expectCode('LDB_NOT_FOUND', () => vfs.open(at('absent/file'), 'create'))
    expectCode('LDB_NOT_FOUND', () => vfs.makeDirectory(at('absent/directory')))
    expectCode('LDB_NOT_FOUND', () => vfs.remove(at('absent')))
    expectCode('LDB_NOT_FOUND', () => vfs.removeDirectory(at('absent')))
    expectCode('LDB_NOT_FOUND', () => vfs.rename(at('absent'), at('target')))
    expectCode('LDB_NOT_FOUND', () => vfs.syncDirectory(at('absent')))
    expectCode('LDB_NOT_FOUND', () => vfs.lock(at('absent')))
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
    expect(vfs.list(getSubject().directory)).toEqual(before)
    expect(readFile(getSubject(), 'directory/inner')).toEqual([2])
  })

  it('an error names file, operation and errno', () => {
    const error = expectCode('LDB_NOT_FOUND', () => vfs.open(at('absent'), 'read'))
    expect(error).toMatchObject({ details: { file: at('absent'), operation: 'open', errno: 'ENOENT' } })
  })
}
