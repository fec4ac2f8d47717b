import { expect, test } from 'vitest'
import { driverErrorOf, provesRollback } from './error-kinds.js'

function serverError(code: string): Error {
  return Object.assign(new Error('message'), { code, severity: 'ERROR' })
}

test.each([
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  ['40003', 'commitUnknown'],
  ['23505', 'conflict'],
  ['25006', 'unavailable'],
  ['25P03', 'snapshotTooOld'],
  ['08006', 'unavailable'],
  ['57P01', 'unavailable'],
  ['57014', 'unavailable'],
  ['53100', 'noSpace'],
  ['53300', 'unavailable'],
  ['54000', 'limitExceeded'],
  ['72000', 'snapshotTooOld'],
  ['42P01', 'keyspaceGone'],
  ['28P01', 'fatal'],
  ['42501', 'fatal'],
])('%s is of kind %s', (code, kind) => {
  expect(driverErrorOf(serverError(code)).kind).toBe(kind)
})

test('only an answer of the server proves that a transaction is rolled back', () => {
  expect(provesRollback(serverError('40001'))).toBe(true)
  expect(provesRollback(serverError('53100'))).toBe(true)
  for (const code of ['57P01', '57P02', '08006', '40003'])
    expect(provesRollback(serverError(code))).toBe(false)
  for (const code of ['EPIPE', 'ECONNRESET']) {
    const error = Object.assign(new Error(code), { code })
    expect(provesRollback(error)).toBe(false)
    expect(driverErrorOf(error).kind).toBe('unavailable')
  }
})

test.each([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])('a certificate with %s does not become better by repetition', (code) => {
  expect(driverErrorOf(Object.assign(new Error('certificate'), { code })).kind).toBe('fatal')
})
