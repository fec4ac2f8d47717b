import { corruption } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES, SEED_ZERO, UnitCodec } from '@ldb/integrity'
import {
  CATALOG_FLAG_CHANGE,
  CATALOG_FORMAT,
  CATALOG_KIND,
  CATALOG_MINIMUM_READER,
  CATALOG_OLDEST_FORMAT,
} from '../format.js'

const MAGIC_BYTES = 8

/** The checksum codec of the catalog. Its seed is zero, because the catalog is read before the database id is known. */
export const CATALOG_CODEC: UnitCodec = new UnitCodec(SEED_ZERO)

/** Reports whether bytes begin with the magic number of a catalog, of any version. */
export function hasCatalogMagic(bytes: Uint8Array): boolean {
  const magic = encodeCatalogHeader(0).subarray(0, MAGIC_BYTES)
  return bytes.length >= MAGIC_BYTES && magic.every((byte, at) => bytes[at] === byte)
}

/** Encodes the file header of a catalog. @param flags - those of the file header. */
export function encodeCatalogHeader(flags: number): Uint8Array {
  return encodeFileHeader({
    kind: CATALOG_KIND,
    format: CATALOG_FORMAT,
    minimumReader: CATALOG_MINIMUM_READER,
    flags,
  })
}

/**
 * Reports whether a plain catalog ends with a keyspace change.
 *
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT unless the catalog has a supported file header.
 */
export function checkCatalogHeader(bytes: Uint8Array, file: string): boolean {
  if (bytes.length < FILE_HEADER_BYTES) throw corruption(file, bytes.length, 'the catalog is truncated')
  if (!hasCatalogMagic(bytes)) throw corruption(file, 0, 'the catalog has a wrong magic number')
  const { flags } = decodeFileHeader(bytes, {
    file,
    kind: CATALOG_KIND,
    format: CATALOG_FORMAT,
    oldestFormat: CATALOG_OLDEST_FORMAT,
    flags: CATALOG_FLAG_CHANGE,
  })
  return (flags & CATALOG_FLAG_CHANGE) !== 0
}
