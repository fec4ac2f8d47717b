import type { ByteSource } from '../fields/byte-source.js'
import { dumpCompressed } from '../fields/compressed-bytes.js'
import { hashOf, hexOf64, SEED_ZERO, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit, VERSION_REMARK } from '../fields/encrypted-unit.js'
import { dumpHeader, withoutHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, shown } from '../fields/format-table.js'
import { blobRecordAt, chunkRange, chunkUnit, keyUnit, tableUnit } from './blob-record.js'
import type { BlobRecord } from './blob-record.js'
import { seedOf } from './lsm-table.js'
import { BLOB_TABLES } from '../tables/blob.js'

const HEADER_CHECKED_BYTES = 56
const HEADER_BYTES = 64
const ALIGNMENT = 8
const INDEX_ENTRY_BYTES = 16
const CHECKSUM_BYTES = 8

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
  if (indexCount > 0) at += CHECKSUM_BYTES
  yield { title: 'records' }
  while (at < source.byteCount) {
    const record = blobRecordAt(source, at)
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
  const record = at < HEADER_BYTES ? undefined : blobRecordAt(source, at)
  if (record === undefined) {
    yield { note: `no record of a blob file begins at ${at}` }
    return
  }
  const { keyBytes, stored, actual, trailerBytes } = record
  yield { title: 'record of a blob file' }
  yield* dumpTable(source, BLOB_TABLES['Record'], at, { checksum: verdict(stored, actual) })
  if (trailerBytes > 0) {
    yield* dumpSealedParts(source, record)
    return
  }
  const keyAt = record.valueAt - keyBytes
  yield* dumpBytes(source, keyAt, keyBytes, 'key')
  yield* dumpValue(source, record)
  yield* dumpChunkTable(source, record)
}

function* dumpSealedParts(source: ByteSource, record: BlobRecord): DumpLines {
  const key = keyUnit(source, record)
  yield { title: 'key' }
  yield* dumpUnit(source, key, (plain) => dumpBytes(plain, key.at, record.keyBytes, 'key'))
  yield { title: record.chunkCount === 0 ? 'value' : `chunk 0 of ${record.chunkCount} of the value` }
  yield* dumpUnit(source, chunkUnit(source, record, 0), (plain) => dumpValue(plain, record))
  if (record.chunkCount === 0) return
  yield { title: 'chunk table' }
  yield* dumpUnit(source, tableUnit(source, record), (plain) => dumpChunkTable(plain, record))
}

function* dumpBytes(source: ByteSource, at: number, byteCount: number, field: string): DumpLines {
  const bytes = source.read(at, byteCount)
  yield { offset: at, bytes, field, value: shown(bytes) }
}

/** Yields a value; of a long one, its first chunk. */
function* dumpValue(source: ByteSource, record: BlobRecord): DumpLines {
  const { valueAt } = record
  const value = source.read(valueAt, chunkRange(record, 0).byteCount)
  const { codec = 0, decodedBytes = 0 } = readTable(source, BLOB_TABLES['Record'], record.at) ?? {}
  if (codec === 0) yield { offset: valueAt, bytes: value, field: 'value', value: shown(value) }
  else {
    const decoded = yield* dumpCompressed(valueAt, value, codec, decodedBytes)
    if (decoded !== undefined) yield { offset: 0, bytes: decoded, field: 'value', value: shown(decoded) }
  }
}

function* dumpChunkTable(source: ByteSource, record: BlobRecord): DumpLines {
  const { chunkCount, trailerBytes } = record
  for (let index = 0; index < chunkCount; index++) {
    const { at, byteCount } = chunkRange(record, index)
    const entry = chunkRange(record, chunkCount).at + index * CHECKSUM_BYTES
    const bytes = source.read(entry, CHECKSUM_BYTES)
    const value =
      trailerBytes > 0
        ? `${hexOf64(bigintOf(bytes))}  ${VERSION_REMARK}`
        : verdict(bigintOf(bytes), hashOf(source.read(at, byteCount), seedOf(source)))
    yield { offset: entry, bytes, field: `checksum of chunk ${index}`, value }
  }
}
