import { expect, test } from 'vitest'
import { isCertificateError } from './certificate-error.js'

const coded = (code: string): Error => Object.assign(new Error(code), { code })

test.each([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
])('%s is one, also as a cause', (code) => {
  expect(isCertificateError(coded(code))).toBe(true)
  expect(isCertificateError(new Error('cancelled', { cause: coded(code) }))).toBe(true)
})

test.each([
  coded('ECONNRESET'),
  coded('ERR_SSL_WRONG_VERSION_NUMBER'),
  new Error('CERT_'),
  undefined,
  null,
  'CERT_',
])('%s is none', (error) => {
  expect(isCertificateError(error)).toBe(false)
})
