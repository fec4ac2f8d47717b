import { expect, it } from 'vitest'
import { fileError, isMissingPath } from './file-error.js'

const codeOf = (errno: string, operation: string): string => fileError(errno, { operation, file: '/f' }).code

it.each([
  ['ENOSPC', 'LDB_NO_SPACE'],
  ['EDQUOT', 'LDB_NO_SPACE'],
  ['EFBIG', 'LDB_NO_SPACE'],
  ['EROFS', 'LDB_READ_ONLY'],
  ['ENOENT', 'LDB_NOT_FOUND'],
  ['EEXIST', 'LDB_EXISTS'],
  ['EIO', 'LDB_IO'],
  ['EACCES', 'LDB_IO'],
  ['EPERM', 'LDB_IO'],
  ['EMFILE', 'LDB_IO'],
  ['ENFILE', 'LDB_IO'],
  ['ENAMETOOLONG', 'LDB_IO'],
  ['ELOOP', 'LDB_IO'],
  ['ENOTDIR', 'LDB_IO'],
  ['EISDIR', 'LDB_IO'],
  ['EINVAL', 'LDB_IO'],
  ['ESTALE', 'LDB_IO'],
  ['UNKNOWN', 'LDB_IO'],
  ['constructor', 'LDB_IO'],
])('maps %s of an operation by name to %s', (errno, code) => {
  expect(codeOf(errno, 'open')).toBe(code)
})

it.each(['identity', 'read', 'write', 'sync', 'truncate', 'length', 'preallocate', 'close'])(
  'an open file is neither absent nor in the way: %s',
  (operation) => {
    expect([codeOf('ENOENT', operation), codeOf('EEXIST', operation)]).toEqual(['LDB_IO', 'LDB_IO'])
    expect(codeOf('EDQUOT', operation)).toBe('LDB_NO_SPACE')
  },
)

it('keeps file, offset and cause', () => {
  const cause = new Error('why')
  const error = fileError('EIO', { operation: 'write', file: '/f', offset: 7 }, cause)
  expect(error.details).toEqual({ operation: 'write', file: '/f', offset: 7, errno: 'EIO' })
  expect(error.cause).toBe(cause)
  expect(error.message).toBe('write of /f at offset 7 failed: EIO')
})

it('recognizes a missing path', () => {
  const where = { operation: 'open', file: '/f' }
  expect(isMissingPath(fileError('ENOENT', where))).toBe(true)
  expect(isMissingPath(fileError('ENOENT', { ...where, operation: 'read' }))).toBe(true)
  expect(isMissingPath(fileError('EIO', where))).toBe(false)
  expect(isMissingPath(Object.assign(new Error('raw'), { code: 'ENOENT' }))).toBe(false)
})
