// Strategy: every operation by name of a file system in memory meets a path that is absent or that exists.
// Invariants: the error is LDB_IO and keeps its details; other errors, and all results, pass through unchanged.
import { isLdbError, LdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { MemoryVfs } from '../memory/memory-vfs.js'
import type { Vfs } from '../vfs.js'
import { InternalVfs } from './internal-vfs.js'

function newVfs(): Vfs {
  const base = new MemoryVfs()
  base.makeDirectory('/d')
  base.open('/d/f', 'createNew').close()
  return InternalVfs.over(base)
}

const ABSENT: readonly [string, (vfs: Vfs) => unknown][] = [
  ['open', (vfs) => vfs.open('/d/x', 'read')],
  ['create in an absent directory', (vfs) => vfs.open('/x/f', 'create')],
  ['list', (vfs) => vfs.list('/x')],
  ['make a directory', (vfs) => vfs.makeDirectory('/x/y')],
  ['rename', (vfs) => vfs.rename('/d/x', '/d/y')],
  ['link', (vfs) => vfs.link?.('/d/x', '/d/y')],
  ['copy', (vfs) => vfs.copy?.('/d/x', '/d/y')],
  ['remove', (vfs) => vfs.remove('/d/x')],
  ['remove a directory', (vfs) => vfs.removeDirectory('/x')],
  ['sync a directory', (vfs) => vfs.syncDirectory('/x')],
  ['lock', (vfs) => vfs.lock('/x')],
  ['remove asynchronously', (vfs) => vfs.removeAsync?.('/d/x')],
  ['sync asynchronously', (vfs) => vfs.syncDirectoryAsync?.('/x')],
]
const EXISTING: readonly [string, (vfs: Vfs) => unknown][] = [
  ['create new', (vfs) => vfs.open('/d/f', 'createNew')],
  ['make a directory', (vfs) => vfs.makeDirectory('/d')],
  ['link', (vfs) => vfs.link?.('/d/f', '/d/f')],
  ['copy', (vfs) => vfs.copy?.('/d/f', '/d/f')],
]

async function errorOf(call: () => unknown): Promise<LdbError> {
  try {
    await call()
  } catch (error) {
    if (isLdbError(error)) return error
    throw error
  }
  return expect.fail('it throws')
}

test.each(ABSENT)('an absent path is LDB_IO: %s', async (_, operate) => {
  const error = await errorOf(() => operate(newVfs()))
  expect([error.code, error.details.errno]).toEqual(['LDB_IO', 'ENOENT'])
  expect(error.details.file).toBeDefined()
})

test.each(EXISTING)('an existing path is LDB_IO: %s', async (_, operate) => {
  const error = await errorOf(() => operate(newVfs()))
  expect([error.code, error.details.errno]).toEqual(['LDB_IO', 'EEXIST'])
})

test('the system error stays the cause, and other errors pass unchanged', async () => {
  const cause = new Error('of the system')
  const full = new LdbError('LDB_NO_SPACE', 'full')
  const base = new MemoryVfs()
  base.list = (): never => {
    throw new LdbError('LDB_NOT_FOUND', 'gone', { cause })
  }
  base.rename = (): never => {
    throw full
  }
  const vfs = InternalVfs.over(base)
  const error = await errorOf(() => vfs.list('/'))
  expect([error.cause, error.message, error.details.errno]).toEqual([cause, 'gone', 'ENOENT'])
  expect(await errorOf(() => vfs.rename('/a', '/b'))).toBe(full)
})

test('results pass through, optional operations stay absent, and it is not applied twice', async () => {
  const base = new MemoryVfs()
  const vfs = InternalVfs.over(base)
  expect(InternalVfs.over(vfs)).toBe(vfs)
  expect(vfs.freeBytes).toBeUndefined()
  vfs.makeDirectory('/d')
  const file = vfs.open('/d/f', 'createNew')
  file.write(Uint8Array.of(1, 2), 0, 2, 0)
  file.close()
  vfs.link?.('/d/f', '/d/g')
  vfs.copy?.('/d/f', '/d/h')
  vfs.rename('/d/f', '/d/i')
  await vfs.syncDirectoryAsync?.('/d')
  await vfs.removeAsync?.('/d/i')
  expect(base.list('/d')).toEqual(['g', 'h'])
  expect(vfs.status('/d/g')?.length).toBe(2)
  vfs.lock('/d').release()
})
