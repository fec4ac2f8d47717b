import { corruption, readCheckedU64, writeU64 } from '@ldb/base'
import { CATALOG_RECORD_BYTES, CATALOG_RECORD_OFFSET_GENERATION } from '../format.js'

/** Encodes a catalog record: the generation of a durable catalog. */
export function encodeCatalogRecord(generation: number): Uint8Array {
  const bytes = new Uint8Array(CATALOG_RECORD_BYTES)
  writeU64(bytes, CATALOG_RECORD_OFFSET_GENERATION, generation)
  return bytes
}

/**
 * Decodes a catalog record.
 *
 * @param file - path of the log, for errors.
 * @returns the generation of the catalog.
 * @throws {@link LdbError} LDB_CORRUPTION when it breaks the format.
 */
export function decodeCatalogRecord(bytes: Uint8Array, file: string): number {
  if (bytes.length !== CATALOG_RECORD_BYTES) throw corruption(file, 0, 'a catalog record has a wrong length')
  return readCheckedU64(bytes, CATALOG_RECORD_OFFSET_GENERATION, file, CATALOG_RECORD_OFFSET_GENERATION)
}
