import type { ByteSource } from '../fields/byte-source.js'
import { dumpCompressed } from '../fields/compressed-bytes.js'
import { hashOf, SEED_ZERO, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpEncryptedUnit, dumpHeader, readHeader, TRAILER_BYTES } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, shown, tableBytes } from '../fields/format-table.js'
import { withoutHeader } from './log-segment.js'
import { seedOf } from './lsm-table.js'
import { BLOB_TABLES } from '../tables/blob.js'

const HEADER_CHECKED_BYTES = 56
const HEADER_BYTES = 64
const RECORD_BYTES = 40
const CHUNK_BYTES = 1_048_576
const ALIGNMENT = 8
const INDEX_ENTRY_BYTES = 16

interface BlobRecord {
  readonly keyBytes: number
  readonly valueBytes: number
  /** Where the value begins, and the next record. */
  readonly valueAt: number
  readonly end: number
  readonly chunkCount: number
  readonly stored: bigint
  readonly actual: bigint
}

/** Yields the fields of the header of a blob file, its index, and its records as units. */
export function* dumpBlobFile(source: ByteSource): DumpLines {
  yield* dumpHeader(source)
  yield { title: 'header of a blob file' }
  yield* withoutHeader(
    dumpTable(source, BLOB_TABLES['File header'], 0, {
      checksum: verdict(
        bigintOf(source.read(HEADER_CHECKED_BYTES, 8)),
        hashOf(source.read(0, HEADER_CHECKED_BYTES), SEED_ZERO),
      ),
    }),
  )
  const { indexCount = 0 } = readTable(source, BLOB_TABLES['File header'], 0) ?? {}
  let at = HEADER_BYTES
  for (let index = 0; index < indexCount && at < source.byteCount; index++, at += INDEX_ENTRY_BYTES) {
    yield { title: `index entry ${index + 1} of ${indexCount}` }
    yield* dumpTable(source, BLOB_TABLES['Index entry'], at)
  }
  if (indexCount > 0) at += 8
  yield { title: 'records' }
  while (at < source.byteCount) {
    const record = recordAt(source, at)
    if (record === undefined || record.stored !== record.actual) {
      yield { note: `DAMAGED or torn: no record with an intact header is at ${at}` }
      return
    }
    const detail = `value of ${record.valueBytes} bytes`
    yield { offset: at, byteCount: record.end - at, unit: 'record', detail }
    at = Math.ceil(record.end / ALIGNMENT) * ALIGNMENT
  }
}

/** Yields the fields of the record at an offset. */
export function* dumpBlobRecord(source: ByteSource, at: number): DumpLines {
  const record = at < HEADER_BYTES ? undefined : recordAt(source, at)
  if (record === undefined) {
    yield { note: `no record of a blob file begins at ${at}` }
    return
  }
  const { keyBytes, valueBytes, valueAt, chunkCount, stored, actual } = record
  const { isEncrypted } = readHeader(source)
  yield { title: 'record of a blob file' }
  yield* dumpTable(source, BLOB_TABLES['Record'], at, { checksum: verdict(stored, actual) })
  if (isEncrypted) {
    yield { title: 'key' }
    yield* dumpEncryptedUnit(source, at + RECORD_BYTES, keyBytes + TRAILER_BYTES)
    yield { title: 'value, or its first chunk' }
    yield* dumpEncryptedUnit(source, valueAt, Math.min(valueBytes, CHUNK_BYTES) + TRAILER_BYTES)
    return
  }
  const key = source.read(at + RECORD_BYTES, keyBytes)
  yield { offset: at + RECORD_BYTES, bytes: key, field: 'key', value: shown(key) }
  const value = source.read(valueAt, Math.min(valueBytes, CHUNK_BYTES))
  const { codec = 0, decodedBytes = 0 } = readTable(source, BLOB_TABLES['Record'], at) ?? {}
  if (codec === 0) yield { offset: valueAt, bytes: value, field: 'value', value: shown(value) }
  else {
    const decoded = yield* dumpCompressed(valueAt, value, codec, decodedBytes)
    if (decoded !== undefined) yield { offset: 0, bytes: decoded, field: 'value', value: shown(decoded) }
  }
  for (let index = 0; index < chunkCount; index++) {
    const entry = valueAt + valueBytes + index * 8
    const chunk = source.read(
      valueAt + index * CHUNK_BYTES,
      Math.min(CHUNK_BYTES, valueBytes - index * CHUNK_BYTES),
    )
    const bytes = source.read(entry, 8)
    const said = verdict(bigintOf(bytes), hashOf(chunk, seedOf(source)))
    yield { offset: entry, bytes, field: `checksum of chunk ${index}`, value: said }
  }
}

function recordAt(source: ByteSource, at: number): BlobRecord | undefined {
  const fields = readTable(source, BLOB_TABLES['Record'], at)
  if (fields === undefined) return undefined
  const { keyBytes = 0, valueBytes = 0 } = fields
  const trailer = readHeader(source).isEncrypted ? TRAILER_BYTES : 0
  const chunkCount = valueBytes > CHUNK_BYTES ? Math.ceil(valueBytes / CHUNK_BYTES) : 0
  const valueAt = at + tableBytes(BLOB_TABLES['Record']) + keyBytes + trailer
  const valueEnd = valueAt + valueBytes + Math.max(1, chunkCount) * trailer
  const table = chunkCount === 0 ? 0 : chunkCount * 8 + trailer
  const checked = source.read(at + 8, RECORD_BYTES - 8 + keyBytes + trailer)
  return {
    keyBytes,
    valueBytes,
    valueAt,
    end: valueEnd + table,
    chunkCount,
    stored: bigintOf(source.read(at, 8)),
    actual: hashOf(checked, seedOf(source)),
  }
}
