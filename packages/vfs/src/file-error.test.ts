import { expect, it } from 'vitest'
import { fileError } from './file-error.js'

it('maps the errno to a code', () => {
  const codes = [
    'ENOSPC',
    'EDQUOT',
    'EFBIG',
    'EROFS',
    'ENOENT',
    'EEXIST',
    'EIO',
    'EACCES',
    'constructor',
  ].map((errno) => fileError(errno, { operation: 'write', file: '/f' }).code)
  const full = 'LDB_NO_SPACE'
  const other = 'LDB_IO'
  expect(codes).toEqual([
    full,
    full,
    full,
    'LDB_READ_ONLY',
    'LDB_NOT_FOUND',
    'LDB_EXISTS',
    other,
    other,
    other,
  ])
})

it('keeps file, offset and cause', () => {
  const cause = new Error('why')
  const error = fileError('EIO', { operation: 'write', file: '/f', offset: 7 }, cause)
  expect(error.details).toEqual({ operation: 'write', file: '/f', offset: 7, errno: 'EIO' })
  expect(error.cause).toBe(cause)
  expect(error.message).toBe('write of /f at offset 7 failed: EIO')
})
