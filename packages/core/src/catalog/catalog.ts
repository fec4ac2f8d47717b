import { assert, corruption, decodeUtf8, encodeUtf8, LdbError, readU64Of, writeU64 } from '@ldb/base'
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  SEED_ZERO,
  UnitCodec,
  UnitKind,
} from '@ldb/integrity'
import {
  CATALOG_BYTES_MAX,
  CATALOG_FORMAT,
  CATALOG_KIND,
  CATALOG_MINIMUM_READER,
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_BRANCH_ID,
  CATALOG_OFFSET_DATABASE_ID,
  CATALOG_OFFSET_DATA_KEY_ID,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_GENERATION,
  CATALOG_OFFSET_KEYSPACE_COUNT,
  CATALOG_OFFSET_NEXT_KEYSPACE_ID,
  CATALOG_OFFSET_PAGE_BYTES,
  CATALOG_OFFSET_RESERVED,
  CATALOG_OFFSET_RESERVED2,
  CATALOG_OFFSET_RESERVED3,
  CATALOG_OFFSET_SEQ,
  CATALOG_OFFSET_SUITE,
  CATALOG_OFFSET_TRAILER_BYTES,
  CATALOG_OLDEST_FORMAT,
  CATALOG_ROOT_END,
  CompressionNumber,
  ENGINE_SECTION_BYTES_MAX,
  EngineNumber,
  KEYSPACE_NAME_BYTES_MAX,
  KEYSPACE_OFFSET_COMPRESSION,
  KEYSPACE_OFFSET_CREATED_SEQ,
  KEYSPACE_OFFSET_ENGINE,
  KEYSPACE_OFFSET_FLAGS,
  KEYSPACE_OFFSET_KEYSPACE_ID,
  KEYSPACE_OFFSET_KEY_ENCODING_BYTES,
  KEYSPACE_OFFSET_NAME_BYTES,
  KEYSPACE_OFFSET_RESERVED,
  KEYSPACE_OFFSET_SECTION_BYTES,
  KEYSPACE_OFFSET_TTL_MS,
  KEYSPACE_OFFSET_VALUE_ENCODING_BYTES,
  KEYSPACE_RECORD_BYTES,
  KeyspaceFlag,
  RESERVED_COMPRESSIONS,
  RESERVED_ENGINES,
  TTL_MS_MAX,
  isPageSize,
} from '../format.js'

const MAGIC_BYTES = 8

/** The codec of the catalog, which is read before the id of the database is known. */
export const CATALOG_CODEC: UnitCodec = new UnitCodec(SEED_ZERO)

/** Start and end of the reserved bytes of the catalog root. */
const RESERVED_RANGES: readonly (readonly [start: number, end: number])[] = [
  [CATALOG_OFFSET_RESERVED, CATALOG_OFFSET_DATABASE_ID],
  [CATALOG_OFFSET_RESERVED2, CATALOG_OFFSET_DATA_KEY_ID],
  [CATALOG_OFFSET_RESERVED3, CATALOG_OFFSET_BRANCH_ID],
  [CATALOG_OFFSET_BRANCH_ID, CATALOG_ROOT_END],
]

/** The three names of a keyspace in UTF-8. */
interface EncodedNames {
  readonly name: Uint8Array
  readonly keys: Uint8Array
  readonly values: Uint8Array
}

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

/** A keyspace as the catalog records it. */
export interface KeyspaceRecord {
  readonly descriptor: KeyspaceDescriptor
  /** Bytes by which the engine finds and recognises its files; interpreted by the engine alone. */
  readonly section: Uint8Array
}

/** The root of a database: which keyspaces there are, and which numbers were given out. */
export interface Catalog {
  /** 16 random bytes, created with the database. */
  readonly databaseId: Uint8Array
  /** Bytes of a frame of the page cache, and of a page of each B+tree. */
  readonly pageBytes: number
  /** Grows by one with each replacement. */
  readonly generation: number
  /** Greatest commit number in use when it was written. */
  readonly seq: number
  /** Every number below was given to a keyspace once. */
  readonly nextKeyspaceId: number
  /** By ascending number. */
  readonly keyspaces: readonly KeyspaceRecord[]
}

/** Encodes a catalog as FORMAT.md draws it. */
export function encodeCatalog(catalog: Catalog): Uint8Array {
  const names = catalog.keyspaces.map(({ descriptor }): EncodedNames => ({
    name: encodeUtf8(descriptor.name),
    keys: encodeUtf8(descriptor.keys),
    values: encodeUtf8(descriptor.values),
  }))
  let fileBytes = CATALOG_ROOT_END
  catalog.keyspaces.forEach(({ section }, index) => {
    const { name, keys, values } = names[index] as EncodedNames
    fileBytes += KEYSPACE_RECORD_BYTES + name.length + keys.length + values.length + section.length
  })
  if (fileBytes > CATALOG_BYTES_MAX) {
    throw new LdbError('LDB_TOO_LARGE', 'the catalog would exceed 64 MiB: too many keyspaces')
  }
  const bytes = new Uint8Array(fileBytes)
  const hash = new Int32Array(2)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeHeader())
  view.setUint32(CATALOG_OFFSET_FILE_BYTES, fileBytes, true)
  assert(catalog.databaseId.length === 16, 'a database id has 16 bytes')
  bytes.set(catalog.databaseId, CATALOG_OFFSET_DATABASE_ID)
  writeU64(bytes, CATALOG_OFFSET_GENERATION, catalog.generation)
  writeU64(bytes, CATALOG_OFFSET_SEQ, catalog.seq)
  view.setUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, catalog.nextKeyspaceId, true)
  view.setUint32(CATALOG_OFFSET_KEYSPACE_COUNT, catalog.keyspaces.length, true)
  view.setUint32(CATALOG_OFFSET_PAGE_BYTES, catalog.pageBytes, true)
  let at = CATALOG_ROOT_END
  catalog.keyspaces.forEach(({ descriptor: keyspace, section }, index) => {
    const encoded = names[index]
    assert(encoded !== undefined && keyspace.id < catalog.nextKeyspaceId, 'keyspace numbers were assigned')
    assert(section.length <= ENGINE_SECTION_BYTES_MAX, 'the section of an engine has a length of 16 bits')
    view.setUint32(at + KEYSPACE_OFFSET_KEYSPACE_ID, keyspace.id, true)
    view.setUint8(at + KEYSPACE_OFFSET_ENGINE, EngineNumber[keyspace.engine])
    view.setUint8(at + KEYSPACE_OFFSET_COMPRESSION, CompressionNumber[keyspace.compression])
    view.setUint16(at + KEYSPACE_OFFSET_FLAGS, keyspace.expires === true ? KeyspaceFlag.Expires : 0, true)
    writeU64(bytes, at + KEYSPACE_OFFSET_CREATED_SEQ, keyspace.createdSeq)
    view.setUint16(at + KEYSPACE_OFFSET_NAME_BYTES, encoded.name.length, true)
    view.setUint8(at + KEYSPACE_OFFSET_KEY_ENCODING_BYTES, encoded.keys.length)
    view.setUint8(at + KEYSPACE_OFFSET_VALUE_ENCODING_BYTES, encoded.values.length)
    view.setUint16(at + KEYSPACE_OFFSET_SECTION_BYTES, section.length, true)
    writeU64(bytes, at + KEYSPACE_OFFSET_TTL_MS, keyspace.ttlMs ?? 0)
    at += KEYSPACE_RECORD_BYTES
    for (const part of [encoded.name, encoded.keys, encoded.values, section]) {
      bytes.set(part, at)
      at += part.length
    }
  })
  CATALOG_CODEC.checksum(bytes, CATALOG_OFFSET_FILE_BYTES, fileBytes, hash)
  view.setInt32(CATALOG_OFFSET_BODY_CHECKSUM, hash[0] as number, true)
  view.setInt32(CATALOG_OFFSET_BODY_CHECKSUM + 4, hash[1] as number, true)
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
      throw corruption(file, offset, 'reserved bytes of the catalog are not zero')
    }
  }
  const pageBytes = view.getUint32(CATALOG_OFFSET_PAGE_BYTES, true)
  if (!isPageSize(pageBytes)) {
    throw corruption(file, CATALOG_OFFSET_PAGE_BYTES, 'the catalog gives an impossible page size', {
      actual: pageBytes,
    })
  }
  const nextKeyspaceId = view.getUint32(CATALOG_OFFSET_NEXT_KEYSPACE_ID, true)
  return {
    databaseId: bytes.slice(CATALOG_OFFSET_DATABASE_ID, CATALOG_OFFSET_GENERATION),
    pageBytes,
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
  decodeFileHeader(bytes, {
    file,
    kind: CATALOG_KIND,
    format: CATALOG_FORMAT,
    oldestFormat: CATALOG_OLDEST_FORMAT,
  })
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
    const sectionBytes = view.getUint16(at + KEYSPACE_OFFSET_SECTION_BYTES, true)
    at += KEYSPACE_RECORD_BYTES
    if (bytes.length - at < nameBytes + keyBytes + valueBytes + sectionBytes) {
      throw corruption(file, start, 'the names of a keyspace are cut off')
    }
    const names: EncodedNames = {
      name: bytes.subarray(at, at + nameBytes),
      keys: bytes.subarray(at + nameBytes, at + nameBytes + keyBytes),
      values: bytes.subarray(at + nameBytes + keyBytes, at + nameBytes + keyBytes + valueBytes),
    }
    at += nameBytes + keyBytes + valueBytes
    const descriptor = decodeDescriptor(view, start, names, file)
    if (descriptor.id <= lastId || descriptor.id >= nextKeyspaceId || seen.has(descriptor.name)) {
      throw corruption(file, start, 'the numbers or the names of keyspaces break the rules of the catalog')
    }
    lastId = descriptor.id
    seen.add(descriptor.name)
    keyspaces.push({ descriptor, section: bytes.slice(at, at + sectionBytes) })
    at += sectionBytes
  }
  if (at !== bytes.length) throw corruption(file, at, 'bytes follow the last keyspace record')
  return keyspaces
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
  const ttlMs = readU64Of(bytes, start + KEYSPACE_OFFSET_TTL_MS, file, start + KEYSPACE_OFFSET_TTL_MS)
  const createdSeqAt = start + KEYSPACE_OFFSET_CREATED_SEQ
  if (
    names.name.length > KEYSPACE_NAME_BYTES_MAX ||
    (flags & ~KeyspaceFlag.Expires) !== 0 ||
    view.getUint16(start + KEYSPACE_OFFSET_RESERVED, true) !== 0 ||
    (ttlMs !== 0 && (!expires || ttlMs > TTL_MS_MAX))
  ) {
    throw corruption(file, start, 'a keyspace record breaks the rules of the catalog')
  }
  const engine = view.getUint8(start + KEYSPACE_OFFSET_ENGINE)
  const compression = view.getUint8(start + KEYSPACE_OFFSET_COMPRESSION)
  return {
    ...(expires ? { expires } : {}),
    ...(ttlMs === 0 ? {} : { ttlMs }),
    id: view.getUint32(start + KEYSPACE_OFFSET_KEYSPACE_ID, true),
    engine: nameOf('engine', EngineNumber, RESERVED_ENGINES, engine, file, start),
    compression: nameOf('compression', CompressionNumber, RESERVED_COMPRESSIONS, compression, file, start),
    createdSeq: readU64Of(bytes, createdSeqAt, file, createdSeqAt),
    name: decodeName(names.name, file),
    keys: decodeName(names.keys, file),
    values: decodeName(names.values, file),
  }
}

/** An encrypted catalog announces itself by a flag of its header; a build that reads it checks these fields. */
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

/**
 * Returns the name of an engine or a compression.
 *
 * @throws {@link LdbError} LDB_UNSUPPORTED when another build may know the number, LDB_FORMAT when no version does.
 */
function nameOf<Name extends string>(
  what: string,
  numbers: Readonly<Record<Name, number>>,
  reserved: Readonly<Record<number, string>>,
  number: number,
  file: string,
  offset: number,
): Name {
  for (const name of Object.keys(numbers) as Name[]) {
    if (numbers[name] === number) return name
  }
  const known = Object.hasOwn(reserved, number) ? reserved[number] : undefined
  throw new LdbError(
    known === undefined ? 'LDB_FORMAT' : 'LDB_UNSUPPORTED',
    `a keyspace has ${what} ${known ?? number}, which this build does not have (${file})`,
    { details: { file, offset, actual: number } },
  )
}

function decodeName(bytes: Uint8Array, file: string): string {
  const offset = bytes.byteOffset
  if (bytes.length === 0) throw corruption(file, offset, 'a name in the catalog is empty')
  try {
    return decodeUtf8(bytes, 0, bytes.length)
  } catch (cause) {
    throw corruption(file, offset, 'a name in the catalog is not UTF-8', { cause })
  }
}
