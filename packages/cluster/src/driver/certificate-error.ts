/** Codes of Node for a certificate that is not trusted, not valid, of another host, or refused by the other side. */
const CODES =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH_|CRL_|ERR_SSL_.*(?:CERTIFICATE|UNKNOWN_CA))/

/**
 * Reports whether an error of a socket, or a cause of it, says that one side of a TLS connection does not trust the other. Repetition does not
 * help: a driver rejects with `'fatal'`.
 *
 * @category Errors
 */
export function isCertificateError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  return CODES.test(String(code)) || (cause !== error && isCertificateError(cause))
}
