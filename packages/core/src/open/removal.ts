import { isLdbError, LdbError } from '@ldb/base'
import { defaultVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import {
  CATALOG_COPY_NAME,
  CATALOG_NAME,
  CATALOG_NEW_NAME,
  CREATING_NAME,
  isLogName,
  keyspaceIdOfName,
  keyspacePath,
  keyspacesPath,
  LOCK_NAME,
  logPath,
} from '../catalog/directory-layout.js'
import { BUILT_IN_ENGINES, isStoreFileName } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'
import { inspectDirectory } from './directory-inspection.js'
import { normalizePath } from '../catalog/path.js'

/**
 * Deletes a database; documented where it is exported, as `Database.destroy`.
 *
 * @remarks The catalog goes last: whatever a crash leaves is either a database, which this can delete again, or
 * nothing but a lock.
 */
export function destroyDatabase(
  path: string,
  vfs: Vfs = defaultVfs(),
  engines: EngineTable = BUILT_IN_ENGINES,
): void {
  const directory = normalizePath(path)
  assertDatabase(vfs, directory)
  const lock = vfs.lock(directory)
  try {
    assertDatabase(vfs, directory)
    removeStores(vfs, directory, engines)
    removeKnown(vfs, logPath(directory), isLogName)
    removeIfThere(vfs, `${directory}/${CATALOG_NEW_NAME}`)
    removeIfThere(vfs, `${directory}/${CATALOG_COPY_NAME}`)
    vfs.syncDirectory(directory)
    removeIfThere(vfs, `${directory}/${CATALOG_NAME}`)
    removeIfThere(vfs, `${directory}/${CREATING_NAME}`)
  } finally {
    lock.release()
  }
  removeIfThere(vfs, `${directory}/${LOCK_NAME}`)
  removeDirectoryIfEmpty(vfs, directory)
}

/** Removes what a creation that was broken off has left in a directory, except the mark that says so. */
export function removeUnfinishedFiles(vfs: Vfs, directory: string, engines: EngineTable): void {
  removeStores(vfs, directory, engines)
  removeKnown(vfs, logPath(directory), isLogName)
  removeIfThere(vfs, `${directory}/${CATALOG_NEW_NAME}`)
}

/** Removes the files of one keyspace; unknown names, and the directory around them, stay (D2). */
export function removeKeyspaceFiles(
  vfs: Vfs,
  directory: string,
  keyspaceId: number,
  engines: EngineTable,
): void {
  removeKnown(vfs, keyspacePath(directory, keyspaceId), (name) => isStoreFileName(engines, name))
}

function assertDatabase(vfs: Vfs, directory: string): void {
  let kind: string
  try {
    kind = inspectDirectory(vfs, directory).kind
  } catch (error) {
    // A damaged database is one.
    if (isLdbError(error, 'LDB_CORRUPTION')) return
    throw error
  }
  if (kind === 'absent') {
    throw new LdbError('LDB_NOT_FOUND', `there is nothing at ${directory}`, { details: { file: directory } })
  }
  if (kind === 'empty') {
    throw new LdbError('LDB_FORMAT', `${directory} is not a database: it is empty`, {
      details: { file: directory },
    })
  }
}

function removeStores(vfs: Vfs, directory: string, engines: EngineTable): void {
  const path = keyspacesPath(directory)
  if (vfs.status(path)?.kind !== 'directory') return
  for (const name of vfs.list(path)) {
    const id = keyspaceIdOfName(name)
    if (id !== undefined) removeKeyspaceFiles(vfs, directory, id, engines)
  }
  removeDirectoryIfEmpty(vfs, path)
}

/** Removes the files of known names in a directory, and the directory when nothing else is in it. */
function removeKnown(vfs: Vfs, path: string, isKnown: (name: string) => boolean): void {
  if (vfs.status(path)?.kind !== 'directory') return
  for (const name of vfs.list(path)) {
    if (isKnown(name)) removeIfThere(vfs, `${path}/${name}`)
  }
  removeDirectoryIfEmpty(vfs, path)
}

function removeIfThere(vfs: Vfs, path: string): void {
  if (vfs.status(path)?.kind === 'file') vfs.remove(path)
}

function removeDirectoryIfEmpty(vfs: Vfs, path: string): void {
  if (vfs.list(path).length === 0) vfs.removeDirectory(path)
}
