import { Buffer } from 'node:buffer'
import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, seedOfFile } from '../fields/checksum.js'
import { decrypted, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import type { EncryptedUnit } from '../fields/encrypted-unit.js'
import { idAt, readHeader } from '../fields/file-header.js'
import { bigintOf, readTable } from '../fields/format-table.js'
import { LSM_TABLES } from '../tables/lsm.js'

export const UNITS_OFFSET = 64
export const UNIT_TRAILER_BYTES = 24
export const CHECKED_TRAILER_BYTES = 16
const FILE_ID_OFFSET = 24
/** Bytes that are read at once in the search for the trailer of a unit, and its greatest length. */
const WINDOW_BYTES = 1 << 20
const UNIT_BYTES_MAX = 1 << 30
const KEY_NUMBER_BYTES = 4

/** A unit of a table: a payload and its trailer. */
export interface TableUnit {
  readonly start: number
  readonly trailerAt: number
  /** Where the next unit begins. */
  readonly end: number
  readonly codec: number
  readonly content: number
  readonly rawBytes: number
  /** What decrypts the unit in an encrypted table. */
  readonly encrypted: EncryptedUnit | undefined
}

/** Returns the unit that begins at an offset; `undefined` when no intact one does. */
export function tableUnitAt(source: ByteSource, start: number): TableUnit | undefined {
  return readHeader(source).isEncrypted ? encryptedUnitAt(source, start) : plainUnitAt(source, start)
}

/** A unit ends behind the first trailer that names its offset and whose checksum matches. */
function plainUnitAt(source: ByteSource, start: number): TableUnit | undefined {
  const mark = Buffer.alloc(8)
  mark.writeBigUInt64LE(BigInt(start))
  const seed = seedOfFile(idAt(source, FILE_ID_OFFSET))
  for (const trailerAt of marksOf(source, start, mark, 8)) {
    if (trailerAt < start || trailerAt + UNIT_TRAILER_BYTES > source.byteCount) continue
    const checked = source.read(start, trailerAt - start + CHECKED_TRAILER_BYTES)
    const stored = bigintOf(source.read(trailerAt + CHECKED_TRAILER_BYTES, 8))
    if (stored !== hashOf(checked, seed)) continue
    return unitOf(source, start, trailerAt, trailerAt + UNIT_TRAILER_BYTES, undefined)
  }
  return undefined
}

/** An encrypted unit ends behind the first number of a data key with which it authenticates. */
function encryptedUnitAt(source: ByteSource, start: number): TableUnit | undefined {
  const fileId = idAt(source, FILE_ID_OFFSET)
  const fixed = { purpose: 'table', fileId, position: start, epoch: 0, at: start } as const
  for (const id of source.keys?.()?.ids ?? []) {
    const mark = Buffer.alloc(KEY_NUMBER_BYTES)
    mark.writeUInt32LE(id)
    for (const numberAt of marksOf(source, start, mark, 0)) {
      const end = numberAt + KEY_NUMBER_BYTES
      if (end - start < UNIT_TRAILER_BYTES + TRAILER_BYTES) continue
      for (const kind of [UnitKind.Block, UnitKind.Filter]) {
        const unit = { ...fixed, kind, byteCount: end - start }
        const plain = decrypted(source, unit)
        const trailerAt = end - TRAILER_BYTES - UNIT_TRAILER_BYTES
        if (plain !== undefined) return unitOf(plain, start, trailerAt, end, unit)
      }
    }
  }
  return undefined
}

function unitOf(
  plain: ByteSource,
  start: number,
  trailerAt: number,
  end: number,
  encrypted: EncryptedUnit | undefined,
): TableUnit {
  const { codec = 0, content = 0, rawBytes = 0 } = readTable(plain, LSM_TABLES['Trailer'], trailerAt) ?? {}
  return { start, trailerAt, end, codec, content, rawBytes, encrypted }
}

/** Yields the offsets of a mark from an offset on, each minus `before`. */
function* marksOf(
  source: ByteSource,
  start: number,
  mark: Buffer,
  before: number,
): Generator<number, void, void> {
  const end = Math.min(source.byteCount, start + UNIT_BYTES_MAX)
  for (let from = start; from < end; from += WINDOW_BYTES) {
    const window = Buffer.from(source.read(from, WINDOW_BYTES + mark.length - 1))
    for (let found = window.indexOf(mark); found >= 0; found = window.indexOf(mark, found + 1))
      yield from + found - before
  }
}
