import { corruption } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from './catalog.js'
import { decodeCatalogFile, encodeCatalogFile } from './sealed-catalog.js'
import { CATALOG_CODEC } from './header.js'
import { CATALOG_COPY_NAME, CATALOG_NAME, CATALOG_NEW_NAME } from './directory-layout.js'
import { KeyAccess } from '../encryption/database-keys.js'
import { CATALOG_BYTES_MAX } from '../format.js'

/** Reads the bytes of a catalog. @throws {@link LdbError} LDB_CORRUPTION when the file is too long for a catalog. */
export function readCatalogBytes(vfs: Vfs, directory: string, name: string = CATALOG_NAME): Uint8Array {
  const path = `${directory}/${name}`
  const file = vfs.open(path, 'read')
  try {
    const fileBytes = file.length()
    if (fileBytes > CATALOG_BYTES_MAX) throw corruption(path, CATALOG_BYTES_MAX, 'the catalog is too long')
    const bytes = new Uint8Array(fileBytes)
    const count = file.read(bytes, 0, fileBytes, 0)
    return count === fileBytes ? bytes : bytes.slice(0, count)
  } finally {
    file.close()
  }
}

/** Reads, checks and decodes the catalog of a database. Throws as `decodeCatalogFile`. */
export function readCatalog(
  vfs: Vfs,
  directory: string,
  access: KeyAccess = new KeyAccess(directory, undefined),
  name: string = CATALOG_NAME,
): Catalog {
  return decodeCatalogFile(readCatalogBytes(vfs, directory, name), `${directory}/${name}`, vfs, access)
}

/**
 * Replaces the catalog atomically: temporary file, sync, copy, rename, directory sync. After an error a crash may leave either the
 * old or the new catalog, so the database must be poisoned.
 *
 * @remarks The copy is not synced by itself: one that is torn or older does no harm, because it is used only when the catalog is damaged,
 * and is checked as the catalog is. It precedes the rename, after which no write may fail.
 */
export function replaceCatalog(vfs: Vfs, directory: string, catalog: Catalog, keys?: DataKeys): void {
  const bytes = encodeCatalogFile(catalog, keys)
  const temporary = `${directory}/${CATALOG_NEW_NAME}`
  const file = vfs.open(temporary, 'create')
  try {
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
    file.sync()
  } finally {
    file.close()
  }
  writeCopy(vfs, directory, catalog.generation, bytes)
  vfs.rename(temporary, `${directory}/${CATALOG_NAME}`)
  vfs.syncDirectory(directory)
}

function writeCopy(vfs: Vfs, directory: string, generation: number, bytes: Uint8Array): void {
  const file = vfs.open(`${directory}/${CATALOG_COPY_NAME}`, 'create')
  try {
    file.truncate(0)
    CATALOG_CODEC.write(file, UnitKind.Catalog, 0, generation, bytes, 0, bytes.length)
  } finally {
    file.close()
  }
}
