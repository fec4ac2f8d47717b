import { corruption, isLdbError, LdbError } from '@ldb/base'
import { isMissingPath } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { readCatalog, readCatalogBytes } from '../catalog/file.js'
import { hasCatalogMagic } from '../catalog/header.js'
import { decodeCatalogFile } from '../catalog/sealed-catalog.js'
import type { KeyAccess } from '../encryption/database-keys.js'
import {
  CATALOG_COPY_NAME,
  CATALOG_NAME,
  CREATING_NAME,
  isSegmentName,
  keyspaceIdOfName,
  KEYSPACES_DIRECTORY,
  LOCK_NAME,
  LOG_DIRECTORY,
} from '../catalog/directory-layout.js'

/** Names of what file systems, version control and desktops put into a directory that is empty for its user. */
const FOREIGN_NAMES: ReadonlySet<string> = new Set(['lost+found', '.gitkeep', '.DS_Store'])

/** State of a path at which a database may be. */
export type DirectoryState =
  | { readonly kind: 'absent' }
  /** An empty directory, or one that contains only a lock file and `FOREIGN_NAMES`. */
  | { readonly kind: 'empty' }
  /** An interrupted creation, which never contained a commit. */
  | { readonly kind: 'unfinished' }
  | {
      readonly kind: 'database'
      readonly catalog: Catalog
      /** Why the catalog is that of the copy; `undefined` when the catalog itself is intact. */
      readonly fault: LdbError | undefined
    }

/**
 * Inspects a path without changing anything (D5).
 *
 * @param access - reads an encrypted catalog; without a secret, it is LDB_KEY.
 * @throws {@link LdbError} LDB_FORMAT when it is not a database, or one of a newer format; LDB_CORRUPTION when it is a database whose
 * catalog is missing or cannot be read (D1).
 */
export function inspectDirectory(vfs: Vfs, directory: string, access: KeyAccess): DirectoryState {
  const status = vfs.status(directory)
  if (status === undefined) return { kind: 'absent' }
  if (status.kind === 'file') throw notDatabase(directory, 'it is a file')
  const names = listDirectory(vfs, directory)
  if (names.includes(CATALOG_NAME)) return inspectCatalog(vfs, directory, names, access)
  if (names.includes(CREATING_NAME)) return { kind: 'unfinished' }
  if (names.every((name) => name === LOCK_NAME || FOREIGN_NAMES.has(name))) return { kind: 'empty' }
  if (holdsDatabaseFiles(vfs, directory, names)) {
    const file = `${directory}/${CATALOG_NAME}`
    return inspectCopy(
      vfs,
      directory,
      access,
      corruption(file, 0, 'the catalog is missing, but other files of a database exist'),
    )
  }
  throw notDatabase(directory, 'it is a directory with other files')
}

function inspectCatalog(
  vfs: Vfs,
  directory: string,
  names: readonly string[],
  access: KeyAccess,
): DirectoryState {
  const path = `${directory}/${CATALOG_NAME}`
  if (vfs.status(path)?.kind !== 'file') {
    if (holdsDatabaseFiles(vfs, directory, names)) throw corruption(path, 0, 'the catalog is not a file')
    throw notDatabase(directory, 'its CATALOG is not a file')
  }
  const bytes = readCatalogBytes(vfs, directory)
  if (!hasCatalogMagic(bytes) && !holdsDatabaseFiles(vfs, directory, names)) {
    throw notDatabase(directory, 'its CATALOG is not a catalog of LDB')
  }
  try {
    return { kind: 'database', catalog: decodeCatalogFile(bytes, path, vfs, access), fault: undefined }
  } catch (error) {
    // An interrupted creation has no copy of a catalog that was complete.
    if (!isLdbError(error, 'LDB_CORRUPTION') || names.includes(CREATING_NAME)) throw error
    return inspectCopy(vfs, directory, access, error)
  }
}

/**
 * Reads the copy of the catalog in place of the catalog. The log decides later whether it is the newest.
 *
 * @param fault - of the catalog; thrown when the copy cannot be read either.
 */
function inspectCopy(vfs: Vfs, directory: string, access: KeyAccess, fault: LdbError): DirectoryState {
  try {
    return { kind: 'database', catalog: readCatalog(vfs, directory, access, CATALOG_COPY_NAME), fault }
  } catch (error) {
    const isAbsent = isLdbError(error, 'LDB_CORRUPTION') || isMissingPath(error)
    throw isAbsent ? fault : error
  }
}

/** Lists a directory. A symbolic link has no kind of its own, so only the listing shows whether it is a directory. */
function listDirectory(vfs: Vfs, directory: string): string[] {
  try {
    return vfs.list(directory)
  } catch (cause) {
    if (isLdbError(cause) && cause.details.errno === 'ENOTDIR') {
      throw notDatabase(directory, 'it is not a directory', cause)
    }
    if (isMissingPath(cause)) {
      throw notDatabase(directory, 'it is a symbolic link to a directory that does not exist', cause)
    }
    throw cause
  }
}

/** Reports whether a directory contains a log segment or the directory of a keyspace. */
function holdsDatabaseFiles(vfs: Vfs, directory: string, names: readonly string[]): boolean {
  return (
    holdsName(vfs, directory, names, LOG_DIRECTORY, isSegmentName) ||
    holdsName(vfs, directory, names, KEYSPACES_DIRECTORY, (name) => keyspaceIdOfName(name) !== undefined)
  )
}

function holdsName(
  vfs: Vfs,
  directory: string,
  names: readonly string[],
  name: string,
  matches: (name: string) => boolean,
): boolean {
  if (!names.includes(name)) return false
  const path = `${directory}/${name}`
  return vfs.status(path)?.kind === 'directory' && vfs.list(path).some(matches)
}

function notDatabase(directory: string, reason: string, cause?: unknown): LdbError {
  return new LdbError('LDB_FORMAT', `${directory} is not a database: ${reason}`, {
    details: { file: directory },
    ...(cause === undefined ? {} : { cause }),
  })
}
