import { DriverError, isCertificateError, isDriverError } from '@ldb/cluster'
import type { DriverErrorKind } from '@ldb/cluster'

/** Classes (two characters) and codes (five) of SQLSTATE. The longest match applies. */
const KIND_OF_SQLSTATE: Readonly<Record<string, DriverErrorKind>> = {
  '08': 'unavailable',
  '0A000': 'unsupported',
  // The server has become a standby.
  '25006': 'unavailable',
  // An earlier statement of the transaction has failed.
  '25P02': 'conflict',
  // A transaction was idle, or took longer, than the session permits.
  '25P03': 'snapshotTooOld',
  '25P04': 'snapshotTooOld',
  '40': 'conflict',
  '40003': 'commitUnknown',
  '42P01': 'keyspaceGone',
  '53': 'unavailable',
  '53100': 'noSpace',
  '53400': 'limitExceeded',
  '54': 'limitExceeded',
  '55P03': 'unavailable',
  '57': 'unavailable',
  '58': 'fatal',
  '58030': 'unavailable',
  '72000': 'snapshotTooOld',
}

/** Messages of `pg`, which has no codes: a login, or a connection without TLS, that does not become better by repetition. */
const REFUSED_BY_CLIENT = /^SASL: |does not support SSL/

/** SQLSTATE of a violated unique key. */
const UNIQUE_VIOLATION = '23505'

/**
 * Returns the `DriverError` of an error of the client or of the server.
 *
 * @remarks Messages contain the SQLSTATE and the first line of the server, which names no value. Errors without SQLSTATE are those of the socket.
 */
export function driverErrorOf(error: unknown): DriverError {
  if (isDriverError(error)) return error
  if (error instanceof TypeError || error instanceof RangeError) {
    return new DriverError('fatal', `the driver: ${error.message}`, { cause: error })
  }
  const { code, message } = describe(error)
  const kind = code === undefined && isRefusedByClient(error) ? 'fatal' : kindOf(code)
  return new DriverError(kind, message, { cause: error })
}

function isRefusedByClient(error: unknown): boolean {
  return isCertificateError(error) || (error instanceof Error && REFUSED_BY_CLIENT.test(error.message))
}

/** Returns the SQLSTATE of an error of the server; `undefined` for any other. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  // An error of the socket has a code as well: EPIPE looks like a SQLSTATE.
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}

/**
 * Reports whether an error of a statement proves that its transaction is rolled back. Errors of the socket, of a server that shuts down, and
 * of a session that was ended do not.
 */
export function provesRollback(error: unknown): boolean {
  const code = sqlStateOf(error)
  if (code === undefined || code === '40003') return false
  return !code.startsWith('08') && !code.startsWith('57P')
}

/** Returns an error that no server has answered in time. */
export function unavailable(message: string, cause?: unknown): DriverError {
  return new DriverError('unavailable', message, cause === undefined ? {} : { cause })
}

function kindOf(code: string | undefined): DriverErrorKind {
  if (code === undefined) return 'unavailable'
  // Only the key of the markers is unique over several transactions: the marker was claimed.
  if (code === UNIQUE_VIOLATION) return 'conflict'
  return KIND_OF_SQLSTATE[code] ?? KIND_OF_SQLSTATE[code.slice(0, 2)] ?? 'fatal'
}

function describe(error: unknown): { readonly code: string | undefined; readonly message: string } {
  const code = sqlStateOf(error)
  const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  return { code, message: code === undefined ? `connection: ${text}` : `PostgreSQL ${code}: ${text}` }
}
