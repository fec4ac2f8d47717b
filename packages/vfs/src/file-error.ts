import { LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'

const CODES: ReadonlyMap<string, LdbErrorCode> = new Map([
  ['ENOSPC', 'LDB_NO_SPACE'],
  ['EDQUOT', 'LDB_NO_SPACE'],
  ['EFBIG', 'LDB_NO_SPACE'],
  ['EROFS', 'LDB_READ_ONLY'],
  ['ENOENT', 'LDB_NOT_FOUND'],
  ['EEXIST', 'LDB_EXISTS'],
])

/** Where a file operation failed. @category Files */
export interface FileOperation {
  /** The operation, `'write'` for instance. */
  readonly operation: string
  readonly file: string
  /** Byte offset in the file, where there is one. */
  readonly offset?: number
}

/**
 * Makes the {@link LdbError} for a failed file operation: `LDB_NO_SPACE` for a full device or quota and a file over
 * its size limit, `LDB_READ_ONLY`, `LDB_NOT_FOUND`, `LDB_EXISTS`, and `LDB_IO` for all else.
 *
 * @param errno - the operating system's name of the failure, `'ENOSPC'` for instance.
 * @category Files
 */
export function fileError(errno: string, where: FileOperation, cause?: unknown): LdbError {
  const { operation, file, offset } = where
  const place = offset === undefined ? '' : ` at offset ${offset}`
  return new LdbError(CODES.get(errno) ?? 'LDB_IO', `${operation} of ${file}${place} failed: ${errno}`, {
    details: { file, operation, errno, ...(offset === undefined ? {} : { offset }) },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Makes the error for the use of a file that was closed. */
export function closedFile(file: string, operation: string): LdbError {
  return new LdbError('LDB_CLOSED', `${operation} of ${file}: the file is closed`, {
    details: { file, operation },
  })
}

/** Makes the error for a write to a file that was opened for reading. */
export function readOnlyFile(file: string, operation: string): LdbError {
  return new LdbError('LDB_READ_ONLY', `${operation} of ${file}: the file was opened for reading`, {
    details: { file, operation },
  })
}

/** Makes the error for an attempt to open what is not a regular file. */
export function notRegular(file: string, kind: 'directory' | 'other'): LdbError {
  return fileError(kind === 'directory' ? 'EISDIR' : 'ENOTSUP', { operation: 'open', file })
}
