import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { Seed64 } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import { dumpHeader, idAt, readHeader, withoutHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable } from '../fields/format-table.js'
import { dumpLogPayload, LOG_RECORD_NAMES } from './log-payload.js'
import { WAL_TABLES } from '../tables/wal.js'

const SEGMENT_ID_OFFSET = 24
const HEADER_CHECKSUM_OFFSET = 4088
const SEAL_OFFSET = 4096
const SEAL_CHECKED_BYTES = 48
const RECORDS_OFFSET = 8192
const RECORD_BYTES = 32
const ALIGNMENT = 8
/** The kind of an encrypted record contains its type times this. */
const TYPE_FACTOR = 256

/** A record of a segment. */
export interface LogRecord {
  readonly fileOffset: number
  readonly lsn: number
  readonly seq: number
  readonly type: number
  readonly payloadBytes: number
  /** Length with its header and its padding. */
  readonly byteCount: number
  readonly isIntact: boolean
}

/** What the records of a segment are checked with. */
interface SegmentFacts {
  readonly seed: Seed64
  readonly baseLsn: number
  readonly isEncrypted: boolean
}

/** Yields the fields of the header and the seal of a segment, and its records as units. */
export function* dumpSegment(source: ByteSource): DumpLines {
  const { seed } = factsOf(source)
  yield* dumpHeader(source)
  yield { title: 'segment header' }
  yield* withoutHeader(
    dumpTable(source, WAL_TABLES['Segment header'], 0, {
      firstRecordTime: (time) => (time === 0 ? 'unknown' : new Date(time).toISOString()),
      checksum: verdict(
        bigintOf(source.read(HEADER_CHECKSUM_OFFSET, 8)),
        hashOf(source.read(0, HEADER_CHECKSUM_OFFSET), SEED_ZERO),
      ),
    }),
  )
  const seal = source.read(SEAL_OFFSET, SEAL_CHECKED_BYTES + 8)
  yield { title: 'seal' }
  if (seal.every((byte) => byte === 0)) yield { note: 'There is no seal: the log was left open.' }
  else
    yield* dumpTable(source, WAL_TABLES['Seal'], SEAL_OFFSET, {
      kind: (kind) => (kind === 1 ? 'continued in another segment' : 'the log was closed'),
      checksum: verdict(
        bigintOf(seal.subarray(SEAL_CHECKED_BYTES)),
        hashOf(seal.subarray(0, SEAL_CHECKED_BYTES), seed),
      ),
    })
  yield { title: 'records' }
  let end = RECORDS_OFFSET
  for (const record of recordsOf(source)) {
    end = record.fileOffset + record.byteCount
    yield {
      offset: record.fileOffset,
      byteCount: record.byteCount,
      unit: `${LOG_RECORD_NAMES[record.type] ?? `type ${record.type}`}`,
      detail: `seq ${record.seq}, lsn ${record.lsn}${record.isIntact ? '' : ', DAMAGED'}`,
    }
  }
  yield { note: `${source.byteCount - end} bytes from ${end} on contain no record: zeros, or the torn end.` }
}

/** Yields the fields of the record at a file offset. */
export function* dumpRecord(source: ByteSource, fileOffset: number): DumpLines {
  const { seed, baseLsn, isEncrypted } = factsOf(source)
  const record = recordAt(source, fileOffset)
  if (record === undefined) {
    yield { note: `DAMAGED: no record of the log begins at ${fileOffset}` }
    return
  }
  const { lsn, seq, payloadBytes, type } = record
  const header = source.read(fileOffset, RECORD_BYTES)
  const checked = source.read(fileOffset + 8, RECORD_BYTES - 8 + payloadBytes)
  yield { title: `record at lsn ${fileOffset - RECORDS_OFFSET + baseLsn}` }
  yield* dumpTable(source, WAL_TABLES['Record'], fileOffset, {
    checksum: verdict(bigintOf(header.subarray(0, 8)), hashOf(checked, seed) ^ BigInt(lsn)),
    type: LOG_RECORD_NAMES[type] ?? '',
  })
  const at = fileOffset + RECORD_BYTES
  if (!isEncrypted) {
    yield* dumpLogPayload(source, at, payloadBytes, type)
    return
  }
  const fileId = idAt(source, SEGMENT_ID_OFFSET)
  const kind = UnitKind.LogRecord + TYPE_FACTOR * type
  const binding = { purpose: 'log', fileId, kind, position: lsn, epoch: seq } as const
  yield* dumpUnit(source, { at, byteCount: payloadBytes, ...binding }, (plain) =>
    dumpLogPayload(plain, at, payloadBytes - TRAILER_BYTES, type),
  )
}

/** Yields the records of a segment, up to the first bytes that are none. */
export function* recordsOf(source: ByteSource): Generator<LogRecord, void, void> {
  let at = RECORDS_OFFSET
  for (let record = recordAt(source, at); record !== undefined; record = recordAt(source, at)) {
    yield record
    at += record.byteCount
  }
}

/** Returns the record at a file offset; `undefined` when its header is not good. */
function recordAt(source: ByteSource, fileOffset: number): LogRecord | undefined {
  const { seed, baseLsn } = factsOf(source)
  const fields = readTable(source, WAL_TABLES['Record'], fileOffset)
  if (fields === undefined || fileOffset < RECORDS_OFFSET) return undefined
  const { payloadBytes = 0, headerCheck = 0, seq = 0, type = 0 } = fields
  const lsn = fileOffset - RECORDS_OFFSET + baseLsn
  const header = source.read(fileOffset, RECORD_BYTES)
  if (header.every((byte) => byte === 0)) return undefined
  const check = (hashOf(header.subarray(12), seed) ^ BigInt(lsn)) & 0xffff_ffffn
  if (BigInt(headerCheck) !== check) return undefined
  const checked = source.read(fileOffset + 8, RECORD_BYTES - 8 + payloadBytes)
  const isIntact = bigintOf(header.subarray(0, 8)) === (hashOf(checked, seed) ^ BigInt(lsn))
  const byteCount = Math.ceil((RECORD_BYTES + payloadBytes) / ALIGNMENT) * ALIGNMENT
  return { fileOffset, lsn, seq, type, payloadBytes, byteCount, isIntact }
}

const known = new WeakMap<ByteSource, SegmentFacts>()

function factsOf(source: ByteSource): SegmentFacts {
  const found = known.get(source)
  if (found !== undefined) return found
  const id = idAt(source, SEGMENT_ID_OFFSET)
  const { baseLsn = 0 } = readTable(source, WAL_TABLES['Segment header'], 0) ?? {}
  const facts = { seed: seedOfFile(id), baseLsn, isEncrypted: readHeader(source).isEncrypted }
  known.set(source, facts)
  return facts
}
