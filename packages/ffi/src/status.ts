import type { LdbErrorCode } from '@ldb/base'

/**
 * The numbers of the error codes in the C interface, `enum ldb_status` of `ldb.h`. They are part of the binary interface: never renumber.
 *
 * @category Interface
 */
export const STATUS: Readonly<Record<LdbErrorCode, number>> = Object.freeze({
  LDB_INVALID_ARGUMENT: -1,
  LDB_CLOSED: -2,
  LDB_NOT_FOUND: -3,
  LDB_EXISTS: -4,
  LDB_LOCKED: -5,
  LDB_CONFLICT: -6,
  LDB_READ_ONLY: -7,
  LDB_TOO_LARGE: -8,
  LDB_NO_SPACE: -9,
  LDB_IO: -10,
  LDB_POISONED: -11,
  LDB_COMMIT_UNKNOWN: -12,
  LDB_CORRUPTION: -13,
  LDB_FORMAT: -14,
  LDB_KEY: -15,
  LDB_UNSUPPORTED: -16,
  LDB_ABORTED: -17,
  LDB_INVARIANT: -18,
})

/** Status of a call for which the engine had no memory. The C library adds others of its own below it. */
export const NO_MEMORY = -19
