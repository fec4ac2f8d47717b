import { constants } from 'node:os'
import { isLdbError } from '@ldb/base'
import { expect, it } from 'vitest'
import { attempt, errnoName, errnoOf, nodeError } from './error.js'

/** Creates the error of libuv for an errno that is not in its table. */
function unknownError(errno: number): Error {
  const text = 'UNKNOWN: unknown error, write'
  return Object.assign(new Error(text), { code: 'UNKNOWN', errno, syscall: 'write', path: '/f' })
}

const WHERE = { operation: 'write', file: '/f', offset: 7 }
const { EDQUOT, ENOSPC, ESTALE } = constants.errno

it('names a full quota, which libuv does not know, by its number', () => {
  const cause = unknownError(-EDQUOT)
  const error = nodeError(cause, WHERE)
  expect(error.code).toBe('LDB_NO_SPACE')
  expect(error.details).toEqual({ ...WHERE, errno: 'EDQUOT' })
  expect(error.message).toBe('write of /f at offset 7 failed: EDQUOT')
  expect(error.cause).toBe(cause)
})

it.each([
  ['by code', { code: 'EDQUOT' }, 'EDQUOT'],
  ['by number alone', { errno: -EDQUOT }, 'EDQUOT'],
  ['by a known number alone', { errno: -ENOSPC }, 'ENOSPC'],
  ['of a stale handle', unknownError(-ESTALE), 'ESTALE'],
  ['by code before number', { code: 'EIO', errno: -ENOSPC }, 'EIO'],
  ['without a known number', unknownError(-4094), 'UNKNOWN'],
  ['of another kind', { code: 'ERR_INVALID_ARG_VALUE' }, 'ERR_INVALID_ARG_VALUE'],
])('names an error %s', (_, error, name) => {
  expect(errnoOf(error)).toBe(name)
})

it('names no error that is not one of the system', () => {
  for (const error of [undefined, null, 'text', new Error('x'), { code: 5, errno: 'x' }, { errno: 0.5 }])
    expect(errnoOf(error)).toBeUndefined()
  expect(nodeError(new TypeError('x'), WHERE).details.errno).toBe('EIO')
})

it('names the numbers of libuv and of the system', () => {
  expect([errnoName(-EDQUOT), errnoName(-ENOSPC), errnoName(-987_654)]).toEqual([
    'EDQUOT',
    'ENOSPC',
    undefined,
  ])
})

it('attempt converts every error', () => {
  const cause = unknownError(-EDQUOT)
  try {
    attempt('rename', '/f', () => {
      throw cause
    })
    expect.fail('it throws')
  } catch (error) {
    expect(isLdbError(error, 'LDB_NO_SPACE') && error.cause).toBe(cause)
  }
})
