import { readU64, writeU64 } from '@ldb/base'
import {
  PROPERTIES_BLOCKS_OFFSET,
  PROPERTIES_DELETES_OFFSET,
  PROPERTIES_ENTRIES_OFFSET,
  PROPERTIES_KEY_BYTES_OFFSET,
  PROPERTIES_MAX_STAMP_OFFSET,
  PROPERTIES_MIN_STAMP_OFFSET,
  PROPERTIES_PAYLOAD_BYTES,
  PROPERTIES_RAW_BYTES_OFFSET,
  PROPERTIES_STORED_BYTES_OFFSET,
  PROPERTIES_TOMBSTONES_OFFSET,
  PROPERTIES_VALUE_BYTES_OFFSET,
} from '../format.js'

/** Counts of a table, which `verify` computes again from its entries. */
export interface TableProperties {
  /** Entries: versions of keys, deletes included. */
  entryCount: number
  deleteCount: number
  /** Range tombstones. */
  tombstoneCount: number
  /** Smallest and greatest stamp of entries and tombstones. */
  minStamp: number
  maxStamp: number
  /** Bytes of all keys and of all values of the entries. */
  keyBytes: number
  valueBytes: number
  /** Data blocks. */
  blockCount: number
  /** Bytes of the payloads of the data blocks, uncompressed. */
  rawBytes: number
  /** ... and as they are stored. */
  storedBytes: number
}

/** Offsets of the fields, for encoder, decoder and comparison. */
const FIELDS: readonly (readonly [keyof TableProperties, number])[] = [
  ['entryCount', PROPERTIES_ENTRIES_OFFSET],
  ['deleteCount', PROPERTIES_DELETES_OFFSET],
  ['tombstoneCount', PROPERTIES_TOMBSTONES_OFFSET],
  ['minStamp', PROPERTIES_MIN_STAMP_OFFSET],
  ['maxStamp', PROPERTIES_MAX_STAMP_OFFSET],
  ['keyBytes', PROPERTIES_KEY_BYTES_OFFSET],
  ['valueBytes', PROPERTIES_VALUE_BYTES_OFFSET],
  ['blockCount', PROPERTIES_BLOCKS_OFFSET],
  ['rawBytes', PROPERTIES_RAW_BYTES_OFFSET],
  ['storedBytes', PROPERTIES_STORED_BYTES_OFFSET],
]

/** The properties of a table without entries. */
export function noProperties(): TableProperties {
  return {
    entryCount: 0,
    deleteCount: 0,
    tombstoneCount: 0,
    minStamp: Number.MAX_SAFE_INTEGER,
    maxStamp: 0,
    keyBytes: 0,
    valueBytes: 0,
    blockCount: 0,
    rawBytes: 0,
    storedBytes: 0,
  }
}

export function encodeProperties(properties: TableProperties, target: Uint8Array, start: number): number {
  for (const [name, offset] of FIELDS) writeU64(target, start + offset, properties[name])
  return start + PROPERTIES_PAYLOAD_BYTES
}

/** Returns `undefined` when the payload is malformed. */
export function decodeProperties(bytes: Uint8Array): TableProperties | undefined {
  if (bytes.length !== PROPERTIES_PAYLOAD_BYTES) return undefined
  const properties = noProperties()
  for (const [name, offset] of FIELDS) {
    const value = readU64(bytes, offset)
    if (value < 0) return undefined
    properties[name] = value
  }
  return properties
}

/** Returns the names of the fields in which two tables differ. */
export function differingProperties(a: TableProperties, b: TableProperties): string[] {
  return FIELDS.filter(([name]) => a[name] !== b[name]).map(([name]) => name)
}
