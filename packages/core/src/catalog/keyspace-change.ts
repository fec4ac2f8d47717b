import { corruption, encodeUtf8, readU32, writeU32 } from '@ldb/base'
import {
  EngineNumber,
  KEYSPACE_CHANGE_BYTES,
  KEYSPACE_CHANGE_OFFSET_ENGINE,
  KEYSPACE_CHANGE_OFFSET_KEY_ENCODING_BYTES,
  KEYSPACE_CHANGE_OFFSET_KEYSPACE_ID,
  KEYSPACE_CHANGE_OFFSET_KIND,
  KEYSPACE_CHANGE_OFFSET_NAME_BYTES,
  KEYSPACE_CHANGE_OFFSET_RESERVED,
  KEYSPACE_CHANGE_OFFSET_VALUE_ENCODING_BYTES,
  KEYSPACE_NAME_BYTES_MAX,
  KeyspaceChangeKind,
} from '../format.js'
import type { Catalog, KeyspaceChange, KeyspaceDescriptor } from './catalog.js'
import { decodeName, engineNameOf } from './stored-names.js'

/** Returns the change that creates or drops a keyspace. */
export function keyspaceChange(
  kind: KeyspaceChange['kind'],
  { id, name, engine, keys, values }: KeyspaceDescriptor,
): KeyspaceChange {
  return { kind, id, name, engine, keys, values }
}

/**
 * Reports whether the log lacks the keyspace change of a catalog: a crash came between the two, and the catalog is the truth.
 *
 * @param seq - number of the newest commit of the log.
 */
export function isChangeMissing(
  catalog: Catalog,
  seq: number,
): catalog is Catalog & { readonly change: KeyspaceChange } {
  return catalog.change !== undefined && seq === catalog.seq - 1
}

/** Encodes a keyspace change (FORMAT.md). */
export function encodeKeyspaceChange(change: KeyspaceChange): Uint8Array {
  const parts = [encodeUtf8(change.name), encodeUtf8(change.keys), encodeUtf8(change.values)]
  const [nameBytes = 0, keyBytes = 0, valueBytes = 0] = parts.map(({ length }) => length)
  const bytes = new Uint8Array(KEYSPACE_CHANGE_BYTES + nameBytes + keyBytes + valueBytes)
  writeU32(bytes, KEYSPACE_CHANGE_OFFSET_KEYSPACE_ID, change.id)
  bytes[KEYSPACE_CHANGE_OFFSET_KIND] = KeyspaceChangeKind[change.kind]
  bytes[KEYSPACE_CHANGE_OFFSET_ENGINE] = EngineNumber[change.engine]
  bytes[KEYSPACE_CHANGE_OFFSET_NAME_BYTES] = nameBytes % 256
  bytes[KEYSPACE_CHANGE_OFFSET_NAME_BYTES + 1] = Math.floor(nameBytes / 256)
  bytes[KEYSPACE_CHANGE_OFFSET_KEY_ENCODING_BYTES] = keyBytes
  bytes[KEYSPACE_CHANGE_OFFSET_VALUE_ENCODING_BYTES] = valueBytes
  let at = KEYSPACE_CHANGE_BYTES
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * Decodes a keyspace change.
 *
 * @param file - path of the catalog or the log, for errors.
 * @param offset - where the change is in it.
 * @throws {@link LdbError} LDB_CORRUPTION when it breaks the format; LDB_FORMAT, LDB_UNSUPPORTED for an engine that this build lacks.
 */
export function decodeKeyspaceChange(bytes: Uint8Array, file: string, offset: number): KeyspaceChange {
  const nameAt = KEYSPACE_CHANGE_BYTES
  const kind = kindOf(bytes[KEYSPACE_CHANGE_OFFSET_KIND])
  if (bytes.length < nameAt || kind === undefined)
    throw corruption(file, offset, 'a keyspace change is malformed')
  const id = readU32(bytes, KEYSPACE_CHANGE_OFFSET_KEYSPACE_ID)
  const nameBytes =
    (bytes[KEYSPACE_CHANGE_OFFSET_NAME_BYTES] as number) +
    (bytes[KEYSPACE_CHANGE_OFFSET_NAME_BYTES + 1] as number) * 256
  const keysAt = nameAt + nameBytes
  const valuesAt = keysAt + (bytes[KEYSPACE_CHANGE_OFFSET_KEY_ENCODING_BYTES] as number)
  const end = valuesAt + (bytes[KEYSPACE_CHANGE_OFFSET_VALUE_ENCODING_BYTES] as number)
  const reserved = bytes.subarray(KEYSPACE_CHANGE_OFFSET_RESERVED, nameAt)
  if (
    end !== bytes.length ||
    id < 2 ||
    nameBytes > KEYSPACE_NAME_BYTES_MAX ||
    reserved.some((byte) => byte !== 0)
  ) {
    throw corruption(file, offset, 'a keyspace change is malformed')
  }
  return {
    kind,
    id,
    engine: engineNameOf(bytes[KEYSPACE_CHANGE_OFFSET_ENGINE] as number, file, offset),
    name: decodeName(bytes.subarray(nameAt, keysAt), file, offset),
    keys: decodeName(bytes.subarray(keysAt, valuesAt), file, offset),
    values: decodeName(bytes.subarray(valuesAt, end), file, offset),
  }
}

function kindOf(number: number | undefined): KeyspaceChange['kind'] | undefined {
  if (number === KeyspaceChangeKind.createKeyspace) return 'createKeyspace'
  return number === KeyspaceChangeKind.dropKeyspace ? 'dropKeyspace' : undefined
}
