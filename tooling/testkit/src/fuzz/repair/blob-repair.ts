import { SEED_ZERO, seedOfFile } from '@ldb/integrity'
import { viewOf } from '../../corruption/tree-layout.js'
import { putChecksum, repairFileHeader } from './checksum.js'

// Offsets from the FORMAT.md of the blob files.
export const HEADER_BYTES = 64
const HEADER_CHECKSUM = 56
const INDEX_COUNT = 52
const INDEX_ENTRY_BYTES = 16
const RECORD_HEADER_BYTES = 40
const VALUE_BYTES = 24
const KEY_BYTES = 28
const CHUNK_BYTES = 1_048_576

/** Recomputes the checksums of a blob file: of its header, its index and the headers of its records. Those of values are in references. */
export function repairBlobFile(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES) return
  repairFileHeader(bytes, 0)
  putChecksum(bytes, HEADER_CHECKSUM, 0, HEADER_CHECKSUM, SEED_ZERO)
  const seed = seedOfFile(bytes.subarray(24, 40))
  const first = firstRecordOf(bytes)
  if (first > bytes.length) return
  if (first > HEADER_BYTES) putChecksum(bytes, first - 8, HEADER_BYTES, first - 8, seed)
  for (const at of recordsOf(bytes)) {
    const keyEnd = at + RECORD_HEADER_BYTES + viewOf(bytes).getUint16(at + KEY_BYTES, true)
    if (keyEnd <= bytes.length) putChecksum(bytes, at, at + 8, keyEnd, seed)
  }
}

/** Returns the positions of the records that lie within the file. */
export function recordsOf(bytes: Uint8Array): number[] {
  const view = viewOf(bytes)
  const records: number[] = []
  for (let at = firstRecordOf(bytes); at + RECORD_HEADER_BYTES <= bytes.length;) {
    records.push(at)
    const valueBytes = view.getUint32(at + VALUE_BYTES, true)
    const tableBytes = valueBytes > CHUNK_BYTES ? 8 * Math.ceil(valueBytes / CHUNK_BYTES) : 0
    const byteCount = RECORD_HEADER_BYTES + view.getUint16(at + KEY_BYTES, true) + valueBytes + tableBytes
    at += Math.ceil(byteCount / 8) * 8
  }
  return records
}

function firstRecordOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES) return HEADER_BYTES
  const indexCount = viewOf(bytes).getUint32(INDEX_COUNT, true)
  return indexCount === 0 ? HEADER_BYTES : HEADER_BYTES + indexCount * INDEX_ENTRY_BYTES + 8
}
