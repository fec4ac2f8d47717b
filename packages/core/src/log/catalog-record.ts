import { corruption, readCheckedU64, writeU64 } from '@ldb/base'
import type { CatalogVersion } from '../catalog/catalog.js'
import {
  CATALOG_RECORD_BYTES,
  CATALOG_RECORD_OFFSET_GENERATION,
  CATALOG_RECORD_OFFSET_SEGMENT_ID,
} from '../format.js'

/** Encodes a catalog record: the version of a durable catalog. */
export function encodeCatalogRecord({ generation, logSegmentId }: CatalogVersion): Uint8Array {
  const bytes = new Uint8Array(CATALOG_RECORD_BYTES)
  writeU64(bytes, CATALOG_RECORD_OFFSET_GENERATION, generation)
  bytes.set(logSegmentId, CATALOG_RECORD_OFFSET_SEGMENT_ID)
  return bytes
}

/**
 * Decodes a catalog record.
 *
 * @param file - path of the log, for errors.
 * @throws {@link LdbError} LDB_CORRUPTION when it breaks the format.
 */
export function decodeCatalogRecord(bytes: Uint8Array, file: string): CatalogVersion {
  if (bytes.length !== CATALOG_RECORD_BYTES) throw corruption(file, 0, 'a catalog record has a wrong length')
  const generationAt = CATALOG_RECORD_OFFSET_GENERATION
  return {
    generation: readCheckedU64(bytes, generationAt, file, generationAt),
    logSegmentId: bytes.slice(CATALOG_RECORD_OFFSET_SEGMENT_ID, CATALOG_RECORD_BYTES),
  }
}
