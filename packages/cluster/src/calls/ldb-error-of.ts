import { LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { isDriverError } from '../driver/driver-error.js'
import type { DriverErrorKind } from '../driver/driver-error.js'

const CODES: Readonly<Record<DriverErrorKind, LdbErrorCode>> = {
  conflict: 'LDB_CONFLICT',
  commitUnknown: 'LDB_COMMIT_UNKNOWN',
  snapshotTooOld: 'LDB_NOT_FOUND',
  limitExceeded: 'LDB_TOO_LARGE',
  noSpace: 'LDB_NO_SPACE',
  unavailable: 'LDB_IO',
  keyspaceGone: 'LDB_NOT_FOUND',
  unsupported: 'LDB_UNSUPPORTED',
  closed: 'LDB_CLOSED',
  fatal: 'LDB_IO',
}

/** Returns the `LdbError` for an error of a driver, with it as the `cause`. Any other error is returned as it is. */
export function ldbErrorOf(error: unknown, engine: string): unknown {
  if (!isDriverError(error)) return error
  return new LdbError(CODES[error.kind], `${engine}: ${error.message}`, { cause: error })
}

/** Reports whether a call that failed may succeed when it is made again from fresh reads. */
export function isTransient(error: unknown): boolean {
  return isDriverError(error, 'conflict') || isDriverError(error, 'unavailable')
}
