import { isLdbError } from '@ldb/base'
import { fileError, isMissingPath } from './file-error.js'
import { directoryOf } from './path-names.js'
import type { Vfs } from './vfs.js'

/** Errors of a process without access to a directory: it has not created it. */
const NO_ACCESS = new Set(['EACCES', 'EPERM'])

/**
 * Creates the parent directories of a path that are missing. When it returns, the entries of all directories that it, or an interrupted
 * earlier call, has created are durable.
 *
 * @remarks Each directory is created after the entry of the one above it is durable. So an interruption leaves at most one directory
 * whose entry is not durable, and that one is empty: the entry of an empty parent is synced again. A parent with entries costs one listing.
 * @throws {@link LdbError} LDB_IO when a parent exists and is not a directory; LDB_READ_ONLY, LDB_NO_SPACE, LDB_IO.
 * @category Paths
 */
export function makeParents(vfs: Vfs, path: string): void {
  const parent = directoryOf(path)
  if (!syncIfEmpty(vfs, parent)) makeDirectories(vfs, parent)
}

function makeDirectories(vfs: Vfs, directory: string): void {
  const missing: string[] = []
  let existing = directory
  let status = vfs.status(existing)
  while (status === undefined && directoryOf(existing) !== existing) {
    missing.push(existing)
    existing = directoryOf(existing)
    status = vfs.status(existing)
  }
  if (status?.kind === 'file') throw fileError('ENOTDIR', { operation: 'makeDirectory', file: existing })
  syncIfEmpty(vfs, existing)
  for (const path of missing.reverse()) {
    try {
      vfs.makeDirectory(path)
    } catch (error) {
      // Another process has created it.
      if (!isLdbError(error, 'LDB_EXISTS') && !isInTheWay(error)) throw error
    }
    syncCreated(vfs, path)
  }
}

/** Reports whether an operation on an internal file has found that the path exists. */
function isInTheWay(error: unknown): boolean {
  return isLdbError(error) && error.details.errno === 'EEXIST'
}

/** Makes the entry of a created directory durable, or removes the directory, so that a retry creates it again. */
function syncCreated(vfs: Vfs, path: string): void {
  try {
    vfs.syncDirectory(directoryOf(path))
  } catch (error) {
    try {
      vfs.removeDirectory(path)
    } catch (failure) {
      if (!isLdbError(failure)) throw failure
    }
    throw error
  }
}

/** Syncs the entry of a directory that is empty. Returns false when there is no directory. */
function syncIfEmpty(vfs: Vfs, directory: string): boolean {
  const parent = directoryOf(directory)
  try {
    if (vfs.list(directory).length === 0 && parent !== directory) vfs.syncDirectory(parent)
  } catch (error) {
    const errno = isLdbError(error) ? error.details.errno : undefined
    if (isMissingPath(error) || errno === 'ENOTDIR') return false
    if (errno === undefined || !NO_ACCESS.has(errno)) throw error
  }
  return true
}
