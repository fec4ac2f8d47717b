import { isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'

/** Reports whether an error says that a file of the database is damaged: also one that does not begin with the magic of its kind. */
export function isDamage(error: unknown): error is LdbError {
  return isLdbError(error, 'LDB_CORRUPTION') || isLdbError(error, 'LDB_FORMAT')
}
