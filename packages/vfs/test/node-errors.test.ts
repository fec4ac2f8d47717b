// Strategy: each function of node:fs fails with the error that libuv creates for a full quota, whose number it does not know.
// Invariant: every operation of the file system throws LDB_NO_SPACE, with the name in the details and the error of Node as the cause.
import fs from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLdbError } from '@ldb/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { NodeVfs } from '../src/index.js'
import type { VfsFile } from '../src/index.js'

const vfs = new NodeVfs()
const ONE = Uint8Array.of(1)
let root = ''
let file: VfsFile

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-errors-'))
  file = vfs.open(join(root, 'file'), 'createNew')
})

afterEach(() => {
  file.close()
  rmSync(root, { recursive: true, force: true })
})

function quotaError(): Error {
  const details = { code: 'UNKNOWN', errno: -constants.errno.EDQUOT, syscall: 'write', path: '/f' }
  return Object.assign(new Error('UNKNOWN: unknown error, write'), details)
}

type Name =
  | 'openSync'
  | 'mkdirSync'
  | 'renameSync'
  | 'linkSync'
  | 'copyFileSync'
  | 'unlinkSync'
  | 'rmdirSync'
  | 'fsyncSync'
  | 'readdirSync'
  | 'lstatSync'
  | 'writeSync'
  | 'readSync'
  | 'ftruncateSync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'unlink'
  | 'fsync'
  | 'write'
  | 'read'
  | 'fdatasync'

const CASES: readonly [Name, () => unknown][] = [
  ['openSync', (): unknown => vfs.open(join(root, 'new'), 'createNew')],
  ['mkdirSync', (): unknown => vfs.makeDirectory(join(root, 'd'))],
  ['renameSync', (): unknown => vfs.rename(join(root, 'file'), join(root, 'g'))],
  ['linkSync', (): unknown => vfs.link(join(root, 'file'), join(root, 'g'))],
  ['copyFileSync', (): unknown => vfs.copy(join(root, 'file'), join(root, 'g'))],
  ['unlinkSync', (): unknown => vfs.remove(join(root, 'file'))],
  ['rmdirSync', (): unknown => vfs.removeDirectory(join(root, 'd'))],
  ['fsyncSync', (): unknown => vfs.syncDirectory(root)],
  ['readdirSync', (): unknown => vfs.list(root)],
  ['lstatSync', (): unknown => vfs.status(root)],
  ['openSync', (): unknown => vfs.lock(root)],
  ['writeSync', (): unknown => file.write(ONE, 0, 1, 0)],
  ['writeSync', (): unknown => file.preallocate(10)],
  ['readSync', (): unknown => file.read(new Uint8Array(1), 0, 1, 0)],
  ['ftruncateSync', (): unknown => file.truncate(1)],
  ['fdatasyncSync', (): unknown => file.sync()],
  ['fstatSync', (): unknown => file.length()],
  ['unlink', (): unknown => vfs.removeAsync(join(root, 'file'))],
  ['fsync', (): unknown => vfs.syncDirectoryAsync(root)],
  ['write', (): unknown => file.writeAsync(ONE, 0, 1, 0)],
  ['read', (): unknown => file.readAsync(new Uint8Array(1), 0, 1, 0)],
  ['fdatasync', (): unknown => file.syncAsync()],
]

/** Runs an action while a function of node:fs fails. */
async function failing(name: Name, cause: Error, action: () => unknown): Promise<unknown> {
  const functions = fs as unknown as Record<Name, unknown>
  const original = functions[name]
  functions[name] = (...args: unknown[]): void => {
    if (name.endsWith('Sync')) throw cause
    const done = args.at(-1) as (error: Error) => void
    setImmediate(done, cause)
  }
  syncBuiltinESMExports()
  try {
    await action()
    return undefined
  } catch (error) {
    return error
  } finally {
    functions[name] = original
    syncBuiltinESMExports()
  }
}

test.each(CASES)('a full quota in %s', async (name, operate) => {
  const cause = quotaError()
  const error = await failing(name, cause, operate)
  expect(isLdbError(error, 'LDB_NO_SPACE') && error.details.errno).toBe('EDQUOT')
  expect(isLdbError(error) && error.cause).toBe(cause)
})
