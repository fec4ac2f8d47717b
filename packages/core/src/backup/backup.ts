import { equalBytes, LdbError, NO_SEGMENT_ID } from '@ldb/base'
import type { HeldFile, Syncable, TaskSteps } from '@ldb/base'
import { directoryOf, DirectorySync, HeldBytes, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { encodeCatalogFile } from '../catalog/sealed-catalog.js'
import { throwIfAborted } from '../health/abort-signal.js'
import { copyBlocks, plainEntry, syncSteps } from './block-file.js'
import type { BackupTarget, BlockFileEntry } from './block-file.js'
import { BACKUP_ID_BYTES, BackupRole } from '../format.js'
import type { HeldDatabase } from './held-database.js'
import { copyOfLog, heldBytes, LOG_BLOCK_BYTES } from './log-copy.js'
import { encodeManifest, keyOf, NO_PARENT } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'
import { SealedCommits } from '../encryption/sealed-commits.js'
import { reportProgress } from './options.js'
import type { BackupReport, ResolvedBackupOptions } from './options.js'
import {
  assertSpace,
  backupNumbers,
  backupPath,
  dataPath,
  discardDirectory,
  MANIFEST_NAME,
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
 * @param onDone - receives the report.
 */
export function* backupSteps(
  held: HeldDatabase,
  parent: NewestBackup,
  place: BackupPlace,
  options: ResolvedBackupOptions,
  onDone: (report: BackupReport) => void,
): TaskSteps {
  const { vfs, directory } = place
  const number = (parent?.number ?? 0) + 1
  const temporary = newBackupPath(directory, number)
  const isNew = vfs.status(directory) === undefined
  if (isNew) {
    makeParents(vfs, directory)
    vfs.makeDirectory(directory)
  }
  discardDirectory(vfs, temporary)
  const writing = new BackupWriting(held, parent, place, options, temporary, number)
  try {
    if (parent === undefined) assertSpace(vfs, directory, writing.totalBytes)
    vfs.makeDirectory(temporary)
    yield* writing.steps()
    vfs.rename(temporary, backupPath(directory, number))
  } catch (error) {
    discardDirectory(vfs, temporary)
    if (isNew) discardDirectory(vfs, directory)
    throw error
  }
  yield new DirectorySync(vfs, directory)
  if (isNew) yield new DirectorySync(vfs, directoryOf(directory))
  onDone(writing.report())
}

/** One backup that is being written. */
class BackupWriting {
  /** Bytes of all files. */
  readonly totalBytes: number
  readonly #held: HeldDatabase
  readonly #parent: NewestBackup
  readonly #place: BackupPlace
  readonly #options: ResolvedBackupOptions
  readonly #path: string
  readonly #number: number
  readonly #files: BackupFile[] = []
  #byteCount = 0
  #storedBytes = 0

  constructor(
    held: HeldDatabase,
    parent: NewestBackup,
    place: BackupPlace,
    options: ResolvedBackupOptions,
    path: string,
    number: number,
  ) {
    this.#held = held
    this.#parent = parent
    this.#place = place
    this.#options = options
    this.#path = path
    this.#number = number
    const stores = held.keyspaces.flatMap(({ checkpoint }) => checkpoint.files)
    this.totalBytes = [...stores, ...held.blobs].reduce((bytes, { length }) => bytes + length, 0)
  }

  *steps(): TaskSteps {
    this.#report(0, 0)
    // The log first: it is truncated when it has grown too long.
    yield* this.#copyLog()
    const { keys } = this.#held
    const catalog = heldBytes(encodeCatalogFile(this.#held.catalog, keys?.data))
    yield* this.#copy(plainEntry({ role: BackupRole.Catalog, keyspaceId: 0, number: 0 }), catalog)
    if (keys !== undefined) {
      yield* this.#copy(plainEntry({ role: BackupRole.Keys, keyspaceId: 0, number: 0 }), heldBytes(keys.file))
    }
    for (const { keyspaceId, checkpoint } of this.#held.keyspaces) {
      for (const file of checkpoint.files) {
        const { durableSeq, segmentId } = file.number === 0 ? checkpoint : NO_CHECKPOINT_OF_FILE
        yield* this.#copy(
          { role: BackupRole.Store, keyspaceId, number: file.number, durableSeq, segmentId },
          file,
        )
      }
    }
    for (const blob of this.#held.blobs) yield* this.#copyBlobs(blob)
    yield* this.#writeManifest()
  }

  report(): BackupReport {
    return {
      seq: this.#held.seq,
      number: this.#number,
      isIncremental: this.#parent !== undefined,
      totalBytes: this.#byteCount,
      storedBytes: this.#storedBytes,
    }
  }

  *#copyLog(): TaskSteps {
    const { commits, seq, keys, catalog } = this.#held
    if (commits === undefined) return
    const log = copyOfLog(commits, seq, keys && new SealedCommits(keys.data, catalog))
    commits.close()
    yield this.#place.timeSlice
    yield* this.#copy(plainEntry({ role: BackupRole.Log, keyspaceId: 0, number: 0 }), log)
  }

  *#copyBlobs({ number, path, length }: HeldDatabase['blobs'][number]): TaskSteps {
    const file = this.#held.openBlobs(path)
    try {
      const shape = { number, length, blockBytes: LOG_BLOCK_BYTES, isImmutable: false }
      yield* this.#copy(
        plainEntry({ role: BackupRole.Blob, keyspaceId: 0, number }),
        new HeldBytes(shape, new Uint8Array(0), file),
      )
    } finally {
      file.close()
    }
  }

  *#copy(entry: BlockFileEntry, source: HeldFile): TaskSteps {
    const key = keyOf(entry)
    const target: BackupTarget = {
      vfs: this.#place.vfs,
      path: dataPath(this.#path, this.#files.length),
      timeSlice: this.#place.timeSlice,
      progress: (readBytes, storedBytes) => {
        this.#report(readBytes, storedBytes)
      },
    }
    const parent = this.#parent?.files.find((file) => keyOf(file) === key)
    this.#files.push(
      yield* copyBlocks(entry, source, entry.role === BackupRole.Log ? undefined : parent, target),
    )
  }

  *#writeManifest(): TaskSteps {
    const { vfs } = this.#place
    const { catalog, seq, logSeq, keyspaces } = this.#held
    const newest = Math.max(logSeq, catalog.seq, ...keyspaces.map(({ checkpoint }) => checkpoint.durableSeq))
    const manifest: BackupManifest = {
      databaseId: catalog.databaseId,
      branchId: catalog.branchId,
      backupId: vfs.random.fill(new Uint8Array(BACKUP_ID_BYTES)),
      parentId: this.#parent?.backupId ?? NO_PARENT,
      seq,
      firstSeq: Math.min(seq, newest),
      logSeq,
      createdAt: Math.max(0, Math.floor(vfs.clock.now())),
      number: this.#number,
      files: this.#files,
    }
    const bytes = encodeManifest(manifest)
    const file = vfs.open(`${this.#path}/${MANIFEST_NAME}`, 'createNew')
    try {
      file.write(bytes, 0, bytes.length, 0)
      yield* syncSteps(vfs, file)
    } finally {
      file.close()
    }
    yield new DirectorySync(vfs, this.#path)
    this.#report(0, 0)
  }

  #report(readBytes: number, storedBytes: number): void {
    this.#byteCount += readBytes
    this.#storedBytes += storedBytes
    const { signal, onProgress } = this.#options
    this.#place.assertReadable()
    throwIfAborted(signal, 'backup')
    reportProgress(onProgress, {
      byteCount: this.#byteCount,
      totalBytes: Math.max(this.totalBytes, this.#byteCount),
      storedBytes: this.#storedBytes,
    })
    throwIfAborted(signal, 'backup')
  }
}

const NO_CHECKPOINT_OF_FILE = { durableSeq: 0, segmentId: NO_SEGMENT_ID }
