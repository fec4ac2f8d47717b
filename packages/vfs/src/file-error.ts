import { isLdbError, LdbError, ownProperty } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'

const CODE_BY_ERRNO: ReadonlyMap<string, LdbErrorCode> = new Map([
  ['ENOSPC', 'LDB_NO_SPACE'],
  ['EDQUOT', 'LDB_NO_SPACE'],
  ['EFBIG', 'LDB_NO_SPACE'],
  ['EROFS', 'LDB_READ_ONLY'],
])
/** Codes of the operations by name only: an open file is there, whatever the system answers. */
const NAME_CODE_BY_ERRNO: ReadonlyMap<string, LdbErrorCode> = new Map([
  ['ENOENT', 'LDB_NOT_FOUND'],
  ['EEXIST', 'LDB_EXISTS'],
])
const FILE_OPERATIONS = new Set([
  'identity',
  'read',
  'write',
  'sync',
  'truncate',
  'length',
  'preallocate',
  'close',
])

/** Names a failed file operation, its file and its offset. @category Files */
export interface FileOperation {
  /** Name of the operation, for instance `'write'`. */
  readonly operation: string
  /** Path of the file. */
  readonly file: string
  /** Byte offset in the file, for reads and writes. */
  readonly offset?: number
}

/**
 * Creates the {@link LdbError} for a failed file operation.
 *
 * @remarks The code is `LDB_NO_SPACE` for a full device (`ENOSPC`), a full quota (`EDQUOT`) and a file over the size limit (`EFBIG`),
 * `LDB_READ_ONLY` for a read-only file system (`EROFS`), and `LDB_IO` for everything else: access (`EACCES`, `EPERM`), descriptors
 * (`EMFILE`, `ENFILE`), paths (`ENAMETOOLONG`, `ELOOP`, `ENOTDIR`, `EISDIR`), devices (`EIO`, `EINVAL`, `ESTALE`). Only an operation by
 * name is `LDB_NOT_FOUND` (`ENOENT`) or `LDB_EXISTS` (`EEXIST`): an operation on an open file is `LDB_IO` then.
 *
 * @param errno - symbolic error code of the operating system, for instance `'ENOSPC'`.
 * @category Files
 */
export function fileError(errno: string, where: FileOperation, cause?: unknown): LdbError {
  const { operation, file } = where
  const offset = ownProperty(where, 'offset')
  const position = offset === undefined ? '' : ` at offset ${offset}`
  return new LdbError(codeOf(errno, operation), `${operation} of ${file}${position} failed: ${errno}`, {
    details: { file, operation, errno, ...(offset === undefined ? {} : { offset }) },
    ...(cause === undefined ? {} : { cause }),
  })
}

function codeOf(errno: string, operation: string): LdbErrorCode {
  const code = FILE_OPERATIONS.has(operation) ? undefined : NAME_CODE_BY_ERRNO.get(errno)
  return code ?? CODE_BY_ERRNO.get(errno) ?? 'LDB_IO'
}

/** Reports whether an operation failed because a path does not exist, also an operation on internal files. @category Files */
export function isMissingPath(error: unknown): boolean {
  if (!isLdbError(error)) return false
  return error.code === 'LDB_NOT_FOUND' || (error.code === 'LDB_IO' && error.details.errno === 'ENOENT')
}

const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])

/**
 * Reports whether an operation failed because the process or the system has no file descriptors or no memory left. Nothing is known
 * about the file then, and the operation may succeed later.
 *
 * @category Files
 */
export function isResourceShortage(error: unknown): boolean {
  return isLdbError(error) && SHORTAGES.has(error.details.errno ?? '')
}

/** Creates the error for the use of a closed file. */
export function closedFileError(file: string, operation: string): LdbError {
  return new LdbError('LDB_CLOSED', `${operation} of ${file}: the file is closed`, {
    details: { file, operation },
  })
}

/** Creates the error for a write to a file opened for reading. */
export function readOnlyFileError(file: string, operation: string): LdbError {
  return new LdbError('LDB_READ_ONLY', `${operation} of ${file}: the file was opened for reading`, {
    details: { file, operation },
  })
}

/** Creates the error for an operation that requires a regular file: EISDIR for a directory, ENOTSUP otherwise. */
export function notRegularError(file: string, kind: 'directory' | 'other', operation: string): LdbError {
  return fileError(kind === 'directory' ? 'EISDIR' : 'ENOTSUP', { operation, file })
}
