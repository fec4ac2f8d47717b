import { beforeEach, expect, it } from 'vitest'
import type { Vfs } from '../../src/index.js'
import { expectCode, pathIn } from './subject.js'
import type { GetSubject } from './subject.js'

/** Tests the locks of directories. */
export function describeLocks(getSubject: GetSubject): void {
  let vfs: Vfs
  beforeEach(() => {
    vfs = getSubject().vfs
  })
  const at = (name: string): string => pathIn(getSubject(), name)

  it('one opener at a time holds the lock of a directory', () => {
    vfs.makeDirectory(at('directory'))
    const lock = vfs.lock(at('directory'))
    lock.assertHeld()
    const error = expectCode('LDB_LOCKED', () => vfs.lock(at('directory')))
    expect(error).toMatchObject({ details: { holder: 'this process' } })
    expect(String(error)).toContain('opened for writing')
    expectCode('LDB_LOCKED', () => vfs.lock(at('directory/.')))
    lock.assertHeld()
    lock.release()
    lock.release()
    expectCode('LDB_POISONED', () => lock.assertHeld())
    const next = vfs.lock(at('directory'))
    lock.release()
    next.assertHeld()
    expectCode('LDB_LOCKED', () => vfs.lock(at('directory')))
    next.release()
    expect(vfs.list(at('directory'))).toEqual([])
  })

  it('locks of different directories are independent', () => {
    vfs.makeDirectory(at('one'))
    vfs.makeDirectory(at('two'))
    const one = vfs.lock(at('one'))
    const two = vfs.lock(at('two'))
    one.release()
    two.assertHeld()
    two.release()
  })

  it('holders of a shared lock share it, and leave no file', () => {
    vfs.makeDirectory(at('directory'))
    const locks = [1, 2, 3].map(() => vfs.lock(at('directory'), 'shared'))
    locks.push(vfs.lock(at('directory/.'), 'shared'))
    expect(vfs.list(at('directory'))).toEqual([])
    for (const lock of locks) {
      lock.assertHeld()
      const error = expectCode('LDB_LOCKED', () => vfs.lock(at('directory')))
      expect(error).toMatchObject({ details: { holder: 'this process' } })
      expect(String(error)).toContain('opened read-only')
      lock.release()
      lock.release()
      expectCode('LDB_POISONED', () => lock.assertHeld())
    }
    vfs.lock(at('directory'), 'exclusive').release()
  })

  it('a shared lock is refused beside an exclusive one, and granted after it', () => {
    vfs.makeDirectory(at('directory'))
    const writer = vfs.lock(at('directory'))
    const error = expectCode('LDB_LOCKED', () => vfs.lock(at('directory'), 'shared'))
    expect(String(error)).toContain('opened for writing')
    writer.assertHeld()
    writer.release()
    const reader = vfs.lock(at('directory'), 'shared')
    writer.release()
    reader.assertHeld()
    expectCode('LDB_LOCKED', () => vfs.lock(at('directory')))
    reader.release()
  })

  it('a lock of a directory that is absent, or that is a file, fails', () => {
    vfs.open(at('file'), 'create').close()
    for (const mode of ['exclusive', 'shared'] as const) {
      expectCode('LDB_NOT_FOUND', () => vfs.lock(at('absent'), mode))
      expectCode('LDB_IO', () => vfs.lock(at('file'), mode))
    }
  })
}
