import { readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import { FILE_ID_BYTES } from '@ldb/integrity'
import {
  LEVEL_COUNT,
  NO_UPPER_BOUND,
  STATE_ADDED_COUNT_OFFSET,
  STATE_DURABLE_SEQ_OFFSET,
  STATE_HEADER_BYTES,
  STATE_NEXT_NUMBER_OFFSET,
  STATE_REMOVED_COUNT_OFFSET,
  STATE_SEGMENT_ID_OFFSET,
  STATE_STAMP_OFFSET,
  TABLE_CODEC_OFFSET,
  TABLE_DELETES_OFFSET,
  TABLE_ENTRIES_OFFSET,
  TABLE_FILE_BYTES_OFFSET,
  TABLE_FILE_ID_OFFSET,
  TABLE_LEVEL_OFFSET,
  TABLE_LOWER_BYTES_OFFSET,
  TABLE_MAX_STAMP_OFFSET,
  TABLE_MIN_STAMP_OFFSET,
  TABLE_NUMBER_OFFSET,
  TABLE_RAW_BYTES_OFFSET,
  TABLE_RECORD_BYTES,
  TABLE_TOMBSTONES_OFFSET,
  TABLE_UPPER_BYTES_OFFSET,
} from '../format.js'
import type { TableMeta } from '../table/table-meta.js'

const SEGMENT_ID_BYTES = 16
const NUMBER_BYTES = 8
const CODEC_ID_MAX = 255

/** A table and its level, as a manifest names them. */
export interface LeveledTable {
  readonly level: number
  readonly meta: TableMeta
}

/** The content of a manifest record: the whole state, or a change of the state before it. */
export interface ManifestEdit {
  /** Every commit up to this one is in the tables. */
  readonly durableSeq: number
  /** Greatest stamp that any table contains, or that was used before. */
  readonly stamp: number
  /** Greater than the number of every file of the store. */
  readonly nextNumber: number
  /** 16 bytes: the segment of the log that the newest commit is in. */
  readonly segmentId: Uint8Array
  /** Numbers of the tables that are removed; a table that changes its level is removed and added. */
  readonly removed: readonly number[]
  /** Tables that are added. In level 0, of several the newest come first. */
  readonly added: readonly LeveledTable[]
}

/** Encodes the payload of a record. */
export function encodeEdit(edit: ManifestEdit): Uint8Array {
  const { removed, added } = edit
  let byteCount = STATE_HEADER_BYTES + removed.length * NUMBER_BYTES
  for (const { meta } of added)
    byteCount += TABLE_RECORD_BYTES + meta.lower.length + (meta.upper?.length ?? 0)
  const bytes = new Uint8Array(byteCount)
  writeU64(bytes, STATE_DURABLE_SEQ_OFFSET, edit.durableSeq)
  writeU64(bytes, STATE_STAMP_OFFSET, edit.stamp)
  writeU64(bytes, STATE_NEXT_NUMBER_OFFSET, edit.nextNumber)
  bytes.set(edit.segmentId, STATE_SEGMENT_ID_OFFSET)
  writeU32(bytes, STATE_REMOVED_COUNT_OFFSET, removed.length)
  writeU32(bytes, STATE_ADDED_COUNT_OFFSET, added.length)
  let end = STATE_HEADER_BYTES
  for (const number of removed) {
    writeU64(bytes, end, number)
    end += NUMBER_BYTES
  }
  for (const table of added) end = encodeTable(table, bytes, end)
  return bytes
}

function encodeTable({ level, meta }: LeveledTable, bytes: Uint8Array, start: number): number {
  const { lower, upper } = meta
  writeU64(bytes, start + TABLE_NUMBER_OFFSET, meta.number)
  writeU64(bytes, start + TABLE_FILE_BYTES_OFFSET, meta.fileBytes)
  writeU64(bytes, start + TABLE_RAW_BYTES_OFFSET, meta.rawBytes)
  writeU64(bytes, start + TABLE_ENTRIES_OFFSET, meta.entryCount)
  writeU64(bytes, start + TABLE_DELETES_OFFSET, meta.deleteCount)
  writeU64(bytes, start + TABLE_TOMBSTONES_OFFSET, meta.tombstoneCount)
  writeU64(bytes, start + TABLE_MIN_STAMP_OFFSET, meta.minStamp)
  writeU64(bytes, start + TABLE_MAX_STAMP_OFFSET, meta.maxStamp)
  bytes.set(meta.fileId, start + TABLE_FILE_ID_OFFSET)
  writeU32(bytes, start + TABLE_LEVEL_OFFSET, level)
  writeU32(bytes, start + TABLE_CODEC_OFFSET, meta.codecId)
  writeU32(bytes, start + TABLE_LOWER_BYTES_OFFSET, lower.length)
  writeU32(bytes, start + TABLE_UPPER_BYTES_OFFSET, upper === undefined ? NO_UPPER_BOUND : upper.length)
  const lowerStart = start + TABLE_RECORD_BYTES
  bytes.set(lower, lowerStart)
  if (upper !== undefined) bytes.set(upper, lowerStart + lower.length)
  return lowerStart + lower.length + (upper?.length ?? 0)
}

/** Decodes the payload of a record; `undefined` when it is malformed. */
export function decodeEdit(bytes: Uint8Array): ManifestEdit | undefined {
  if (bytes.length < STATE_HEADER_BYTES) return undefined
  const durableSeq = readU64(bytes, STATE_DURABLE_SEQ_OFFSET)
  const stamp = readU64(bytes, STATE_STAMP_OFFSET)
  const nextNumber = readU64(bytes, STATE_NEXT_NUMBER_OFFSET)
  if (durableSeq < 0 || stamp < 0 || nextNumber < 0) return undefined
  const removedCount = readU32(bytes, STATE_REMOVED_COUNT_OFFSET)
  const addedCount = readU32(bytes, STATE_ADDED_COUNT_OFFSET)
  let offset = STATE_HEADER_BYTES
  if (removedCount * NUMBER_BYTES > bytes.length - offset) return undefined
  const removed: number[] = []
  for (let index = 0; index < removedCount; index++) {
    removed.push(readU64(bytes, offset))
    offset += NUMBER_BYTES
  }
  const added: LeveledTable[] = []
  for (let index = 0; index < addedCount; index++) {
    const table = decodeTable(bytes, offset)
    if (table === undefined) return undefined
    offset += TABLE_RECORD_BYTES + table.meta.lower.length + (table.meta.upper?.length ?? 0)
    added.push(table)
  }
  if (offset !== bytes.length || removed.includes(-1)) return undefined
  const segmentId = bytes.slice(STATE_SEGMENT_ID_OFFSET, STATE_SEGMENT_ID_OFFSET + SEGMENT_ID_BYTES)
  return { durableSeq, stamp, nextNumber, segmentId, removed, added }
}

function decodeTable(bytes: Uint8Array, start: number): LeveledTable | undefined {
  if (TABLE_RECORD_BYTES > bytes.length - start) return undefined
  const level = readU32(bytes, start + TABLE_LEVEL_OFFSET)
  const lowerBytes = readU32(bytes, start + TABLE_LOWER_BYTES_OFFSET)
  const upperField = readU32(bytes, start + TABLE_UPPER_BYTES_OFFSET)
  const upperBytes = upperField === NO_UPPER_BOUND ? 0 : upperField
  const lowerStart = start + TABLE_RECORD_BYTES
  if (level >= LEVEL_COUNT || lowerBytes + upperBytes > bytes.length - lowerStart) return undefined
  const lowerEnd = lowerStart + lowerBytes
  const meta: TableMeta = {
    number: readU64(bytes, start + TABLE_NUMBER_OFFSET),
    fileId: bytes.slice(start + TABLE_FILE_ID_OFFSET, start + TABLE_FILE_ID_OFFSET + FILE_ID_BYTES),
    fileBytes: readU64(bytes, start + TABLE_FILE_BYTES_OFFSET),
    rawBytes: readU64(bytes, start + TABLE_RAW_BYTES_OFFSET),
    codecId: readU32(bytes, start + TABLE_CODEC_OFFSET),
    lower: bytes.slice(lowerStart, lowerEnd),
    upper: upperField === NO_UPPER_BOUND ? undefined : bytes.slice(lowerEnd, lowerEnd + upperBytes),
    entryCount: readU64(bytes, start + TABLE_ENTRIES_OFFSET),
    deleteCount: readU64(bytes, start + TABLE_DELETES_OFFSET),
    tombstoneCount: readU64(bytes, start + TABLE_TOMBSTONES_OFFSET),
    minStamp: readU64(bytes, start + TABLE_MIN_STAMP_OFFSET),
    maxStamp: readU64(bytes, start + TABLE_MAX_STAMP_OFFSET),
  }
  const { number, fileBytes, rawBytes, entryCount, deleteCount, tombstoneCount, minStamp, maxStamp } = meta
  const counts = [number, fileBytes, rawBytes, entryCount, deleteCount, tombstoneCount, minStamp, maxStamp]
  return counts.includes(-1) || meta.codecId > CODEC_ID_MAX ? undefined : { level, meta }
}
