import { expect, it } from 'vitest'
import { assert } from './assert.js'
import { toLsn, toPageNumber, toSeq, toTxId } from './branded-numbers.js'
import { corruption, invalidArgument, isLdbError, LdbError } from './ldb-error.js'

it('has a code, a cause and frozen details', () => {
  const cause = new Error('disk')
  const error = new LdbError('LDB_IO', 'write failed', { cause, details: { file: 'f', errno: 'EIO' } })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'LdbError', code: 'LDB_IO', message: 'write failed', cause })
  expect(error.details).toEqual({ file: 'f', errno: 'EIO' })
  expect(Object.isFrozen(error.details)).toBe(true)
  expect('cause' in new LdbError('LDB_IO', 'x')).toBe(false)
})

it('isLdbError recognizes errors and codes across copies of the package', () => {
  const error = invalidArgument('no')
  const foreign = Object.assign(new Error('x'), { code: 'LDB_IO', [Symbol.for('ldb.LdbError')]: true })
  expect([isLdbError(error), isLdbError(error, 'LDB_INVALID_ARGUMENT'), isLdbError(error, 'LDB_IO')]).toEqual(
    [true, true, false],
  )
  expect(isLdbError(foreign, 'LDB_IO')).toBe(true)
  for (const other of [
    new Error('x'),
    Object.assign(new Error('x'), { code: 'LDB_IO' }),
    'LDB_IO',
    null,
    undefined,
  ]) {
    expect(isLdbError(other)).toBe(false)
  }
})

it('a corruption error names file and offset', () => {
  const error = corruption('tree.ldb', 8192, 'page checksum', { expected: 1, actual: 2 })
  expect(error).toMatchObject({
    code: 'LDB_CORRUPTION',
    details: { file: 'tree.ldb', offset: 8192, expected: 1, actual: 2 },
  })
  expect(error.message).toContain('tree.ldb')
  expect(error.message).toContain('8192')
})

it('assertions and branded numbers throw LDB_INVARIANT', () => {
  const invariant = expect.objectContaining({ code: 'LDB_INVARIANT' })
  expect(() => assert(false, 'never')).toThrow(invariant)
  expect(() => assert(true, 'always')).not.toThrow()
  for (const make of [toLsn, toPageNumber, toSeq, toTxId]) {
    expect(make(0)).toBe(0)
    expect(make(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER)
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => make(value)).toThrow(invariant)
  }
})
