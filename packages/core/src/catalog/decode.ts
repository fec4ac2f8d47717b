import { corruption, LdbError, readCheckedU64 } from '@ldb/base'
import { CodecId, CUSTOM_CODEC_ID_MIN, UnitKind, unknownCodec, ZSTD_CODEC } from '@ldb/integrity'
import {
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_BRANCH_ID,
  CATALOG_OFFSET_DATA_KEY_ID,
  CATALOG_OFFSET_DATABASE_ID,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_GENERATION,
  CATALOG_OFFSET_KEYSPACE_COUNT,
  CATALOG_OFFSET_LOG_LSN,
  CATALOG_OFFSET_LOG_SEGMENT_ID,
  CATALOG_OFFSET_NEXT_KEYSPACE_ID,
  CATALOG_OFFSET_PAGE_BYTES,
  CATALOG_OFFSET_RESERVED,
  CATALOG_OFFSET_RESERVED2,
  CATALOG_OFFSET_RESERVED3,
  CATALOG_OFFSET_SEQ,
  CATALOG_OFFSET_SUITE,
  CATALOG_OFFSET_TRAILER_BYTES,
  CATALOG_ROOT_END,
  CompressionNumber,
  isPageSize,
  KEYSPACE_NAME_BYTES_MAX,
  KEYSPACE_OFFSET_COMPRESSION,
  KEYSPACE_OFFSET_CREATED_SEQ,
  KEYSPACE_OFFSET_ENGINE,
  KEYSPACE_OFFSET_FLAGS,
  KEYSPACE_OFFSET_KEY_ENCODING_BYTES,
  KEYSPACE_OFFSET_KEYSPACE_ID,
  KEYSPACE_OFFSET_NAME_BYTES,
  KEYSPACE_OFFSET_RESERVED,
  KEYSPACE_OFFSET_SECTION_BYTES,
  KEYSPACE_OFFSET_TTL_MS,
  KEYSPACE_OFFSET_VALUE_ENCODING_BYTES,
  KEYSPACE_RECORD_BYTES,
  KeyspaceFlag,
  TTL_MS_MAX,
} from '../format.js'
import type {
  Catalog,
  EncodedNames,
  KeyspaceChange,
  KeyspaceDescriptor,
  KeyspaceRecord,
  StoredCompression,
} from './catalog.js'
import { keyspaceDescriptor } from './descriptor.js'
import { CATALOG_CODEC, checkCatalogHeader } from './header.js'
import { decodeKeyspaceChange } from './keyspace-change.js'
import { decodeName, engineNameOf, storedNameOf } from './stored-names.js'

/** The flags of a keyspace record that have a meaning. */
const KEYSPACE_FLAGS = KeyspaceFlag.Expires | KeyspaceFlag.Blobs | KeyspaceFlag.Dictionary

/** Start and end of the reserved bytes of the catalog root. */
const RESERVED_RANGES: readonly (readonly [start: number, end: number])[] = [
  [CATALOG_OFFSET_RESERVED, CATALOG_OFFSET_DATABASE_ID],
  [CATALOG_OFFSET_RESERVED2, CATALOG_OFFSET_DATA_KEY_ID],
  [CATALOG_OFFSET_RESERVED3, CATALOG_OFFSET_BRANCH_ID],
]

/**
 * Decodes a catalog, and checks all of it.
 *
 * @param file - its path, for errors.
 * @throws {@link LdbError} LDB_FORMAT when a newer version wrote it; LDB_UNSUPPORTED when another build wrote it; LDB_CORRUPTION
 * otherwise.
 */
export function decodeCatalog(bytes: Uint8Array, file: string): Catalog {
  const hasChange = checkCatalogHeader(bytes, file)
  if (bytes.length < CATALOG_ROOT_END) throw corruption(file, bytes.length, 'the catalog is truncated')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fileBytes = view.getUint32(CATALOG_OFFSET_FILE_BYTES, true)
  if (fileBytes !== bytes.length) {
    throw corruption(
      file,
      CATALOG_OFFSET_FILE_BYTES,
      'the length of the catalog differs from the length of its file',
      {
        expected: fileBytes,
        actual: bytes.length,
      },
    )
  }
  const low = view.getInt32(CATALOG_OFFSET_BODY_CHECKSUM, true)
  const high = view.getInt32(CATALOG_OFFSET_BODY_CHECKSUM + 4, true)
  if (
    !CATALOG_CODEC.decode(UnitKind.Catalog, 0, 0, bytes, 0, fileBytes) ||
    !CATALOG_CODEC.isIntact(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, low, high)
  ) {
    throw corruption(file, CATALOG_OFFSET_BODY_CHECKSUM, 'the catalog does not match its checksum')
  }
  checkEncryption(view, file)
  for (const [offset, end] of RESERVED_RANGES) {
    if (bytes.subarray(offset, end).some((byte) => byte !== 0)) {
      throw corruption(file, offset, 'a reserved field of the catalog is not zero')
    }
  }
  const pageBytes = view.getUint32(CATALOG_OFFSET_PAGE_BYTES, true)
  if (!isPageSize(pageBytes)) {
    throw corruption(file, CATALOG_OFFSET_PAGE_BYTES, 'the catalog contains an invalid page size', {
      actual: pageBytes,
    })
  }
  const nextKeyspaceId = view.getUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, true)
  return {
    databaseId: bytes.slice(CATALOG_OFFSET_DATABASE_ID, CATALOG_OFFSET_GENERATION),
    branchId: bytes.slice(CATALOG_OFFSET_BRANCH_ID, CATALOG_OFFSET_LOG_SEGMENT_ID),
    pageBytes,
    generation: readCheckedU64(bytes, CATALOG_OFFSET_GENERATION, file, CATALOG_OFFSET_GENERATION),
    seq: readCheckedU64(bytes, CATALOG_OFFSET_SEQ, file, CATALOG_OFFSET_SEQ),
    nextKeyspaceId,
    logSegmentId: bytes.slice(CATALOG_OFFSET_LOG_SEGMENT_ID, CATALOG_OFFSET_LOG_LSN),
    logLsn: readCheckedU64(bytes, CATALOG_OFFSET_LOG_LSN, file, CATALOG_OFFSET_LOG_LSN),
    ...decodeKeyspaces(bytes, view, nextKeyspaceId, file, hasChange),
  }
}

function decodeKeyspaces(
  bytes: Uint8Array,
  view: DataView,
  nextKeyspaceId: number,
  file: string,
  hasChange: boolean,
): Pick<Catalog, 'keyspaces' | 'change'> {
  const keyspaces: KeyspaceRecord[] = []
  const seen = new Set<string>()
  let lastId = 0
  let at = CATALOG_ROOT_END
  for (let left = view.getUint32(CATALOG_OFFSET_KEYSPACE_COUNT, true); left > 0; left--) {
    const start = at
    if (bytes.length - at < KEYSPACE_RECORD_BYTES)
      throw corruption(file, at, 'a keyspace record is truncated')
    const nameBytes = view.getUint16(at + KEYSPACE_OFFSET_NAME_BYTES, true)
    const keyBytes = view.getUint8(at + KEYSPACE_OFFSET_KEY_ENCODING_BYTES)
    const valueBytes = view.getUint8(at + KEYSPACE_OFFSET_VALUE_ENCODING_BYTES)
    const sectionBytes = view.getUint16(at + KEYSPACE_OFFSET_SECTION_BYTES, true)
    at += KEYSPACE_RECORD_BYTES
    if (bytes.length - at < nameBytes + keyBytes + valueBytes + sectionBytes) {
      throw corruption(file, start, 'a keyspace record is truncated')
    }
    const names: EncodedNames = {
      name: bytes.subarray(at, at + nameBytes),
      keys: bytes.subarray(at + nameBytes, at + nameBytes + keyBytes),
      values: bytes.subarray(at + nameBytes + keyBytes, at + nameBytes + keyBytes + valueBytes),
    }
    at += nameBytes + keyBytes + valueBytes
    const descriptor = decodeDescriptor(view, start, names, file)
    if (descriptor.id <= lastId || descriptor.id >= nextKeyspaceId || seen.has(descriptor.name)) {
      throw corruption(file, start, 'the keyspaces of the catalog are not in order, or not unique')
    }
    lastId = descriptor.id
    seen.add(descriptor.name)
    keyspaces.push({ descriptor, section: bytes.slice(at, at + sectionBytes) })
    at += sectionBytes
  }
  if (hasChange)
    return { keyspaces, change: decodeChange(bytes.subarray(at), keyspaces, nextKeyspaceId, file, at) }
  if (at !== bytes.length) throw corruption(file, at, 'bytes follow the last keyspace record')
  return { keyspaces, change: undefined }
}

/** Decodes the keyspace change at the end of a catalog, which contains what it has created, and nothing that it has dropped. */
function decodeChange(
  bytes: Uint8Array,
  keyspaces: readonly KeyspaceRecord[],
  nextKeyspaceId: number,
  file: string,
  offset: number,
): KeyspaceChange {
  const change = decodeKeyspaceChange(bytes, file, offset)
  const isThere = keyspaces.some(({ descriptor }) => descriptor.id === change.id)
  if (change.id >= nextKeyspaceId || isThere !== (change.kind === 'createKeyspace'))
    throw corruption(file, offset, 'the keyspace change of the catalog contradicts its keyspaces')
  return change
}

/** Decodes the fixed part of the keyspace record at `start`. */
function decodeDescriptor(
  view: DataView,
  start: number,
  names: EncodedNames,
  file: string,
): KeyspaceDescriptor {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const flags = view.getUint16(start + KEYSPACE_OFFSET_FLAGS, true)
  const expires = (flags & KeyspaceFlag.Expires) !== 0
  const blobs = (flags & KeyspaceFlag.Blobs) !== 0
  const dictionary = (flags & KeyspaceFlag.Dictionary) !== 0
  const ttlMs = readCheckedU64(bytes, start + KEYSPACE_OFFSET_TTL_MS, file, start + KEYSPACE_OFFSET_TTL_MS)
  const createdSeqAt = start + KEYSPACE_OFFSET_CREATED_SEQ
  if (
    names.name.length > KEYSPACE_NAME_BYTES_MAX ||
    (flags & ~KEYSPACE_FLAGS) !== 0 ||
    view.getUint16(start + KEYSPACE_OFFSET_RESERVED, true) !== 0 ||
    (ttlMs !== 0 && (!expires || ttlMs > TTL_MS_MAX))
  ) {
    throw corruption(file, start, 'a keyspace record is malformed')
  }
  const engineNumber = view.getUint8(start + KEYSPACE_OFFSET_ENGINE)
  const engine = engineNameOf(engineNumber, file, start)
  return keyspaceDescriptor({
    ...(expires ? { expires } : {}),
    ...(blobs ? { blobs } : {}),
    ...(dictionary ? { dictionary } : {}),
    ...(ttlMs === 0 ? {} : { ttlMs }),
    id: view.getUint32(start + KEYSPACE_OFFSET_KEYSPACE_ID, true),
    engine,
    compression: compressionOf(view.getUint8(start + KEYSPACE_OFFSET_COMPRESSION), file, start),
    createdSeq: readCheckedU64(bytes, createdSeqAt, file, createdSeqAt),
    name: decodeName(names.name, file, names.name.byteOffset),
    keys: decodeName(names.keys, file, names.keys.byteOffset),
    values: decodeName(names.values, file, names.values.byteOffset),
  })
}

/** @throws {@link LdbError} LDB_UNSUPPORTED, LDB_FORMAT. */
function compressionOf(number: number, file: string, offset: number): StoredCompression {
  if (number >= CUSTOM_CODEC_ID_MIN) return number
  const name = storedNameOf('compression', CompressionNumber, {}, number, file, offset)
  if (name === 'zstd' && ZSTD_CODEC === undefined) throw unknownCodec(CodecId.Zstd, { file, offset })
  return name
}

/** Refuses a catalog whose encryption fields are set. This build reads no encrypted catalog. */
function checkEncryption(view: DataView, file: string): void {
  const suite = view.getUint8(CATALOG_OFFSET_SUITE)
  if (
    suite === 0 &&
    view.getUint8(CATALOG_OFFSET_TRAILER_BYTES) === 0 &&
    view.getUint32(CATALOG_OFFSET_DATA_KEY_ID, true) === 0
  )
    return
  throw new LdbError(
    'LDB_UNSUPPORTED',
    `the catalog is encrypted, and this build has no encryption (${file})`,
    {
      details: { file, offset: CATALOG_OFFSET_SUITE, actual: suite },
    },
  )
}
