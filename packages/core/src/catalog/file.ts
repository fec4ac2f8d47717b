import { corruption } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { CATALOG_CODEC, decodeCatalog, encodeCatalog } from './catalog.js'
import type { Catalog } from './catalog.js'
import { CATALOG_NAME, CATALOG_NEW_NAME } from './directory-layout.js'
import { CATALOG_BYTES_MAX } from '../format.js'

/** Reads the bytes of a catalog, not more of them than one can have. */
export function readCatalogBytes(vfs: Vfs, directory: string): Uint8Array {
  const path = `${directory}/${CATALOG_NAME}`
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

/** Reads, checks and decodes the catalog of a database. */
export function readCatalog(vfs: Vfs, directory: string): Catalog {
  return decodeCatalog(readCatalogBytes(vfs, directory), `${directory}/${CATALOG_NAME}`)
}

/**
 * Replaces the catalog whole: temporary file, sync, rename, directory sync. When it throws, either of the two may be
 * the one that a crash leaves, and the handle must be poisoned.
 */
export function replaceCatalog(vfs: Vfs, directory: string, catalog: Catalog): void {
  const bytes = encodeCatalog(catalog)
  const temporary = `${directory}/${CATALOG_NEW_NAME}`
  const file = vfs.open(temporary, 'create')
  try {
    file.truncate(0)
    CATALOG_CODEC.write(file, UnitKind.Catalog, 0, catalog.generation, bytes, 0, bytes.length)
    file.sync()
  } finally {
    file.close()
  }
  vfs.rename(temporary, `${directory}/${CATALOG_NAME}`)
  vfs.syncDirectory(directory)
}
