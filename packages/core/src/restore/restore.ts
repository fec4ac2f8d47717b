import { concatBytes, corruption, isLdbError, LdbError } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { blobFileName } from '@ldb/blob'
import { directoryOf, DirectorySync, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { BackupRole, DATABASE_ID_BYTES } from '../format.js'
import { reportProgress } from '../backup/options.js'
import type { BackupFile, BackupManifest } from '../backup/manifest.js'
import {
  assertSpace,
  backupNumbers,
  dataPath,
  discardDirectory,
  existingParentOf,
  readChain,
} from '../backup/series.js'
import type { BackupChain } from '../backup/series.js'
import type { Catalog } from '../catalog/catalog.js'
import { archivedBytes, branchPath } from '../archive/archive-directory.js'
import { SealedCommits } from '../encryption/sealed-commits.js'
import { decodeCatalogFile } from '../catalog/sealed-catalog.js'
import { addArchivedKeys } from '../encryption/copied-keys.js'
import { KeyAccess, KEYS_NAME } from '../encryption/database-keys.js'
import { resolveEncryption } from '../encryption/secret.js'
import { blobsPath, keyspacePath, keyspacesPath, logPath } from '../catalog/directory-layout.js'
import { replaceCatalog } from '../catalog/file.js'
import { assertFree, publishDirectory, temporaryDirectory } from '../catalog/temporary-directory.js'
import { BUILT_IN_ENGINES, engineOf } from '../engine/engine-registry.js'
import { throwIfAborted } from '../health/abort-signal.js'
import { NO_CHECKPOINT } from '../log/checkpoint-record.js'
import type { StoreCheckpoint } from '../log/checkpoint-record.js'
import { ArchivedCommits } from './archived-commits.js'
import { CommitParser } from './commit-parser.js'
import type { ResolvedRestoreOptions, RestoreReport } from './options.js'
import { findFile, isMoved, readFile, restoreFile } from './restored-file.js'
import type { FileReading } from './restored-file.js'
import { RestoredLog } from './restored-log.js'

/** From where to where a restore copies. */
export interface RestorePlace {
  /** File system for internal files. */
  readonly vfs: Vfs
  /** Directory of the backups. */
  readonly backups: string
  /** The backups are only for this restore: it may move their files. */
  readonly isOwned: boolean
  /** Directory of the archive; `undefined` without one. */
  readonly archive: string | undefined
  /** Directory of the restored database. */
  readonly directory: string
  /** Yields the thread. */
  readonly timeSlice: Syncable
}

/**
 * Restores a database: under a temporary name, which is replaced last. What was written is removed when it fails.
 *
 * @param verify - verifies the database in a directory; it throws when there is damage.
 * @param onDone - receives the report.
 * @throws {@link LdbError} LDB_NOT_FOUND, LDB_EXISTS, LDB_CORRUPTION, LDB_FORMAT, LDB_NO_SPACE, LDB_ABORTED, LDB_IO.
 */
export function* restoreSteps(
  place: RestorePlace,
  options: ResolvedRestoreOptions,
  verify: (directory: string) => Syncable,
  onDone: (report: RestoreReport) => void,
): TaskSteps {
  const { vfs, directory } = place
  assertFree(vfs, directory)
  const chain = chooseBackup(place, options)
  const temporary = temporaryDirectory(vfs, directory, 'restoring')
  const restoring = new Restoring(place, options, chain, temporary)
  assertSpace(vfs, existingParentOf(vfs, temporary), restoring.neededBytes)
  throwIfAborted(options.signal, 'restore')
  makeParents(vfs, temporary)
  vfs.makeDirectory(temporary)
  try {
    yield* restoring.steps()
    yield verify(temporary)
    throwIfAborted(options.signal, 'restore')
    publishDirectory(vfs, temporary, directory)
  } catch (error) {
    discardDirectory(vfs, temporary)
    throw error
  }
  yield new DirectorySync(vfs, directoryOf(directory))
  onDone(restoring.report())
}

/** Returns the newest backup that a restore to a commit can use. */
function chooseBackup(
  { vfs, backups, archive }: RestorePlace,
  { until, untilMs = Infinity }: ResolvedRestoreOptions,
): BackupChain {
  const numbers = backupNumbers(vfs, backups) ?? []
  let nearest: BackupManifest | undefined
  let damage: LdbError | undefined
  for (const number of numbers.reverse()) {
    const chain = chainOf(vfs, backups, number, until === undefined && untilMs === Infinity)
    if (isLdbError(chain)) {
      damage ??= chain
      continue
    }
    const manifest = chain.manifests[0] as BackupManifest
    const isBefore = until === undefined || until >= manifest.firstSeq
    const isReached = archive !== undefined || until === undefined || until <= manifest.seq
    if (isBefore && isReached && manifest.createdAt <= untilMs) return chain
    nearest = manifest
    if (isBefore && !isReached) break
  }
  if (damage !== undefined) throw damage
  if (nearest === undefined) {
    throw new LdbError('LDB_NOT_FOUND', `there is no backup at ${backups}`, { details: { file: backups } })
  }
  throw new LdbError(
    'LDB_NOT_FOUND',
    `no backup at ${backups} contains the state at ${until === undefined ? 'that time' : `commit ${until}`}`,
    {
      details: { file: backups, actual: nearest.seq, ...(until !== undefined && { expected: until }) },
    },
  )
}

/** Reads a backup. One that an earlier state does not need may be damaged: returns the error. */
function chainOf(vfs: Vfs, backups: string, number: number, isNeeded: boolean): BackupChain | LdbError {
  try {
    return readChain(vfs, backups, number)
  } catch (error) {
    if (isNeeded || !isLdbError(error, 'LDB_CORRUPTION')) throw error
    return error
  }
}

/** One restore. */
class Restoring {
  readonly totalBytes: number
  readonly #place: RestorePlace
  readonly #options: ResolvedRestoreOptions
  readonly #chain: BackupChain
  readonly #manifest: BackupManifest
  readonly #target: string
  readonly #access: KeyAccess
  readonly #reading: FileReading
  /** Newest commit that is restored from the backup. */
  readonly #until: number
  #seq: number
  #byteCount = 0

  constructor(place: RestorePlace, options: ResolvedRestoreOptions, chain: BackupChain, target: string) {
    this.#place = place
    this.#options = options
    this.#chain = chain
    this.#manifest = chain.manifests[0] as BackupManifest
    this.#target = target
    this.#access = new KeyAccess(target, resolveEncryption(options.encryption))
    this.#until = Math.min(options.until ?? Infinity, this.#manifest.seq)
    this.#seq = this.#until
    this.totalBytes = this.#manifest.files.reduce((bytes, { length }) => bytes + length, 0)
    this.#reading = {
      vfs: place.vfs,
      chain,
      isOwned: place.isOwned,
      timeSlice: place.timeSlice,
      progress: (byteCount) => {
        this.#report(byteCount)
      },
    }
  }

  /** Bytes that the database takes, besides the files that are moved. */
  get neededBytes(): number {
    const copied = this.#manifest.files.filter((file) => !isMoved(file, this.#place))
    const fileBytes = copied.reduce((bytes, { length }) => bytes + length, 0)
    const { archive, vfs } = this.#place
    const { until, untilMs } = this.#options
    if (archive === undefined || until !== undefined || untilMs !== undefined) return fileBytes
    return fileBytes + archivedBytes(vfs, branchPath(archive, this.#manifest), this.#manifest.seq)
  }

  *steps(): TaskSteps {
    this.#report(0)
    const { vfs } = this.#place
    yield* this.#restoreKeys()
    const catalog = yield* this.#readCatalog()
    vfs.makeDirectory(keyspacesPath(this.#target))
    for (const { descriptor } of catalog.keyspaces) {
      const files = this.#filesOf(BackupRole.Store, descriptor.id)
      if (files.length === 0) continue
      const path = keyspacePath(this.#target, descriptor.id)
      vfs.makeDirectory(path)
      const engine = engineOf(BUILT_IN_ENGINES, descriptor.engine)
      for (const file of files) {
        yield* restoreFile(file, this.#reading, vfs, `${path}/${engine.fileName(file.number)}`)
      }
      yield new DirectorySync(vfs, path)
    }
    yield new DirectorySync(vfs, keyspacesPath(this.#target))
    yield* this.#restoreBlobs()
    yield* this.#restoreLog(catalog)
    yield new DirectorySync(vfs, this.#target)
  }

  report(): RestoreReport {
    return { seq: this.#seq, number: this.#manifest.number, totalBytes: this.#byteCount }
  }

  #filesOf(role: BackupRole, keyspaceId: number): BackupFile[] {
    return this.#manifest.files.filter((file) => file.role === role && file.keyspaceId === keyspaceId)
  }

  *#readCatalog(): Generator<Syncable, Catalog, void> {
    const index = this.#manifest.files.findIndex(({ role }) => role === BackupRole.Catalog)
    const file = this.#manifest.files[index]
    const path = dataPath(this.#chain.paths[0] as string, Math.max(index, 0))
    if (file === undefined) throw corruption(path, 0, 'the backup contains no catalog')
    const parts: Uint8Array[] = []
    yield* readFile(file, this.#reading, (bytes) => {
      parts.push(bytes.slice())
      return this.#place.timeSlice
    })
    return decodeCatalogFile(concatBytes(...parts), path, this.#place.vfs, this.#access)
  }

  /** Copies the key file of an encrypted database: that of the backup, with the data keys that only the archive has. */
  *#restoreKeys(): TaskSteps {
    const { vfs, archive } = this.#place
    const file = this.#manifest.files.find(({ role }) => role === BackupRole.Keys)
    if (file === undefined) return
    yield* restoreFile(file, this.#reading, vfs, `${this.#target}/${KEYS_NAME}`)
    if (archive === undefined) return
    addArchivedKeys(vfs, this.#target, branchPath(archive, this.#manifest), this.#options.encryption)
  }

  #sealedOf(branch: Pick<Catalog, 'branchId'>): SealedCommits | undefined {
    const { keys } = this.#access
    return keys && new SealedCommits(keys.data, branch)
  }

  *#restoreBlobs(): TaskSteps {
    const blobs = this.#filesOf(BackupRole.Blob, 0)
    if (blobs.length === 0) return
    const { vfs } = this.#place
    const path = blobsPath(this.#target)
    vfs.makeDirectory(path)
    for (const file of blobs)
      yield* restoreFile(file, this.#reading, vfs, `${path}/${blobFileName(file.number)}`)
    yield new DirectorySync(vfs, path)
  }

  /** Writes the log, and the catalog, which makes the directory a database. */
  *#restoreLog(found: Catalog): TaskSteps {
    const { vfs } = this.#place
    const { logSeq } = this.#manifest
    const stores = new Map<number, StoreCheckpoint>()
    let newestSeq = logSeq
    for (const { descriptor } of found.keyspaces) {
      const first = findFile(this.#manifest.files, {
        role: BackupRole.Store,
        keyspaceId: descriptor.id,
        number: 0,
      })
      const checkpoint =
        first === undefined ? NO_CHECKPOINT : { durableSeq: first.durableSeq, segmentId: first.segmentId }
      stores.set(descriptor.id, checkpoint)
      newestSeq = Math.max(newestSeq, checkpoint.durableSeq)
    }
    const generation = found.generation + 1
    const log = new RestoredLog(vfs, this.#target, found.databaseId, logSeq, this.#access.keys?.data)
    let catalog = found
    let end
    try {
      log.begin(generation, newestSeq, stores)
      yield* this.#copyCommits(log)
      catalog = yield* this.#copyArchive(log, found)
      yield new DirectorySync(vfs, logPath(this.#target))
      end = log.end()
    } catch (error) {
      log.abandon()
      throw error
    }
    this.#seq = log.seq
    const branchId = vfs.random.fill(new Uint8Array(DATABASE_ID_BYTES))
    replaceCatalog(
      vfs,
      this.#target,
      { ...catalogAt(catalog, log.seq), branchId, generation, ...end },
      this.#access.keys?.data,
    )
  }

  /** Copies the commits that follow those of the backup. Returns the newest catalog. */
  *#copyArchive(log: RestoredLog, catalog: Catalog): Generator<Syncable, Catalog, void> {
    const { vfs, archive, timeSlice } = this.#place
    if (archive === undefined) return catalog
    const { until = Infinity, untilMs = Infinity } = this.#options
    const progress = (): void => {
      this.#report(0)
    }
    const commits = new ArchivedCommits(
      { vfs, archive, directory: this.#target, sealed: this.#sealedOf(catalog), timeSlice, progress },
      log,
      catalog,
      { seq: until, ms: untilMs },
    )
    yield* commits.steps()
    return commits.catalog
  }

  *#copyCommits(log: RestoredLog): TaskSteps {
    const { files } = this.#manifest
    const backup = this.#chain.paths[0] as string
    const logs = [...files.entries()].filter(([, { role }]) => role === BackupRole.Log)
    logs.sort(([, left], [, right]) => left.number - right.number)
    for (const [index, file] of logs) {
      if (file.number >= this.#until) break
      const parser = new CommitParser(dataPath(backup, index), this.#sealedOf(this.#manifest), (commit) => {
        if (commit.seq <= this.#until) log.append(commit)
      })
      yield* readFile(file, this.#reading, (bytes) => {
        parser.add(bytes)
        return this.#place.timeSlice
      })
      parser.end()
    }
    if (log.seq < this.#until) {
      throw corruption(dataPath(backup, logs.at(-1)?.[0] ?? 0), 0, 'the log of the backup ends too early', {
        actual: log.seq,
        expected: this.#until,
      })
    }
  }

  #report(byteCount: number): void {
    this.#byteCount += byteCount
    const { signal, onProgress } = this.#options
    throwIfAborted(signal, 'restore')
    reportProgress(onProgress, {
      byteCount: this.#byteCount,
      totalBytes: this.totalBytes,
      storedBytes: this.#byteCount,
    })
    throwIfAborted(signal, 'restore')
  }
}

/** Returns a catalog without the keyspaces that were created after a commit. Its log contains the changes of keyspaces. */
function catalogAt(catalog: Catalog, seq: number): Catalog {
  const keyspaces = catalog.keyspaces.filter(({ descriptor }) => descriptor.createdSeq <= seq)
  return { ...catalog, seq: Math.min(catalog.seq, seq), keyspaces, change: undefined }
}
