import { equalBytes, isLdbError } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import { isMissingPath, isResourceShortage } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { CATALOG_COPY_NAME, catalogPath } from '../catalog/directory-layout.js'
import { encodeCatalog } from '../catalog/encode.js'
import { readCatalogBytes } from '../catalog/file.js'
import { decodeCatalogWith } from '../catalog/sealed-catalog.js'
import type { OpenDatabase } from '../open/open-database.js'

/** Compares the catalog file with the catalog in memory, and reads its copy. */
export function verifyCatalog(opened: OpenDatabase, sink: VerifySink): void {
  verifyFile(opened, sink)
  verifyCopy(opened, sink)
}

function verifyFile(opened: OpenDatabase, sink: VerifySink): void {
  const { vfs, directory } = opened.engines
  const file = catalogPath(directory)
  try {
    const bytes = readCatalogBytes(vfs, directory)
    if (!isCatalog(bytes, opened.manager.catalog, file, opened.engines.keys?.data)) {
      sink.finding({
        kind: 'checksum',
        file,
        offset: 0,
        message: 'the catalog file differs from the catalog in memory',
      })
    }
    const { length } = bytes
    const amounts = [{ kind: 'catalog' as const, count: 1, bytes: length }]
    sink.progress({ files: 1, units: 1, entries: opened.keyspaces.size, bytes: length, amounts })
  } catch (error) {
    // (D8) When the database is poisoned, the file at the path is not the one to verify.
    if (!isLdbError(error) || isResourceShortage(error) || error.code === 'LDB_POISONED') throw error
    const kind = isMissingPath(error) ? 'missing' : 'io'
    sink.finding({ kind, file, offset: 0, message: error.message })
  }
}

/** The copy may be absent, older or torn: it is not synced. One that cannot be read is no finding, and its bytes are of no kind. */
function verifyCopy(opened: OpenDatabase, sink: VerifySink): void {
  const byteCount = copyBytesOf(opened)
  if (byteCount === undefined) return
  const amounts = [{ kind: 'catalog' as const, count: 1, bytes: byteCount }]
  sink.progress({ files: 1, units: 1, entries: 0, bytes: byteCount, amounts })
}

/** Reports whether there is a copy of the catalog that can be read. */
export function hasCatalogCopy(opened: OpenDatabase): boolean {
  return copyBytesOf(opened) !== undefined
}

/** Returns the length of the copy of the catalog; `undefined` when it is absent or cannot be read. */
function copyBytesOf({ engines: { vfs, directory, keys } }: OpenDatabase): number | undefined {
  const file = `${directory}/${CATALOG_COPY_NAME}`
  if (vfs.status(file)?.kind !== 'file') return undefined
  try {
    const bytes = readCatalogBytes(vfs, directory, CATALOG_COPY_NAME)
    decodeCatalogWith(bytes, file, keys?.data)
    return bytes.length
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return undefined
  }
}

/** Reports whether bytes are those of a catalog, of whatever format version. */
function isCatalog(bytes: Uint8Array, catalog: Catalog, file: string, keys: DataKeys | undefined): boolean {
  try {
    return equalBytes(encodeCatalog(decodeCatalogWith(bytes, file, keys)), encodeCatalog(catalog))
  } catch (error) {
    if (!isLdbError(error)) throw error
    return false
  }
}
