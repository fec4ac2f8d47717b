import { assert, encodeUtf8, LdbError, SEGMENT_ID_BYTES, writeU64 } from '@ldb/base'
import {
  CATALOG_BYTES_MAX,
  CATALOG_FLAG_CHANGE,
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_BRANCH_ID,
  CATALOG_OFFSET_DATABASE_ID,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_GENERATION,
  CATALOG_OFFSET_KEYSPACE_COUNT,
  CATALOG_OFFSET_LOG_LSN,
  CATALOG_OFFSET_LOG_SEGMENT_ID,
  CATALOG_OFFSET_NEXT_KEYSPACE_ID,
  CATALOG_OFFSET_PAGE_BYTES,
  CATALOG_OFFSET_SEQ,
  CATALOG_ROOT_END,
  CompressionNumber,
  DATABASE_ID_BYTES,
  ENGINE_SECTION_BYTES_MAX,
  EngineNumber,
  KEYSPACE_OFFSET_COMPRESSION,
  KEYSPACE_OFFSET_CREATED_SEQ,
  KEYSPACE_OFFSET_ENGINE,
  KEYSPACE_OFFSET_FLAGS,
  KEYSPACE_OFFSET_KEY_ENCODING_BYTES,
  KEYSPACE_OFFSET_KEYSPACE_ID,
  KEYSPACE_OFFSET_NAME_BYTES,
  KEYSPACE_OFFSET_SECTION_BYTES,
  KEYSPACE_OFFSET_TTL_MS,
  KEYSPACE_OFFSET_VALUE_ENCODING_BYTES,
  KEYSPACE_RECORD_BYTES,
  KeyspaceFlag,
} from '../format.js'
import type { Catalog, EncodedNames, KeyspaceRecord } from './catalog.js'
import { CATALOG_CODEC, encodeCatalogHeader } from './header.js'
import { encodeKeyspaceChange } from './keyspace-change.js'

/** Encodes a catalog (FORMAT.md). @throws {@link LdbError} LDB_TOO_LARGE. */
export function encodeCatalog(catalog: Catalog): Uint8Array {
  const names = catalog.keyspaces.map(encodeNames)
  let fileBytes = CATALOG_ROOT_END
  catalog.keyspaces.forEach(({ section }, index) => {
    const { name, keys, values } = names[index] as EncodedNames
    fileBytes += KEYSPACE_RECORD_BYTES + name.length + keys.length + values.length + section.length
  })
  const change = catalog.change === undefined ? undefined : encodeKeyspaceChange(catalog.change)
  if (change !== undefined) fileBytes += change.length
  if (fileBytes > CATALOG_BYTES_MAX) {
    throw new LdbError('LDB_TOO_LARGE', 'the catalog would exceed 64 MiB: too many keyspaces')
  }
  const bytes = new Uint8Array(fileBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeCatalogHeader(change === undefined ? 0 : CATALOG_FLAG_CHANGE))
  view.setUint32(CATALOG_OFFSET_FILE_BYTES, fileBytes, true)
  assert(catalog.databaseId.length === DATABASE_ID_BYTES, 'a database id has 16 bytes')
  bytes.set(catalog.databaseId, CATALOG_OFFSET_DATABASE_ID)
  writeU64(bytes, CATALOG_OFFSET_GENERATION, catalog.generation)
  writeU64(bytes, CATALOG_OFFSET_SEQ, catalog.seq)
  view.setUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, catalog.nextKeyspaceId, true)
  view.setUint32(CATALOG_OFFSET_KEYSPACE_COUNT, catalog.keyspaces.length, true)
  view.setUint32(CATALOG_OFFSET_PAGE_BYTES, catalog.pageBytes, true)
  assert(catalog.branchId.length === DATABASE_ID_BYTES, 'a branch id has 16 bytes')
  bytes.set(catalog.branchId, CATALOG_OFFSET_BRANCH_ID)
  assert(catalog.logSegmentId.length === SEGMENT_ID_BYTES, 'a segment id has 16 bytes')
  bytes.set(catalog.logSegmentId, CATALOG_OFFSET_LOG_SEGMENT_ID)
  writeU64(bytes, CATALOG_OFFSET_LOG_LSN, catalog.logLsn)
  let at = CATALOG_ROOT_END
  catalog.keyspaces.forEach((record, index) => {
    assert(record.descriptor.id < catalog.nextKeyspaceId, 'keyspace numbers were assigned')
    at = encodeKeyspace(bytes, view, at, record, names[index] as EncodedNames)
  })
  if (change !== undefined) bytes.set(change, at)
  const hash = new Int32Array(2)
  CATALOG_CODEC.checksum(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, hash)
  view.setInt32(CATALOG_OFFSET_BODY_CHECKSUM, hash[0] as number, true)
  view.setInt32(CATALOG_OFFSET_BODY_CHECKSUM + 4, hash[1] as number, true)
  return bytes
}

function encodeNames({ descriptor }: KeyspaceRecord): EncodedNames {
  return {
    name: encodeUtf8(descriptor.name),
    keys: encodeUtf8(descriptor.keys),
    values: encodeUtf8(descriptor.values),
  }
}

/** Encodes a keyspace record at `start`, and returns the offset behind it. */
function encodeKeyspace(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  { descriptor, section }: KeyspaceRecord,
  { name, keys, values }: EncodedNames,
): number {
  assert(section.length <= ENGINE_SECTION_BYTES_MAX, 'the length of an engine section has 16 bits')
  view.setUint32(start + KEYSPACE_OFFSET_KEYSPACE_ID, descriptor.id, true)
  view.setUint8(start + KEYSPACE_OFFSET_ENGINE, EngineNumber[descriptor.engine])
  const { compression } = descriptor
  const number = typeof compression === 'number' ? compression : CompressionNumber[compression]
  view.setUint8(start + KEYSPACE_OFFSET_COMPRESSION, number)
  const flags =
    (descriptor.expires === true ? KeyspaceFlag.Expires : 0) |
    (descriptor.blobs === true ? KeyspaceFlag.Blobs : 0) |
    (descriptor.dictionary === true ? KeyspaceFlag.Dictionary : 0)
  view.setUint16(start + KEYSPACE_OFFSET_FLAGS, flags, true)
  writeU64(bytes, start + KEYSPACE_OFFSET_CREATED_SEQ, descriptor.createdSeq)
  view.setUint16(start + KEYSPACE_OFFSET_NAME_BYTES, name.length, true)
  view.setUint8(start + KEYSPACE_OFFSET_KEY_ENCODING_BYTES, keys.length)
  view.setUint8(start + KEYSPACE_OFFSET_VALUE_ENCODING_BYTES, values.length)
  view.setUint16(start + KEYSPACE_OFFSET_SECTION_BYTES, section.length, true)
  writeU64(bytes, start + KEYSPACE_OFFSET_TTL_MS, descriptor.ttlMs ?? 0)
  let at = start + KEYSPACE_RECORD_BYTES
  for (const part of [name, keys, values, section]) {
    bytes.set(part, at)
    at += part.length
  }
  return at
}
