import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit } from '../fields/encrypted-unit.js'
import { idAt, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, numberOf, readTable, shown, tableBytes } from '../fields/format-table.js'
import { dumpLsmHeader, seedOf } from './lsm-table.js'
import { LSM_TABLES } from '../tables/lsm.js'

const FILE_ID_OFFSET = 24
const RECORDS_OFFSET = 64
const RECORD_BYTES = 16
const CHECKSUM_OFFSET = 8
const ALIGNMENT = 8
const NO_UPPER = 0xffff_ffff

/** Yields the fields of the header of a manifest, and its records as units. */
export function* dumpManifest(source: ByteSource): DumpLines {
  yield* dumpLsmHeader(source)
  yield { title: 'records' }
  let at = RECORDS_OFFSET
  while (at < source.byteCount) {
    const record = recordAt(source, at)
    if (record === undefined) {
      yield { note: `No record begins at ${at}: the manifest ends there, or is DAMAGED.` }
      return
    }
    const byteCount = RECORD_BYTES + record.payloadBytes
    const detail = record.actual === record.stored ? '' : 'DAMAGED'
    yield { offset: at, byteCount, unit: record.type === 1 ? 'state' : 'edit', detail }
    at = Math.ceil((at + byteCount) / ALIGNMENT) * ALIGNMENT
  }
}

/** Yields the fields of the record at an offset. */
export function* dumpManifestRecord(source: ByteSource, at: number): DumpLines {
  if (at < RECORDS_OFFSET) {
    yield* dumpLsmHeader(source)
    return
  }
  const record = recordAt(source, at)
  if (record === undefined) {
    yield { note: `DAMAGED: no record begins at ${at}` }
    return
  }
  yield { title: 'record of a manifest' }
  yield* dumpTable(source, LSM_TABLES['Record'], at, {
    type: (type) => (type === 1 ? 'state' : 'edit'),
    checksum: verdict(record.stored, record.actual),
  })
  const start = at + RECORD_BYTES
  if (!readHeader(source).isEncrypted) {
    yield* dumpState(source, start)
    return
  }
  const { payloadBytes: byteCount, type: epoch } = record
  const fileId = idAt(source, FILE_ID_OFFSET)
  const binding = { purpose: 'manifest', fileId, kind: UnitKind.ManifestEdit, position: at, epoch } as const
  yield* dumpUnit(source, { at: start, byteCount, ...binding }, (plain) => dumpState(plain, start))
}

function* dumpState(source: ByteSource, start: number): DumpLines {
  yield { title: 'state' }
  yield* dumpTable(source, LSM_TABLES['State'], start)
  const { removedCount = 0, addedCount = 0 } = readTable(source, LSM_TABLES['State'], start) ?? {}
  let at = start + tableBytes(LSM_TABLES['State'])
  for (let index = 0; index < removedCount && at < source.byteCount; index++, at += 8) {
    const bytes = source.read(at, 8)
    yield { offset: at, bytes, field: 'removed table', value: String(numberOf(bytes)) }
  }
  for (let index = 0; index < addedCount && at < source.byteCount; index++) {
    const table = LSM_TABLES['Table']
    const { lowerBytes = 0, upperBytes = 0 } = readTable(source, table, at) ?? {}
    yield { title: `added table ${index + 1} of ${addedCount}` }
    yield* dumpTable(source, table, at)
    at += tableBytes(table)
    const lower = source.read(at, lowerBytes)
    yield { offset: at, bytes: lower, field: 'lower', value: shown(lower) }
    at += lowerBytes
    if (upperBytes === NO_UPPER) continue
    const upper = source.read(at, upperBytes)
    yield { offset: at, bytes: upper, field: 'upper', value: shown(upper) }
    at += upperBytes
  }
}

interface ManifestRecord {
  readonly payloadBytes: number
  readonly type: number
  readonly stored: bigint
  readonly actual: bigint
}

/** The checksum is that of the record with its file offset in the place of it. */
function recordAt(source: ByteSource, at: number): ManifestRecord | undefined {
  const { payloadBytes = 0, type = 0 } = readTable(source, LSM_TABLES['Record'], at) ?? {}
  const image = Uint8Array.from(source.read(at, RECORD_BYTES + payloadBytes))
  if ((type !== 1 && type !== 2) || image.length < RECORD_BYTES + payloadBytes) return undefined
  const stored = bigintOf(image.subarray(CHECKSUM_OFFSET, RECORD_BYTES))
  new DataView(image.buffer).setBigUint64(CHECKSUM_OFFSET, BigInt(at), true)
  return { payloadBytes, type, stored, actual: hashOf(image, seedOf(source)) }
}
