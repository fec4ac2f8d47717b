import { beforeEach, describe, expect, it } from 'vitest'
import type { Vfs } from '../../src/index.js'
import { contentOf, equalBytes, expectCode, pathIn, readFile, writeFile } from './subject.js'
import type { GetSubject } from './subject.js'

/** Tests hard links and copies of files; a file system without one of the two methods passes. */
export function describeLinks(getSubject: GetSubject): void {
  let vfs: Vfs
  beforeEach(() => {
    vfs = getSubject().vfs
  })
  const at = (name: string): string => pathIn(getSubject(), name)

  it('a hard link is the same file under a second name', () => {
    if (vfs.link === undefined) return
    writeFile(getSubject(), 'file', Uint8Array.of(1, 2))
    vfs.makeDirectory(at('directory'))
    vfs.link(at('file'), at('directory/linked'))
    expect(vfs.status(at('directory/linked'))).toEqual(vfs.status(at('file')))
    writeFile(getSubject(), 'file', Uint8Array.of(3))
    expect(readFile(getSubject(), 'directory/linked')).toEqual([3, 2])
    vfs.remove(at('file'))
    expect(readFile(getSubject(), 'directory/linked')).toEqual([3, 2])
    vfs.link(at('directory/linked'), at('file'))
    vfs.rename(at('directory/linked'), at('file'))
    expect(vfs.list(at('directory'))).toEqual(['linked'])
  })

  it('a copy is a file of its own with the same content', () => {
    if (vfs.copy === undefined) return
    const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
    writeFile(getSubject(), 'file', bytes)
    vfs.copy(at('file'), at('copied'))
    expect(vfs.status(at('copied'))).toMatchObject({ kind: 'file', length: bytes.length })
    expect(vfs.status(at('copied'))?.identity).not.toBe(vfs.status(at('file'))?.identity)
    writeFile(getSubject(), 'file', new Uint8Array(100_000))
    const copied = vfs.open(at('copied'), 'write')
    expect(equalBytes(contentOf(copied), bytes)).toBe(true)
    copied.truncate(3)
    copied.close()
    vfs.copy(at('copied'), at('second'))
    expect(readFile(getSubject(), 'second')).toEqual([0, 1, 2])
    expect(vfs.status(at('file'))?.length).toBe(bytes.length)
    expect(vfs.list(getSubject().directory)).toEqual(['copied', 'file', 'second'])
  })

  it('a copy of an empty file is empty', () => {
    writeFile(getSubject(), 'file', Uint8Array.of())
    vfs.copy?.(at('file'), at('copied'))
    if (vfs.copy !== undefined) expect(vfs.status(at('copied'))?.length).toBe(0)
  })

  describe.each(['link', 'copy'] as const)('%s', (method) => {
    it('throws typed errors and changes nothing', () => {
      if (vfs[method] === undefined) return
      const run = (source: string, target: string) => () => vfs[method]?.(at(source), at(target))
      writeFile(getSubject(), 'file', Uint8Array.of(1))
      writeFile(getSubject(), 'other', Uint8Array.of(2))
      vfs.makeDirectory(at('directory'))
      const before = vfs.list(getSubject().directory)
      const absent = expectCode('LDB_NOT_FOUND', run('absent', 'target'))
      expect(absent).toMatchObject({ details: { file: at('absent'), operation: method, errno: 'ENOENT' } })
      expectCode('LDB_NOT_FOUND', run('absent/file', 'target'))
      expectCode('LDB_NOT_FOUND', run('file', 'absent/target'))
      expectCode('LDB_EXISTS', run('file', 'other'))
      expectCode('LDB_EXISTS', run('file', 'file'))
      expectCode('LDB_EXISTS', run('file', 'directory'))
      expectCode('LDB_IO', run('directory', 'target'))
      expectCode('LDB_IO', run('file/below', 'target'))
      expectCode('LDB_IO', run('file', 'other/target'))
      expect(vfs.list(getSubject().directory)).toEqual(before)
      expect(readFile(getSubject(), 'other')).toEqual([2])
    })
  })
}
