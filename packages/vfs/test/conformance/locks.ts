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
}
