import { isLdbError, LdbError } from '@ldb/base'
import { isBlobFileName } from '@ldb/blob'
import { defaultVfs, InternalVfs, OwnedVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import {
  blobsPath,
  CATALOG_COPY_NAME,
  CATALOG_NAME,
  CATALOG_NEW_NAME,
  CREATING_NAME,
  isLogName,
  keyspaceIdOfName,
  keyspacePath,
  keyspacesPath,
  logPath,
  reservePath,
} from '../catalog/directory-layout.js'
import { KEYS_NAME, KEYS_NEW_NAME, KeyAccess } from '../encryption/database-keys.js'
import { BUILT_IN_ENGINES, isStoreFileName } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'
import { inspectDirectory } from './directory-inspection.js'
import { lockDirectory } from './directory-lock.js'
import { resolveDirectory } from '../catalog/path.js'

/**
 * Deletes a database; documented where it is exported, as `Database.destroy`.
 *
 * @remarks The catalog is removed last: a crash leaves either a database, which can be deleted again, or only a lock file.
 */
export function destroyDatabase(
  path: FilePath,
  given: Vfs = defaultVfs(),
  engines: EngineTable = BUILT_IN_ENGINES,
): void {
  const base = InternalVfs.over(given)
  const directory = resolveDirectory(base, path)
  assertDatabase(base, directory)
  const vfs = new OwnedVfs(base)
  const lock = lockDirectory(vfs, vfs, directory)
  // (D8) Its check continues when the lock is released.
  const unlocked = OwnedVfs.over(base, directory)
  try {
    assertDatabase(unlocked, directory)
    removeIfThere(unlocked, reservePath(directory))
    removeStores(vfs, directory, engines)
    removeKnown(vfs, logPath(directory), isLogName)
    removeKnown(vfs, blobsPath(directory), isBlobFileName)
    removeIfThere(vfs, `${directory}/${CATALOG_NEW_NAME}`)
    removeIfThere(vfs, `${directory}/${CATALOG_COPY_NAME}`)
    removeIfThere(vfs, `${directory}/${KEYS_NEW_NAME}`)
    vfs.syncDirectory(directory)
    removeIfThere(vfs, `${directory}/${KEYS_NAME}`)
    removeIfThere(vfs, `${directory}/${CATALOG_NAME}`)
    removeIfThere(vfs, `${directory}/${CREATING_NAME}`)
  } finally {
    lock.release()
  }
  // The owner of a symbolic link keeps it and the directory that it leads to, and may create another database there.
  if (unlocked.status(directory)?.kind === 'directory') removeDirectoryIfEmpty(unlocked, directory)
}

/** Removes the files of an interrupted creation, except `CREATING`. */
export function removeUnfinishedFiles(vfs: Vfs, directory: string, engines: EngineTable): void {
  removeStores(vfs, directory, engines)
  removeKnown(vfs, logPath(directory), isLogName)
  removeIfThere(vfs, `${directory}/${CATALOG_NEW_NAME}`)
  removeIfThere(vfs, `${directory}/${KEYS_NAME}`)
  removeIfThere(vfs, `${directory}/${CATALOG_COPY_NAME}`)
}

/** Removes the files of one keyspace. Files with unknown names stay, and so does their directory (D2). */
export function removeKeyspaceFiles(
  vfs: Vfs,
  directory: string,
  keyspaceId: number,
  engines: EngineTable,
): void {
  const path = keyspacePath(directory, keyspaceId)
  if (vfs.status(path)?.kind !== 'directory') return
  // The manifest of an LSM tree sorts behind its tables. Without it the tables are no store.
  for (const name of vfs.list(path).reverse()) {
    if (isStoreFileName(engines, name)) removeIfThere(vfs, `${path}/${name}`)
  }
  removeDirectoryIfEmpty(vfs, path)
}

function assertDatabase(vfs: Vfs, directory: string): void {
  let kind: string
  try {
    kind = inspectDirectory(vfs, directory, new KeyAccess(directory, undefined)).kind
  } catch (error) {
    // A corrupt database may be deleted, and an encrypted one without its key.
    if (isLdbError(error, 'LDB_CORRUPTION') || isLdbError(error, 'LDB_KEY')) return
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

/** Removes the files with known names in a directory, and the directory if it is then empty. */
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
