import { basename } from 'node:path'
import type { ByteSource } from '../fields/byte-source.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpHeader, readHeader } from '../fields/file-header.js'
import type { KnownHeader } from '../fields/file-header.js'
import { shown } from '../fields/format-table.js'
import { backupOf, dumpBackupLog, dumpBackupLogAt, LOG_ROLE } from '../formats/backup-commits.js'
import { dumpBackupManifest, dumpSequence, dumpSequencePart } from '../formats/backup-file.js'
import { dumpBlobFile, dumpBlobRecord } from '../formats/blob-file.js'
import { dumpCatalog } from '../formats/catalog.js'
import { dumpKeyFile } from '../formats/key-file.js'
import { dumpRecord, dumpSegment } from '../formats/log-segment.js'
import { dumpManifest, dumpManifestRecord } from '../formats/lsm-manifest.js'
import { dumpTableFile, dumpUnit } from '../formats/lsm-table.js'
import { META_OFFSETS } from '../tree/tree-facts.js'
import { dumpPageAt, dumpTree, pageNumberAt } from '../tree/tree-file.js'

/** How a kind of file is inspected. */
interface FileKind {
  readonly name: string
  /** What the units of the file are, and the option that selects one. */
  readonly units: string
  /** Yields the headers, and a line for each unit. */
  readonly dump: (source: ByteSource) => DumpLines
  /** Yields the unit at an offset; absent in a file that is shown as a whole. */
  readonly dumpAt?: (source: ByteSource, offset: number) => DumpLines
}

const BACKUP_LOG = 'log'
const STORE_ROLE = 3

/** Kinds of file, by the letter in their header. */
const KINDS: Readonly<Record<string, FileKind>> = {
  B: { name: 'B+tree', units: 'pages: --page', dump: dumpTree, dumpAt: dumpPageOf },
  C: { name: 'catalog', units: '', dump: dumpCatalog },
  K: { name: 'key file', units: '', dump: dumpKeyFile },
  W: { name: 'log segment', units: 'records: --log, --offset', dump: dumpSegment, dumpAt: dumpRecord },
  T: { name: 'LSM table', units: 'units: --offset', dump: dumpTableFile, dumpAt: dumpUnit },
  M: { name: 'LSM manifest', units: 'records: --offset', dump: dumpManifest, dumpAt: dumpManifestRecord },
  V: { name: 'blob file', units: 'records: --offset', dump: dumpBlobFile, dumpAt: dumpBlobRecord },
  A: { name: 'backup manifest', units: '', dump: dumpBackupManifest },
  L: { name: 'archive', units: 'frames: --offset', dump: dumpSequence, dumpAt: dumpSequencePart },
  S: { name: 'backup stream', units: 'sections: --offset', dump: dumpSequence, dumpAt: dumpSequencePart },
  [BACKUP_LOG]: {
    name: 'log of a backup',
    units: 'commits: --offset',
    dump: dumpBackupLog,
    dumpAt: dumpBackupLogAt,
  },
}

/** Kinds of file, by their names: a damaged header does not say what it is. */
const LETTERS: readonly (readonly [RegExp, string])[] = [
  [/^tree\.ldb$/, 'B'],
  [/^CATALOG(?:\.new|\.copy)?$/, 'C'],
  [/^KEYS(?:\.new)?$/, 'K'],
  [/^\d{10}\.wal(?:\.new|\.old)?$/, 'W'],
  [/^\d{10,}\.sst$/, 'T'],
  [/^MANIFEST(?:\.new)?$/, 'M'],
  [/^\d+\.blob(?:\.new)?$/, 'V'],
  [/^BACKUP$/, 'A'],
  [/^\d{16}\.archive$/, 'L'],
]

const SHOWN_BYTES = 256

/** A file as a list shows it. */
export interface FileSummary {
  readonly kind: string
  readonly format: string
  readonly remark: string
}

/** Returns what a file is. */
export function summaryOf(source: ByteSource): FileSummary {
  const letter = letterOf(source)
  const header = letter === 'B' ? treeHeader(source) : readHeader(source)
  const known = letter === undefined ? undefined : KINDS[letter]
  if (known === undefined) return { kind: 'other', format: '', remark: '' }
  if (letter === BACKUP_LOG) return { kind: known.name, format: '', remark: known.units }
  const remarks = [
    ...(header.kind === undefined ? ['DAMAGED header'] : header.isIntact ? [] : ['DAMAGED header checksum']),
    ...(header.isEncrypted ? ['encrypted'] : []),
    known.units,
  ]
  return {
    kind: known.name,
    format: String(header.format),
    remark: remarks.filter((text) => text !== '').join(', '),
  }
}

/** In a backup, a meta block that is not that of the copied state is zeros. */
function treeHeader(source: ByteSource): KnownHeader {
  const isInBackup = backupOf(source.name) !== undefined
  const headers = META_OFFSETS.map((at) => readHeader(source, at))
  return (isInBackup ? headers.find(({ kind }) => kind === 'B') : undefined) ?? readHeader(source)
}

/** Yields a file: its headers and the list of its units, or the unit at an offset. */
export function* dumpFile(source: ByteSource, offset: number | undefined): DumpLines {
  const known = kindOf(source)
  if (known === undefined) yield* dumpOther(source, offset ?? 0)
  else if (offset === undefined) yield* known.dump(source)
  else if (known.dumpAt !== undefined) yield* known.dumpAt(source, offset)
  else yield* known.dump(source)
}

/** Returns the letter of the kind of a file: of its header, or else of its name. */
export function letterOf(source: ByteSource): string | undefined {
  const { kind } = readHeader(source)
  if (kind !== undefined && Object.hasOwn(KINDS, kind)) return kind
  const name = basename(source.name)
  const letter = LETTERS.find(([pattern]) => pattern.test(name))?.[1]
  return letter ?? letterInBackup(source)
}

/** The first meta block of a tree in a backup may be zeros, and the log has no header. */
function letterInBackup(source: ByteSource): string | undefined {
  const role = backupOf(source.name)?.role
  if (role === LOG_ROLE) return BACKUP_LOG
  const isTree = role === STORE_ROLE && META_OFFSETS.some((at) => readHeader(source, at).kind === 'B')
  return isTree ? 'B' : undefined
}

function kindOf(source: ByteSource): FileKind | undefined {
  const letter = letterOf(source)
  return letter === undefined ? undefined : KINDS[letter]
}

function* dumpPageOf(source: ByteSource, offset: number): DumpLines {
  const pageNumber = pageNumberAt(source, offset)
  yield* pageNumber === undefined ? dumpHeader(source) : dumpPageAt(source, pageNumber)
}

/** Of a file of another kind, `LOCK` for instance, some bytes are shown. */
function* dumpOther(source: ByteSource, offset: number): DumpLines {
  const bytes = source.read(offset, SHOWN_BYTES)
  yield { note: `${source.name} is no file of a known kind, of ${source.byteCount} bytes` }
  yield { offset, bytes, field: 'bytes', value: shown(bytes) }
}
