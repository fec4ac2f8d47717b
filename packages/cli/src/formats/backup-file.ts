import { memorySource } from '../fields/byte-source.js'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import { dumpHeader, idAt, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, shown, tableBytes } from '../fields/format-table.js'
import { backupFactsOf, dumpCommits, LOG_ROLE, sealedCommit } from './backup-commits.js'
import { dumpCatalog } from './catalog.js'
import { dumpKeyFile } from './key-file.js'
import { dumpLogPayload, LOG_RECORD_NAMES } from './log-payload.js'
import { fileInStream, STREAM_BYTES } from './stream-files.js'
import { CORE_TABLES } from '../tables/core.js'

const BODY_OFFSET = 32
const ARCHIVE_BYTES = 88
const ROLES = ['?', 'catalog', 'log', 'file of a keyspace', 'blob file', 'key file']
const SECTIONS = ['?', 'data', 'manifest', 'end']
const MANIFEST = 2
const END = 3
const CATALOG_ROLE = 1
const KEYS_ROLE = 5
const CATALOG_FRAME = 3
const BLOB_FRAME = 16
/** In the header of an archive file. */
const BRANCH_ID_OFFSET = 64

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
    const detail = isStream ? sectionDetail(part) : `seq ${part.seq}`
    yield { offset: at, byteCount: part.end - at, unit: name ?? `type ${part.type}`, detail }
    at = part.end
  }
}

function sectionDetail({ type, fileIndex, dataOffset }: SequencePart): string {
  if (type === END) return ''
  return `${type === MANIFEST ? 'BACKUP' : `${fileIndex}.data`} from ${dataOffset} on`
}

/** Yields the fields of the section or frame at an offset. */
export function* dumpSequencePart(source: ByteSource, at: number): DumpLines {
  const part = partAt(source, at)
  if (part === undefined) {
    yield { note: `nothing begins at ${at}` }
    return
  }
  const { isStream, headerBytes, type, stored, actual } = part
  yield { title: isStream ? `section of a stream: ${SECTIONS[type] ?? '?'}` : 'frame of an archive' }
  yield* dumpTable(source, part.table, at, { checksum: verdict(stored, actual) })
  const payloadAt = at + headerBytes
  if (isStream && type === END) yield* dumpTable(source, CORE_TABLES['End of a stream'], payloadAt)
  else if (stored !== actual) yield* dumpBytes(source, payloadAt, part.payloadBytes)
  else if (isStream) yield* dumpSectionContent(source, part, payloadAt)
  else if (readHeader(source).isEncrypted) {
    const unit = sealedCommit(idAt(source, BRANCH_ID_OFFSET), part.seq, type, payloadAt, part.end)
    yield* dumpUnit(source, unit, (plain) =>
      dumpFrameContent(plain, payloadAt, part.payloadBytes - TRAILER_BYTES, type),
    )
  } else yield* dumpFrameContent(source, payloadAt, part.payloadBytes, type)
}

/** Yields what a section contains of a file: of the catalog, the key file and the manifest, which are short, the whole file. */
function* dumpSectionContent(source: ByteSource, part: SequencePart, payloadAt: number): DumpLines {
  const { type, payloadBytes, fileIndex, dataOffset } = part
  const manifest = fileInStream(source, 0)
  const file = fileInStream(source, type === MANIFEST ? 0 : fileIndex)
  const facts = manifest && backupFactsOf(manifest)
  const role = type === MANIFEST ? 0 : (facts?.roles[fileIndex] ?? Number.NaN)
  const name = type === MANIFEST ? 'BACKUP' : `${fileIndex}.data, ${ROLES[role] ?? 'of an unknown role'}`
  yield { title: name }
  const isShown = type === MANIFEST || role === CATALOG_ROLE || role === LOG_ROLE || role === KEYS_ROLE
  if (file === undefined || facts === undefined || !isShown || (role !== LOG_ROLE && dataOffset > 0)) {
    yield* dumpBytes(source, payloadAt, payloadBytes)
    return
  }
  yield { note: `Offsets are those in ${type === MANIFEST ? 'BACKUP' : `${fileIndex}.data`} from here on.` }
  if (type === MANIFEST) yield* dumpBackupManifest(file)
  else if (role === CATALOG_ROLE) yield* dumpCatalog(file)
  else if (role === KEYS_ROLE) yield* dumpKeyFile(file)
  else yield* dumpCommits(file, dataOffset, dataOffset + payloadBytes, facts)
}

/** A catalog in a frame is a whole file. */
function* dumpFrameContent(source: ByteSource, at: number, byteCount: number, type: number): DumpLines {
  if (type === CATALOG_FRAME) {
    yield { note: `Offsets are those in the catalog from here on: add ${at}.` }
    yield* dumpCatalog(memorySource(source.name, source.read(at, byteCount)))
  } else if (type === BLOB_FRAME) {
    const table = CORE_TABLES['Bytes of a blob file']
    yield* dumpTable(source, table, at)
    yield* dumpBytes(source, at + tableBytes(table), byteCount - tableBytes(table))
  } else yield* dumpLogPayload(source, at, byteCount, type)
}

function* dumpBytes(source: ByteSource, at: number, byteCount: number): DumpLines {
  const bytes = source.read(at, byteCount)
  yield { offset: at, bytes, field: 'payload', value: shown(bytes) }
}

interface SequencePart {
  readonly isStream: boolean
  readonly table: string
  readonly headerBytes: number
  readonly type: number
  readonly seq: number
  readonly fileIndex: number
  readonly dataOffset: number
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
  const { payloadBytes = 0, type = 0, seq = 0, fileIndex = 0, dataOffset = 0 } = fields
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
    fileIndex,
    dataOffset,
    payloadBytes,
    end: at + headerBytes + payloadBytes,
    stored: bigintOf(source.read(at, 8)),
    actual: hashOf(checked, seedOfFile(id)),
  }
}
