import { UnitKind } from '@ldb/integrity'
import { bigintOf, readTable, tableBytes } from '../fields/format-table.js'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, seedOfFile } from '../fields/checksum.js'
import { decrypted, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import type { EncryptedUnit } from '../fields/encrypted-unit.js'
import { idAt, readHeader } from '../fields/file-header.js'
import { BLOB_TABLES } from '../tables/blob.js'

export const CHUNK_BYTES = 1_048_576
const FILE_ID_OFFSET = 24
const VERSION_OFFSET = 16
const CHECKSUM_BYTES = 8
/** Bits of a version that the associated data of a unit contain. */
const EPOCH_BITS = 53

/** Where the parts of a record are. */
export interface BlobRecord {
  readonly at: number
  readonly keyBytes: number
  readonly valueBytes: number
  /** Where the value begins, and the end of the record. */
  readonly valueAt: number
  readonly end: number
  /** Chunks of a long value; 0 for another one. */
  readonly chunkCount: number
  /** Bytes behind each unit of an encrypted file. */
  readonly trailerBytes: number
  /** Where the record was written: another offset in a compacted file. */
  readonly fileOffset: number
  readonly stored: bigint
  readonly actual: bigint
}

/** Returns the record at an offset; `undefined` when the file ends within its header. */
export function blobRecordAt(source: ByteSource, at: number): BlobRecord | undefined {
  const fields = readTable(source, BLOB_TABLES['Record'], at)
  if (fields === undefined) return undefined
  const { keyBytes = 0, valueBytes = 0, fileOffset = 0 } = fields
  const trailerBytes = readHeader(source).isEncrypted ? TRAILER_BYTES : 0
  const chunkCount = valueBytes > CHUNK_BYTES ? Math.ceil(valueBytes / CHUNK_BYTES) : 0
  const headerBytes = tableBytes(BLOB_TABLES['Record'])
  const valueAt = at + headerBytes + keyBytes + trailerBytes
  const valueEnd = valueAt + valueBytes + Math.max(1, chunkCount) * trailerBytes
  const table = chunkCount === 0 ? 0 : chunkCount * CHECKSUM_BYTES + trailerBytes
  const checked = source.read(at + CHECKSUM_BYTES, headerBytes - CHECKSUM_BYTES + keyBytes + trailerBytes)
  return {
    at,
    keyBytes,
    valueBytes,
    valueAt,
    end: valueEnd + table,
    chunkCount,
    trailerBytes,
    fileOffset,
    stored: bigintOf(source.read(at, CHECKSUM_BYTES)),
    actual: hashOf(checked, seedOfFile(idAt(source, FILE_ID_OFFSET))),
  }
}

/** Returns the offset of a chunk of a value, of the chunk table for the chunk behind the last one, and its length without a trailer. */
export function chunkRange(
  record: BlobRecord,
  index: number,
): { readonly at: number; readonly byteCount: number } {
  const { valueAt, valueBytes, trailerBytes } = record
  const start = index * CHUNK_BYTES
  return {
    at: valueAt + Math.min(start, valueBytes) + index * trailerBytes,
    byteCount: Math.max(0, Math.min(CHUNK_BYTES, valueBytes - start)),
  }
}

/** Returns the unit of the key of an encrypted record. */
export function keyUnit(source: ByteSource, record: BlobRecord): EncryptedUnit {
  const at = record.at + tableBytes(BLOB_TABLES['Record'])
  const { fileOffset: position, keyBytes, trailerBytes } = record
  return { at, byteCount: keyBytes + trailerBytes, ...bound(source, position, versionOf(source, record)) }
}

/** Returns the unit of the chunk table. */
export function tableUnit(source: ByteSource, record: BlobRecord): EncryptedUnit {
  const { chunkCount, trailerBytes } = record
  const { at } = chunkRange(record, chunkCount)
  const byteCount = chunkCount * CHECKSUM_BYTES + trailerBytes
  return { at, byteCount, ...bound(source, writtenAt(record, at), versionOf(source, record)) }
}

/** Returns the unit of a chunk of a value, or of the whole value. The version of one of several is in the chunk table, which is encrypted, too. */
export function chunkUnit(source: ByteSource, record: BlobRecord, index: number): EncryptedUnit {
  const { at, byteCount } = chunkRange(record, index)
  const table = record.chunkCount === 0 ? undefined : tableUnit(source, record)
  const entries = table && decrypted(source, table)
  const version =
    table === undefined || entries === undefined
      ? versionOf(source, record)
      : bigintOf(entries.read(table.at + index * CHECKSUM_BYTES, CHECKSUM_BYTES))
  return {
    at,
    byteCount: byteCount + record.trailerBytes,
    ...bound(source, writtenAt(record, at), version),
  }
}

function bound(
  source: ByteSource,
  position: number,
  version: bigint,
): Pick<EncryptedUnit, 'purpose' | 'fileId' | 'kind' | 'position' | 'epoch'> {
  const epoch = Number(BigInt.asUintN(EPOCH_BITS, version))
  return { purpose: 'blob', fileId: idAt(source, FILE_ID_OFFSET), kind: UnitKind.Blob, position, epoch }
}

function versionOf(source: ByteSource, { at }: BlobRecord): bigint {
  return bigintOf(source.read(at + VERSION_OFFSET, CHECKSUM_BYTES))
}

function writtenAt({ at, fileOffset }: BlobRecord, position: number): number {
  return position - at + fileOffset
}
