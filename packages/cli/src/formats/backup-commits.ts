import { dirname, join } from 'node:path'
import { statSync } from 'node:fs'
import { UnitKind } from '@ldb/integrity'
import { FileSource } from '../fields/byte-source.js'
import type { ByteSource } from '../fields/byte-source.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import type { EncryptedUnit } from '../fields/encrypted-unit.js'
import { dumpTable, readTable, tableBytes } from '../fields/format-table.js'
import { dumpLogPayload, LOG_RECORD_NAMES } from './log-payload.js'
import { CORE_TABLES } from '../tables/core.js'

const COMMIT = CORE_TABLES['Commit of a backup']
const COMMIT_BYTES = tableBytes(COMMIT)
const BRANCH_ID_OFFSET = 56
const ID_BYTES = 16
export const LOG_ROLE = 2
const KEYS_ROLE = 5

/** A file of a backup, as its manifest describes it. */
export interface BackupEntry {
  /** Role, keyspace and number: a file with the same in another backup is another state of it. */
  readonly id: string
  readonly role: number
  readonly length: number
  readonly blockBytes: number
  readonly storedCount: number
  /** Of each block, its position among the stored ones; -1 for one that is not stored in this backup. */
  readonly positions: Int32Array
}

/** What the manifest of a backup says of its files. */
export interface BackupFacts {
  /** Role of each file, by its position from 1 on. */
  readonly roles: readonly number[]
  readonly branchId: Uint8Array
  readonly isEncrypted: boolean
}

/** Returns the files in the manifest of a backup, by their position from 1 on; what is behind damage is left out. */
export function backupEntriesOf(manifest: ByteSource): (BackupEntry | undefined)[] {
  const { fileCount = 0 } = readTable(manifest, CORE_TABLES['Backup manifest'], 0) ?? {}
  const entries: (BackupEntry | undefined)[] = [undefined]
  let at = tableBytes(CORE_TABLES['Backup manifest'])
  while (entries.length <= fileCount) {
    const fields = readTable(manifest, CORE_TABLES['File of a backup'], at)
    if (fields === undefined) break
    const { role = 0, keyspaceId = 0, number = 0, length = 0, blockBytes = 0, storedCount = 0 } = fields
    const blockCount = Math.ceil(length / Math.max(1, blockBytes))
    const bits = manifest.read(at + tableBytes(CORE_TABLES['File of a backup']), Math.ceil(blockCount / 8))
    if (blockCount > bits.length * 8) break
    let stored = 0
    const positions = new Int32Array(blockCount).map((_, block) =>
      (((bits[block >> 3] ?? 0) >> (block & 7)) & 1) === 1 ? stored++ : -1,
    )
    const id = [role, keyspaceId, number].join()
    entries.push({ id, role, length, blockBytes, storedCount, positions })
    at += tableBytes(CORE_TABLES['File of a backup']) + bits.length + blockCount * 8
  }
  return entries
}

/** Reads the manifest of a backup. */
export function backupFactsOf(manifest: ByteSource): BackupFacts {
  const roles = backupEntriesOf(manifest).map((entry) => entry?.role ?? 0)
  const branchId = new Uint8Array(ID_BYTES)
  branchId.set(manifest.read(BRANCH_ID_OFFSET, ID_BYTES))
  return { roles, branchId, isEncrypted: roles.includes(KEYS_ROLE) }
}

/** Returns what the manifest in the same directory says of `N.data`; `undefined` for a file that is not in a backup. */
export function backupOf(name: string): (BackupFacts & { readonly role: number }) | undefined {
  const index = /(?:^|\/)(\d+)\.data$/.exec(name)?.[1]
  const manifest = join(dirname(name), 'BACKUP')
  if (index === undefined || statSync(manifest, { throwIfNoEntry: false })?.isFile() !== true)
    return undefined
  const source = new FileSource(manifest)
  try {
    const facts = backupFactsOf(source)
    return { ...facts, role: facts.roles[Number(index)] ?? 0 }
  } finally {
    source.close()
  }
}

/** Yields the commits in the log of a backup as units. */
export function* dumpBackupLog(source: ByteSource): DumpLines {
  yield { title: 'commits of a backup' }
  let at = 0
  for (const { start, end, seq, type } of commitsOf(source)) {
    const unit = LOG_RECORD_NAMES[type] ?? `type ${type}`
    yield { offset: start, byteCount: end - start, unit, detail: `seq ${seq}` }
    at = end
  }
  if (at < source.byteCount) yield { note: `DAMAGED or in another backup: no whole commit begins at ${at}` }
}

/** Yields the commit at an offset of the log of a backup. */
export function* dumpBackupLogAt(source: ByteSource, at: number): DumpLines {
  const facts = backupOf(source.name)
  if (facts === undefined) yield { note: `there is no manifest of the backup beside ${source.name}` }
  else yield* dumpCommits(source, at, at + 1, facts)
}

/** Yields the fields of the commits that begin in a part of the log of a backup. */
export function* dumpCommits(
  source: ByteSource,
  from: number,
  to: number,
  { branchId, isEncrypted }: BackupFacts,
): DumpLines {
  let found = false
  for (const { start, end, seq, type } of commitsOf(source)) {
    if (start >= to) break
    if (start < from) continue
    found = true
    yield { title: 'commit of a backup' }
    yield* dumpTable(source, COMMIT, start, { type: LOG_RECORD_NAMES[type] ?? '' })
    const at = start + COMMIT_BYTES
    if (!isEncrypted) {
      yield* dumpLogPayload(source, at, end - at, type)
      continue
    }
    yield* dumpUnit(source, sealedCommit(branchId, seq, type, at, end), (plain) =>
      dumpLogPayload(plain, at, end - at - TRAILER_BYTES, type),
    )
  }
  if (!found) yield { note: `no commit begins at ${from}` }
}

/** Returns the unit of a commit in a backup or of a frame in an archive. */
export function sealedCommit(
  branchId: Uint8Array,
  seq: number,
  type: number,
  at: number,
  end: number,
): EncryptedUnit {
  const binding = { purpose: 'backup', fileId: branchId, kind: UnitKind.LogRecord } as const
  return { ...binding, position: seq, epoch: type, at, byteCount: end - at }
}

interface StoredCommit {
  readonly start: number
  readonly end: number
  readonly seq: number
  readonly type: number
}

/** Yields the whole commits, up to the first one that is not. */
function* commitsOf(source: ByteSource): Generator<StoredCommit, void, void> {
  let start = 0
  for (
    let fields = readTable(source, COMMIT, 0);
    fields !== undefined;
    fields = readTable(source, COMMIT, start)
  ) {
    const { payloadBytes = 0, type = 0, seq = 0 } = fields
    const end = start + COMMIT_BYTES + payloadBytes
    if (end > source.byteCount || seq === 0 || LOG_RECORD_NAMES[type] === undefined) return
    yield { start, end, seq, type }
    start = end
  }
}
