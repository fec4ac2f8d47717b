import { corruption, equalBytes, LdbError, writeU32 } from '@ldb/base'
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  SUITE_XAES_256_GCM,
  UnitKind,
} from '@ldb/integrity'
import type { DataKeys } from '@ldb/integrity'
import type { KeyAccess } from '../encryption/database-keys.js'
import type { Vfs } from '@ldb/vfs'
import {
  CATALOG_CLEAR_BYTES,
  CATALOG_FLAG_CHANGE,
  CATALOG_FLAG_ENCRYPTED,
  CATALOG_FORMAT,
  CATALOG_KIND,
  CATALOG_MINIMUM_READER,
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_DATABASE_ID,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_GENERATION,
  CATALOG_OFFSET_SUITE,
  CATALOG_OFFSET_TRAILER_BYTES,
} from '../format.js'
import type { Catalog } from './catalog.js'
import { decodeCatalog } from './decode.js'
import { encodeCatalog } from './encode.js'
import { CATALOG_CODEC, hasCatalogMagic } from './header.js'

const hash = new Int32Array(2)

/** Encodes a catalog file: plain, or with the whole catalog encrypted behind a clear prefix. */
export function encodeCatalogFile(catalog: Catalog, keys: DataKeys | undefined): Uint8Array {
  const plain = encodeCatalog(catalog)
  if (keys === undefined) return plain
  const cipher = keys.cipherOf('catalog', catalog.databaseId)
  const bytes = new Uint8Array(CATALOG_CLEAR_BYTES + plain.length + cipher.trailerBytes)
  bytes.set(plain.subarray(0, CATALOG_CLEAR_BYTES))
  bytes.set(
    encodeFileHeader({
      kind: CATALOG_KIND,
      format: CATALOG_FORMAT,
      minimumReader: CATALOG_MINIMUM_READER,
      flags: CATALOG_FLAG_ENCRYPTED,
    }),
  )
  writeU32(bytes, CATALOG_OFFSET_FILE_BYTES, bytes.length)
  bytes[CATALOG_OFFSET_SUITE] = cipher.suite
  bytes[CATALOG_OFFSET_TRAILER_BYTES] = cipher.trailerBytes
  const unitBytes = plain.length + cipher.trailerBytes
  cipher.encrypt(UnitKind.Catalog, 0, catalog.generation, plain, 0, unitBytes, bytes, CATALOG_CLEAR_BYTES)
  CATALOG_CODEC.checksum(bytes, CATALOG_OFFSET_FILE_BYTES, bytes.length, hash)
  writeU32(bytes, CATALOG_OFFSET_BODY_CHECKSUM, (hash[0] as number) >>> 0)
  writeU32(bytes, CATALOG_OFFSET_BODY_CHECKSUM + 4, (hash[1] as number) >>> 0)
  return bytes
}

/**
 * Decodes a catalog file. Gets the keys of an encrypted one.
 *
 * @throws {@link LdbError} as `decodeCatalog`; LDB_KEY when a key is needed, wrong or needless.
 */
export function decodeCatalogFile(bytes: Uint8Array, file: string, vfs: Vfs, access: KeyAccess): Catalog {
  if (!isSealed(bytes, file)) {
    const catalog = decodeCatalog(bytes, file)
    access.assertNotGiven()
    return catalog
  }
  checkClearPrefix(bytes, file)
  const databaseId = bytes.slice(CATALOG_OFFSET_DATABASE_ID, CATALOG_OFFSET_GENERATION)
  return unsealCatalog(bytes, file, access.open(vfs, databaseId).data)
}

/** Decodes a catalog file with keys that are known. @throws {@link LdbError} as `decodeCatalog`. */
export function decodeCatalogWith(bytes: Uint8Array, file: string, keys: DataKeys | undefined): Catalog {
  if (keys === undefined) return decodeCatalog(bytes, file)
  if (!isSealed(bytes, file))
    throw corruption(file, 0, 'the catalog of an encrypted database is not encrypted')
  checkClearPrefix(bytes, file)
  return unsealCatalog(bytes, file, keys)
}

function isSealed(bytes: Uint8Array, file: string): boolean {
  if (bytes.length < FILE_HEADER_BYTES || !hasCatalogMagic(bytes)) return false
  const known = {
    file,
    kind: CATALOG_KIND,
    format: CATALOG_FORMAT,
    flags: CATALOG_FLAG_ENCRYPTED | CATALOG_FLAG_CHANGE,
  }
  const { flags } = decodeFileHeader(bytes, known)
  if (flags === known.flags)
    throw corruption(file, 0, 'the clear prefix of the catalog has a flag of the catalog')
  return (flags & CATALOG_FLAG_ENCRYPTED) !== 0
}

/** Checks what can be checked without a key. */
function checkClearPrefix(bytes: Uint8Array, file: string): void {
  if (bytes.length < CATALOG_CLEAR_BYTES) throw corruption(file, bytes.length, 'the catalog is truncated')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fileBytes = view.getUint32(CATALOG_OFFSET_FILE_BYTES, true)
  const low = view.getInt32(CATALOG_OFFSET_BODY_CHECKSUM, true)
  const high = view.getInt32(CATALOG_OFFSET_BODY_CHECKSUM + 4, true)
  const isIntact =
    fileBytes === bytes.length &&
    CATALOG_CODEC.isIntact(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, low, high)
  if (!isIntact) {
    throw corruption(file, CATALOG_OFFSET_BODY_CHECKSUM, 'the catalog does not match its checksum')
  }
  const suite = view.getUint8(CATALOG_OFFSET_SUITE)
  if (suite === SUITE_XAES_256_GCM) return
  throw new LdbError(
    'LDB_UNSUPPORTED',
    `the catalog has encryption suite ${suite}, which this build lacks (${file})`,
    {
      details: { file, offset: CATALOG_OFFSET_SUITE, actual: suite },
    },
  )
}

function unsealCatalog(bytes: Uint8Array, file: string, keys: DataKeys): Catalog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cipher = keys.cipherOf('catalog', keys.databaseId)
  const generation = Number(view.getBigUint64(CATALOG_OFFSET_GENERATION, true))
  const unit = bytes.slice(CATALOG_CLEAR_BYTES)
  const isComplete =
    unit.length > cipher.trailerBytes && view.getUint8(CATALOG_OFFSET_TRAILER_BYTES) === cipher.trailerBytes
  if (
    !isComplete ||
    !Number.isSafeInteger(generation) ||
    !cipher.decrypt(UnitKind.Catalog, 0, generation, unit, 0, unit.length)
  ) {
    throw corruption(file, CATALOG_CLEAR_BYTES, 'the catalog cannot be decrypted')
  }
  const plain = unit.subarray(0, unit.length - cipher.trailerBytes)
  // The clear prefix is not authenticated: it must say what the encrypted catalog says.
  for (const [start, end] of COPIED) {
    if (equalBytes(plain.subarray(start, end), bytes.subarray(start, end))) continue
    throw corruption(file, start, 'the clear prefix of the catalog differs from the encrypted catalog')
  }
  return decodeCatalog(plain, file)
}

/** Fields that the clear prefix repeats. */
const COPIED: readonly (readonly [start: number, end: number])[] = [
  [CATALOG_OFFSET_FILE_BYTES + 4, CATALOG_OFFSET_SUITE],
  [CATALOG_OFFSET_TRAILER_BYTES + 1, CATALOG_CLEAR_BYTES],
]
