import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpHeader, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, shown, tableBytes } from '../fields/format-table.js'
import { dumpLogPayload, LOG_RECORD_NAMES } from './log-payload.js'
import { CORE_TABLES } from '../tables/core.js'

const BODY_OFFSET = 32
const STREAM_BYTES = 120
const ARCHIVE_BYTES = 88
const ROLES = ['?', 'catalog', 'log', 'file of a keyspace', 'blob file', 'key file']
const SECTIONS = ['?', 'data', 'manifest', 'end']
const END = 3
const BLOB_FRAME = 16

/** Yields the fields of the manifest of a backup. */
export function* dumpBackupManifest(source: ByteSource): DumpLines {
  yield* dumpHeader(source)
  yield { title: 'backup manifest' }
  yield* dumpTable(source, CORE_TABLES['Backup manifest'], 0, {
    bodyChecksum: verdict(
      bigintOf(source.read(24, 8)),
      hashOf(source.read(BODY_OFFSET, source.byteCount - BODY_OFFSET), SEED_ZERO),
    ),
    createdAt: (time) => new Date(Math.min(time, 8.64e15)).toISOString(),
  })
  const { fileCount = 0 } = readTable(source, CORE_TABLES['Backup manifest'], 0) ?? {}
  let at = tableBytes(CORE_TABLES['Backup manifest'])
  for (let index = 0; index < fileCount && at < source.byteCount; index++) {
    const table = CORE_TABLES['File of a backup']
    yield { title: `file ${index + 1} of ${fileCount}` }
    yield* dumpTable(source, table, at, { role: (role) => ROLES[role] ?? '?' })
    const { length = 0, blockBytes = 1 } = readTable(source, table, at) ?? {}
    const blockCount = Math.ceil(length / Math.max(1, blockBytes))
    at += tableBytes(table)
    const stored = source.read(at, Math.ceil(blockCount / 8))
    yield { offset: at, bytes: stored, field: 'stored blocks', value: `${blockCount} bits` }
    at += stored.length
    const checksums = source.read(at, blockCount * 8)
    yield { offset: at, bytes: checksums, field: 'checksums', value: `of ${blockCount} blocks` }
    at += checksums.length
  }
}

/** Yields the fields of the header of a stream or an archive, and its sections or frames as units. */
export function* dumpSequence(source: ByteSource): DumpLines {
  const isStream = readHeader(source).kind === 'S'
  const headerBytes = isStream ? STREAM_BYTES : ARCHIVE_BYTES
  yield* dumpHeader(source)
  yield { title: isStream ? 'stream of a backup' : 'archive file' }
  yield* dumpTable(source, CORE_TABLES[isStream ? 'Stream of a backup' : 'Archive file'], 0, {
    checksum: verdict(
      bigintOf(source.read(24, 8)),
      hashOf(source.read(BODY_OFFSET, headerBytes - BODY_OFFSET), SEED_ZERO),
    ),
  })
  yield { title: isStream ? 'sections' : 'frames' }
  let at = headerBytes
  while (at < source.byteCount) {
    const part = partAt(source, at)
    if (part === undefined || part.stored !== part.actual) {
      yield { note: `DAMAGED or torn: nothing intact begins at ${at}` }
      return
    }
    const name = isStream
      ? SECTIONS[part.type]
      : part.type === BLOB_FRAME
        ? 'blob'
        : LOG_RECORD_NAMES[part.type]
    const detail = isStream ? '' : `seq ${part.seq}`
    yield { offset: at, byteCount: part.end - at, unit: name ?? `type ${part.type}`, detail }
    at = part.end
  }
}

/** Yields the fields of the section or frame at an offset. */
export function* dumpSequencePart(source: ByteSource, at: number): DumpLines {
  const part = partAt(source, at)
  if (part === undefined) {
    yield { note: `nothing begins at ${at}` }
    return
  }
  const { isStream, headerBytes, type, payloadBytes, stored, actual } = part
  yield { title: isStream ? 'section of a stream' : 'frame of an archive' }
  yield* dumpTable(source, part.table, at, { checksum: verdict(stored, actual) })
  const payloadAt = at + headerBytes
  if (isStream && type === END) yield* dumpTable(source, CORE_TABLES['End of a stream'], payloadAt)
  else if (!isStream && type <= 1 && !readHeader(source).isEncrypted)
    yield* dumpLogPayload(source, payloadAt, payloadBytes, type)
  else {
    const payload = source.read(payloadAt, payloadBytes)
    yield { offset: payloadAt, bytes: payload, field: 'payload', value: shown(payload) }
  }
}

interface SequencePart {
  readonly isStream: boolean
  readonly table: string
  readonly headerBytes: number
  readonly type: number
  readonly seq: number
  readonly payloadBytes: number
  readonly end: number
  readonly stored: bigint
  readonly actual: bigint
}

function partAt(source: ByteSource, at: number): SequencePart | undefined {
  const isStream = readHeader(source).kind === 'S'
  const table = CORE_TABLES[isStream ? 'Section of a stream' : 'Frame of an archive']
  const fields = readTable(source, table, at)
  if (fields === undefined || at < ARCHIVE_BYTES) return undefined
  const { payloadBytes = 0, type = 0, seq = 0 } = fields
  const headerBytes = tableBytes(table)
  const id = new Uint8Array(16)
  id.set(source.read(BODY_OFFSET, id.length))
  const checked = source.read(at + 8, headerBytes - 8 + payloadBytes)
  return {
    isStream,
    table,
    headerBytes,
    type,
    seq,
    payloadBytes,
    end: at + headerBytes + payloadBytes,
    stored: bigintOf(source.read(at, 8)),
    actual: hashOf(checked, seedOfFile(id)),
  }
}
