import { equalBytes, LdbError } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { directoryOf, DirectorySync, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { BackupWriting } from './backup-writing.js'
import { DirectorySink } from './directory-sink.js'
import type { HeldDatabase } from './held-database.js'
import type { BackupManifest } from './manifest.js'
import type { BackupReport, ResolvedBackupOptions } from './options.js'
import {
  assertSpace,
  backupNumbers,
  backupPath,
  discardDirectory,
  existingParentOf,
  newBackupPath,
  readManifest,
} from './series.js'

/** Where a backup goes. */
export interface BackupPlace {
  /** File system for internal files. */
  readonly vfs: Vfs
  /** Directory of the series. */
  readonly directory: string
  /** Yields the thread. */
  readonly timeSlice: Syncable
  /** Throws when the database can no longer be read. */
  readonly assertReadable: () => void
}

/** The newest backup of a series; `undefined` when the next one is the first. */
export type NewestBackup = BackupManifest | undefined

/**
 * Finds the backup that the next one continues.
 *
 * @throws {@link LdbError} LDB_EXISTS when the directory is not empty, and an increment is not requested or impossible; LDB_CORRUPTION when
 * the newest backup is damaged.
 */
export function findParent(
  { vfs, directory }: BackupPlace,
  { databaseId, branchId }: Catalog,
  { incremental }: ResolvedBackupOptions,
): NewestBackup {
  const numbers = backupNumbers(vfs, directory)
  if (numbers === undefined) return undefined
  const newest = numbers.at(-1)
  if (newest === undefined) {
    if (vfs.list(directory).every(isUnfinished)) return undefined
    throw exists(directory, 'the directory contains other files than backups')
  }
  if (!incremental) throw exists(directory, 'there is a backup already')
  const parent = readManifest(vfs, backupPath(directory, newest))
  if (equalBytes(parent.databaseId, databaseId) && equalBytes(parent.branchId, branchId)) return parent
  throw exists(directory, 'its backups are those of another database, or of another branch of it')
}

/** Reports whether a name is that of a backup that a crash has interrupted. */
function isUnfinished(name: string): boolean {
  return /^[1-9]\d{0,8}\.new$/.test(name)
}

function exists(directory: string, reason: string): LdbError {
  return new LdbError('LDB_EXISTS', `${directory} cannot take this backup: ${reason}`, {
    details: { file: directory },
  })
}

/**
 * Writes a backup of a held database: under a temporary name, which is replaced last. What was written is removed when it fails.
 *
 * @param onDone - receives the report, and the manifest.
 */
export function* backupSteps(
  held: HeldDatabase,
  parent: NewestBackup,
  place: BackupPlace,
  options: ResolvedBackupOptions,
  onDone: (report: BackupReport, manifest: BackupManifest) => void,
): TaskSteps {
  const { vfs, directory, timeSlice } = place
  const writing = new BackupWriting(held, parent, place, options)
  yield* writing.prepare()
  yield* assertFits(vfs, directory, writing)
  const temporary = newBackupPath(directory, writing.number)
  const isNew = vfs.status(directory) === undefined
  const check = (): void => {
    writing.check()
  }
  const sink = new DirectorySink({ vfs, path: temporary, verify: options.verify, timeSlice, check })
  try {
    if (isNew) {
      makeParents(vfs, directory)
      vfs.makeDirectory(directory)
    }
    discardDirectory(vfs, temporary)
    vfs.makeDirectory(temporary)
    yield* writing.copyTo(sink)
    check()
    vfs.rename(temporary, backupPath(directory, writing.number))
  } catch (error) {
    sink.close()
    discardDirectory(vfs, temporary)
    if (isNew) discardDirectory(vfs, directory)
    throw error
  }
  yield new DirectorySync(vfs, directory)
  if (isNew) yield new DirectorySync(vfs, directoryOf(directory))
  onDone(writing.report(), writing.manifest)
}

/**
 * Compares the space of the device with what the backup takes, before anything is written. The changed blocks of an increment are counted where
 * all blocks would not fit.
 */
function* assertFits(vfs: Vfs, directory: string, writing: BackupWriting): TaskSteps {
  const existing = existingParentOf(vfs, `${directory}/1`)
  const freeBytes = vfs.freeBytes?.(existing)
  if (freeBytes === undefined || freeBytes >= writing.neededBytesMax) return
  assertSpace(vfs, existing, yield* writing.neededBytes())
}
