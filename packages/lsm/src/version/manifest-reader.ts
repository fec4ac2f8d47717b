import { corruption, LdbError, optionalMember, readU32 } from '@ldb/base'
import { seedOfFile, UnitCodec, UnitKind } from '@ldb/integrity'
import type { DataKeys } from '@ldb/integrity'
import type { VerifySink } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import {
  HEADER_BYTES,
  MANIFEST_KIND,
  RECORD_ALIGNMENT,
  RECORD_CHECKSUM_OFFSET,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_OFFSET,
  RECORD_TYPE_OFFSET,
  RecordType,
} from '../format.js'
import { decodeHeader } from '../table/file-header.js'
import { decodeEdit } from './manifest-record.js'
import type { LeveledTable, ManifestEdit } from './manifest-record.js'

/** The state that a manifest describes. */
export interface ManifestState {
  /** Random id of the store. */
  readonly storeId: Uint8Array
  readonly durableSeq: number
  readonly stamp: number
  readonly nextNumber: number
  readonly segmentId: Uint8Array
  /** All tables; in level 0 the newest come first. */
  readonly tables: readonly LeveledTable[]
}

/**
 * Reads a manifest: its state record, then edits up to the end. A record that is not intact ends the manifest, as the trace of a crash,
 * when no intact record follows it: an edit is synced before the next one is written.
 *
 * @param keys - the data keys of an encrypted store.
 * @throws {@link LdbError} LDB_NOT_FOUND, LDB_FORMAT, LDB_KEY, LDB_CORRUPTION, LDB_IO.
 */
export function readManifest(vfs: Vfs, path: string, keys?: DataKeys, sink?: VerifySink): ManifestState {
  const bytes = readWhole(vfs, path)
  const { fileId, storeId } = decodeHeader(bytes, MANIFEST_KIND, path, keys !== undefined)
  const seed = seedOfFile(fileId)
  const codec = new UnitCodec(seed)
  const sealed = new UnitCodec(seed, keys?.cipherOf('manifest', fileId))
  const tables = new Map<number, LeveledTable>()
  let state: ManifestEdit | undefined
  let offset = HEADER_BYTES
  let count = 0
  const recordBytes = { 'manifest-state': 0, 'manifest-edit': 0 }
  while (offset < bytes.length) {
    const end = recordEnd(codec, bytes, offset)
    if (end === undefined) {
      if (state === undefined) throw corruption(path, offset, 'the state record of the manifest is damaged')
      assertNoRecordFollows(codec, bytes, offset, path)
      break
    }
    const type = readU32(bytes, offset + RECORD_TYPE_OFFSET)
    const edit = decodeEdit(payloadOf(sealed, bytes, offset, path))
    if (edit === undefined || type !== (state === undefined ? RecordType.State : RecordType.Edit)) {
      throw corruption(path, offset, 'a record of the manifest is malformed')
    }
    applyEdit(tables, edit, path, offset)
    recordBytes[type === RecordType.State ? 'manifest-state' : 'manifest-edit'] += end - offset
    state = edit
    count++
    offset = end
  }
  if (state === undefined) throw corruption(path, offset, 'the manifest has no state record')
  const whole = { kind: 'manifest-state', file: path, offset: 0, bytes: offset } as const
  if (sink !== undefined) optionalMember(sink, 'location')?.call(sink, whole)
  sink?.progress({
    files: 1,
    units: count,
    entries: 0,
    bytes: bytes.length,
    amounts: [
      { kind: 'manifest-header', count: 1, bytes: HEADER_BYTES },
      { kind: 'manifest-state', count: 1, bytes: recordBytes['manifest-state'] },
      { kind: 'manifest-edit', count: count - 1, bytes: recordBytes['manifest-edit'] },
      { kind: 'unused', count: offset < bytes.length ? 1 : 0, bytes: bytes.length - offset },
    ],
  })
  const { durableSeq, stamp, nextNumber, segmentId } = state
  for (const { meta } of tables.values()) {
    // What is written next would be older than this table, or would replace its file (L3).
    if (meta.maxStamp > stamp || meta.number >= nextNumber)
      throw corruption(path, offset, `the manifest has table ${meta.number}, which is newer than its state`)
  }
  return { storeId, durableSeq, stamp, nextNumber, segmentId, tables: [...tables.values()] }
}

function applyEdit(
  tables: Map<number, LeveledTable>,
  { removed, added }: ManifestEdit,
  path: string,
  offset: number,
): void {
  for (const number of removed) {
    if (!tables.delete(number))
      throw corruption(path, offset, `the manifest removes table ${number}, which it lacks`)
  }
  const older = [...tables.values()]
  tables.clear()
  // Tables of level 0 that are added are newer than those that are there.
  for (const table of [...added, ...older]) {
    if (tables.has(table.meta.number))
      throw corruption(path, offset, `the manifest has table ${table.meta.number} twice`)
    tables.set(table.meta.number, table)
  }
}

function payloadEnd(bytes: Uint8Array, offset: number): number {
  return offset + RECORD_HEADER_BYTES + readU32(bytes, offset + RECORD_PAYLOAD_BYTES_OFFSET)
}

/** Returns the payload of the intact record at an offset, decrypted in place. The type of the record is bound to it. */
function payloadOf(codec: UnitCodec, bytes: Uint8Array, offset: number, path: string): Uint8Array {
  const start = offset + RECORD_HEADER_BYTES
  const storedBytes = payloadEnd(bytes, offset) - start
  const type = readU32(bytes, offset + RECORD_TYPE_OFFSET)
  const payloadBytes = storedBytes - codec.trailerBytes
  if (payloadBytes < 0 || !codec.decode(UnitKind.ManifestEdit, offset, type, bytes, start, storedBytes)) {
    throw corruption(path, offset, 'a record of the manifest cannot be decrypted')
  }
  return bytes.subarray(start, start + payloadBytes)
}

/** Returns the end of an intact record, padding included; `undefined` when it is not intact. */
function recordEnd(codec: UnitCodec, bytes: Uint8Array, offset: number): number | undefined {
  if (offset + RECORD_HEADER_BYTES > bytes.length) return undefined
  const end = payloadEnd(bytes, offset)
  const paddedEnd = Math.ceil(end / RECORD_ALIGNMENT) * RECORD_ALIGNMENT
  if (paddedEnd > bytes.length) return undefined
  const low = readU32(bytes, offset + RECORD_CHECKSUM_OFFSET) | 0
  const high = readU32(bytes, offset + RECORD_CHECKSUM_OFFSET + 4) | 0
  const image = recordImage(bytes, offset, end)
  if (!codec.isIntact(image, 0, image.length, low, high)) return undefined
  return paddedEnd
}

/** The bytes that the checksum of a record covers: the record with its file offset in place of the checksum. @internal */
export function recordImage(
  bytes: Uint8Array,
  start: number,
  end: number,
  fileOffset: number = start,
): Uint8Array {
  const image = bytes.slice(start, end)
  const view = new DataView(image.buffer)
  view.setUint32(RECORD_CHECKSUM_OFFSET, fileOffset % 2 ** 32, true)
  view.setUint32(RECORD_CHECKSUM_OFFSET + 4, Math.floor(fileOffset / 2 ** 32), true)
  return image
}

function assertNoRecordFollows(codec: UnitCodec, bytes: Uint8Array, offset: number, path: string): void {
  for (let at = offset + RECORD_ALIGNMENT; at + RECORD_HEADER_BYTES <= bytes.length; at += RECORD_ALIGNMENT) {
    if (readU32(bytes, at + RECORD_PAYLOAD_BYTES_OFFSET) > bytes.length - at) continue
    if (recordEnd(codec, bytes, at) === undefined) continue
    throw corruption(path, offset, 'a record of the manifest is damaged, and intact ones follow')
  }
}

function readWhole(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  try {
    const length = file.length()
    if (length > 2 ** 31)
      throw new LdbError('LDB_CORRUPTION', `the manifest is too long (${path})`, {
        details: { file: path, offset: 0 },
      })
    const bytes = new Uint8Array(length)
    return bytes.subarray(0, file.read(bytes, 0, length, 0))
  } finally {
    file.close()
  }
}
