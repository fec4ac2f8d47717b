import { assert, corruption, decodeUtf8, encodeUtf8, LdbError, readU64Of, writeU64 } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import {
  CATALOG_BYTES_MAX,
  CATALOG_FORMAT,
  CATALOG_KIND,
  CATALOG_MINIMUM_READER,
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_DATABASE_ID,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_GENERATION,
  CATALOG_OFFSET_KEYSPACE_COUNT,
  CATALOG_OFFSET_NEXT_KEYSPACE_ID,
  CATALOG_OFFSET_RESERVED,
  CATALOG_OFFSET_SEQ,
  CATALOG_ROOT_END,
  CompressionNumber,
  EngineNumber,
  KEYSPACE_NAME_BYTES_MAX,
  KEYSPACE_OFFSET_COMPRESSION,
  KEYSPACE_OFFSET_CREATED_SEQ,
  KEYSPACE_OFFSET_ENGINE,
  KEYSPACE_OFFSET_FILE_ID,
  KEYSPACE_OFFSET_FLAGS,
  KEYSPACE_OFFSET_KEY_ENCODING_BYTES,
  KEYSPACE_OFFSET_KEYSPACE_ID,
  KEYSPACE_OFFSET_NAME_BYTES,
  KEYSPACE_OFFSET_PAGE_BYTES,
  KEYSPACE_OFFSET_TTL_MS,
  KEYSPACE_OFFSET_VALUE_ENCODING_BYTES,
  KEYSPACE_RECORD_BYTES,
  KeyspaceFlag,
  PAGE_BYTES_MAX,
  PAGE_BYTES_MIN,
  STORE_FILE_ID_BYTES,
  TTL_MS_MAX,
} from '../format.js'

const MAGIC_BYTES = 8

/** Names of the engines that this build has. @category Keyspaces */
export type EngineName = keyof typeof EngineNumber
/** Names of the compressions that this build has. @category Keyspaces */
export type CompressionName = keyof typeof CompressionNumber

/** What the catalog says of a keyspace. @category Keyspaces */
export interface KeyspaceDescriptor {
  /** Number of the keyspace; never given to another one. */
  readonly id: number
  readonly name: string
  readonly engine: EngineName
  readonly compression: CompressionName
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
  /** Number of the newest commit when it was created. */
  readonly createdSeq: number
  /** There, and true, when some of its entries may expire. */
  readonly expires?: true
  /** Milliseconds after which entries expire that say nothing else; not there when those stay. */
  readonly ttlMs?: number
}

/** What tells the file of a keyspace from every other one. */
export interface StoreIdentity {
  /** 16 random bytes, made with the file. */
  readonly fileId: Uint8Array
  readonly pageBytes: number
}

/** A keyspace, and the file that holds it. */
export interface KeyspaceRecord {
  readonly descriptor: KeyspaceDescriptor
  readonly identity: StoreIdentity
}

/** The root of a database: which keyspaces there are, and which numbers were given out. */
export interface Catalog {
  /** 16 random bytes, made once. */
  readonly databaseId: Uint8Array
  /** Grows by one with each replacement. */
  readonly generation: number
  /** Greatest commit number in use when it was written. */
  readonly seq: number
  /** Every number below was given to a keyspace once. */
  readonly nextKeyspaceId: number
  /** By rising number; their files have pages of one size. */
  readonly keyspaces: readonly KeyspaceRecord[]
}

/** Encodes a catalog as FORMAT.md draws it. */
export function encodeCatalog(catalog: Catalog): Uint8Array {
  const names = catalog.keyspaces.map(({ descriptor }) => ({
    name: encodeUtf8(descriptor.name),
    keys: encodeUtf8(descriptor.keys),
    values: encodeUtf8(descriptor.values),
  }))
  let fileBytes = CATALOG_ROOT_END
  for (const { name, keys, values } of names) {
    fileBytes += KEYSPACE_RECORD_BYTES + name.length + keys.length + values.length
  }
  if (fileBytes > CATALOG_BYTES_MAX) {
    throw new LdbError('LDB_TOO_LARGE', 'the catalog would exceed 64 MiB: too many keyspaces')
  }
  const bytes = new Uint8Array(fileBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeHeader())
  view.setUint32(CATALOG_OFFSET_FILE_BYTES, fileBytes, true)
  assert(catalog.databaseId.length === 16, 'a database id has 16 bytes')
  bytes.set(catalog.databaseId, CATALOG_OFFSET_DATABASE_ID)
  writeU64(bytes, CATALOG_OFFSET_GENERATION, catalog.generation)
  writeU64(bytes, CATALOG_OFFSET_SEQ, catalog.seq)
  view.setUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, catalog.nextKeyspaceId, true)
  view.setUint32(CATALOG_OFFSET_KEYSPACE_COUNT, catalog.keyspaces.length, true)
  let at = CATALOG_ROOT_END
  catalog.keyspaces.forEach(({ descriptor: keyspace, identity }, index) => {
    const encoded = names[index]
    assert(encoded !== undefined && keyspace.id < catalog.nextKeyspaceId, 'keyspace numbers were given out')
    view.setUint32(at + KEYSPACE_OFFSET_KEYSPACE_ID, keyspace.id, true)
    view.setUint8(at + KEYSPACE_OFFSET_ENGINE, EngineNumber[keyspace.engine])
    view.setUint8(at + KEYSPACE_OFFSET_COMPRESSION, CompressionNumber[keyspace.compression])
    view.setUint16(at + KEYSPACE_OFFSET_FLAGS, keyspace.expires === true ? KeyspaceFlag.Expires : 0, true)
    writeU64(bytes, at + KEYSPACE_OFFSET_CREATED_SEQ, keyspace.createdSeq)
    view.setUint16(at + KEYSPACE_OFFSET_NAME_BYTES, encoded.name.length, true)
    view.setUint8(at + KEYSPACE_OFFSET_KEY_ENCODING_BYTES, encoded.keys.length)
    view.setUint8(at + KEYSPACE_OFFSET_VALUE_ENCODING_BYTES, encoded.values.length)
    view.setUint32(at + KEYSPACE_OFFSET_PAGE_BYTES, identity.pageBytes, true)
    assert(identity.fileId.length === STORE_FILE_ID_BYTES, 'the id of a file has 16 bytes')
    bytes.set(identity.fileId, at + KEYSPACE_OFFSET_FILE_ID)
    writeU64(bytes, at + KEYSPACE_OFFSET_TTL_MS, keyspace.ttlMs ?? 0)
    at += KEYSPACE_RECORD_BYTES
    for (const part of [encoded.name, encoded.keys, encoded.values]) {
      bytes.set(part, at)
      at += part.length
    }
  })
  writeChecksum(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, CATALOG_OFFSET_BODY_CHECKSUM)
  return bytes
}

/**
 * Decodes a catalog and checks all of it.
 *
 * @param file - its path, for errors.
 * @throws {@link LdbError} LDB_FORMAT when a newer version wrote it, LDB_CORRUPTION when anything else is wrong.
 */
export function decodeCatalog(bytes: Uint8Array, file: string): Catalog {
  checkHeader(bytes, file)
  if (bytes.length < CATALOG_ROOT_END) throw corruption(file, bytes.length, 'the catalog is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fileBytes = view.getUint32(CATALOG_OFFSET_FILE_BYTES, true)
  if (fileBytes !== bytes.length) {
    throw corruption(file, CATALOG_OFFSET_FILE_BYTES, 'the catalog has another length than it says', {
      expected: fileBytes,
      actual: bytes.length,
    })
  }
  if (!checksumHolds(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, CATALOG_OFFSET_BODY_CHECKSUM)) {
    throw corruption(file, CATALOG_OFFSET_BODY_CHECKSUM, 'the checksum of the catalog does not hold')
  }
  if (view.getUint32(CATALOG_OFFSET_RESERVED, true) !== 0) {
    throw corruption(file, CATALOG_OFFSET_RESERVED, 'reserved bytes of the catalog are not zero')
  }
  const nextKeyspaceId = view.getUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, true)
  return {
    databaseId: bytes.slice(CATALOG_OFFSET_DATABASE_ID, CATALOG_OFFSET_GENERATION),
    generation: readU64Of(bytes, CATALOG_OFFSET_GENERATION, file, CATALOG_OFFSET_GENERATION),
    seq: readU64Of(bytes, CATALOG_OFFSET_SEQ, file, CATALOG_OFFSET_SEQ),
    nextKeyspaceId,
    keyspaces: decodeKeyspaces(bytes, view, nextKeyspaceId, file),
  }
}

/** Reports whether the bytes begin as those of a catalog of any version do. */
export function hasCatalogMagic(bytes: Uint8Array): boolean {
  const magic = encodeHeader().subarray(0, MAGIC_BYTES)
  return bytes.length >= MAGIC_BYTES && magic.every((byte, at) => bytes[at] === byte)
}

function encodeHeader(): Uint8Array {
  return encodeFileHeader({
    kind: CATALOG_KIND,
    format: CATALOG_FORMAT,
    minimumReader: CATALOG_MINIMUM_READER,
    flags: 0,
  })
}

function checkHeader(bytes: Uint8Array, file: string): void {
  if (bytes.length < FILE_HEADER_BYTES) throw corruption(file, bytes.length, 'the catalog is cut off')
  if (!hasCatalogMagic(bytes)) throw corruption(file, 0, 'the catalog does not begin as one does')
  decodeFileHeader(bytes, { file, kind: CATALOG_KIND, format: CATALOG_FORMAT })
}

function decodeKeyspaces(
  bytes: Uint8Array,
  view: DataView,
  nextKeyspaceId: number,
  file: string,
): KeyspaceRecord[] {
  const keyspaces: KeyspaceRecord[] = []
  const seen = new Set<string>()
  let lastId = 0
  let at = CATALOG_ROOT_END
  for (let left = view.getUint32(CATALOG_OFFSET_KEYSPACE_COUNT, true); left > 0; left--) {
    const start = at
    if (bytes.length - at < KEYSPACE_RECORD_BYTES) throw corruption(file, at, 'a keyspace record is cut off')
    const nameBytes = view.getUint16(at + KEYSPACE_OFFSET_NAME_BYTES, true)
    const keyBytes = view.getUint8(at + KEYSPACE_OFFSET_KEY_ENCODING_BYTES)
    const valueBytes = view.getUint8(at + KEYSPACE_OFFSET_VALUE_ENCODING_BYTES)
    at += KEYSPACE_RECORD_BYTES
    if (bytes.length - at < nameBytes + keyBytes + valueBytes) {
      throw corruption(file, start, 'the names of a keyspace are cut off')
    }
    const flags = view.getUint16(start + KEYSPACE_OFFSET_FLAGS, true)
    const expires = flags === KeyspaceFlag.Expires
    const ttlMs = readU64Of(bytes, start + KEYSPACE_OFFSET_TTL_MS, file, start + KEYSPACE_OFFSET_TTL_MS)
    const descriptor: KeyspaceDescriptor = {
      ...(expires ? { expires } : {}),
      ...(ttlMs === 0 ? {} : { ttlMs }),
      id: view.getUint32(start + KEYSPACE_OFFSET_KEYSPACE_ID, true),
      engine: nameOf(EngineNumber, view.getUint8(start + KEYSPACE_OFFSET_ENGINE), file, start),
      compression: nameOf(CompressionNumber, view.getUint8(start + KEYSPACE_OFFSET_COMPRESSION), file, start),
      createdSeq: readU64Of(
        bytes,
        start + KEYSPACE_OFFSET_CREATED_SEQ,
        file,
        start + KEYSPACE_OFFSET_CREATED_SEQ,
      ),
      name: decodeName(bytes, at, nameBytes, file),
      keys: decodeName(bytes, at + nameBytes, keyBytes, file),
      values: decodeName(bytes, at + nameBytes + keyBytes, valueBytes, file),
    }
    at += nameBytes + keyBytes + valueBytes
    const identity = decodeIdentity(bytes, view, start)
    const reserved = flags & ~KeyspaceFlag.Expires
    if (
      descriptor.id <= lastId ||
      descriptor.id >= nextKeyspaceId ||
      nameBytes > KEYSPACE_NAME_BYTES_MAX ||
      seen.has(descriptor.name) ||
      !isPageSize(identity.pageBytes) ||
      (keyspaces[0] !== undefined && identity.pageBytes !== keyspaces[0].identity.pageBytes) ||
      reserved !== 0 ||
      (ttlMs !== 0 && (!expires || ttlMs > TTL_MS_MAX))
    ) {
      throw corruption(file, start, 'a keyspace record breaks the rules of the catalog')
    }
    lastId = descriptor.id
    seen.add(descriptor.name)
    keyspaces.push({ descriptor, identity })
  }
  if (at !== bytes.length) throw corruption(file, at, 'bytes follow the last keyspace record')
  return keyspaces
}

function decodeIdentity(bytes: Uint8Array, view: DataView, start: number): StoreIdentity {
  const fileIdAt = start + KEYSPACE_OFFSET_FILE_ID
  return {
    fileId: bytes.slice(fileIdAt, fileIdAt + STORE_FILE_ID_BYTES),
    pageBytes: view.getUint32(start + KEYSPACE_OFFSET_PAGE_BYTES, true),
  }
}

/** Reports whether a number is the size of a page that a store may have. */
export function isPageSize(pageBytes: number): boolean {
  return pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX && (pageBytes & (pageBytes - 1)) === 0
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
  file: string,
  at: number,
): Name {
  for (const name of Object.keys(numbers) as Name[]) {
    if (numbers[name] === number) return name
  }
  throw corruption(file, at, 'a keyspace has an engine or a compression that no version has', {
    actual: number,
  })
}

function decodeName(bytes: Uint8Array, start: number, byteCount: number, file: string): string {
  if (byteCount === 0) throw corruption(file, start, 'a name in the catalog is empty')
  try {
    return decodeUtf8(bytes, start, start + byteCount)
  } catch (cause) {
    throw corruption(file, start, 'a name in the catalog is not UTF-8', { cause })
  }
}

function writeChecksum(bytes: Uint8Array, start: number, end: number, target: number): void {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, SEED_ZERO, hash)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setInt32(target, hash[0] ?? 0, true)
  view.setInt32(target + 4, hash[1] ?? 0, true)
}

function checksumHolds(bytes: Uint8Array, start: number, end: number, target: number): boolean {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, SEED_ZERO, hash)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getInt32(target, true) === hash[0] && view.getInt32(target + 4, true) === hash[1]
}
