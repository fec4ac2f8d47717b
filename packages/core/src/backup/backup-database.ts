import { LdbError, ResumableTask } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { defaultVfs, InternalVfs } from '@ldb/vfs'
import type { FilePath } from '@ldb/vfs'
import { backupSteps, findParent } from './backup.js'
import type { BackupPlace, NewestBackup } from './backup.js'
import { holdDatabase } from './held-database.js'
import type { HeldDatabase, HeldSeries } from './held-database.js'
import type { BackupManifest } from './manifest.js'
import { resolveBackupOptions } from './options.js'
import type { BackupOptions, BackupReport, ResolvedBackupOptions } from './options.js'
import type { AsyncApi } from '../calls/async-api.js'
import { actInCommitOrder } from '../calls/commit-order.js'
import { resolveDirectory } from '../catalog/path.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { OpenDatabase } from '../open/open-database.js'

/** Makes a backup; documented where it is exported, as `Database.backup`. */
export function backupDatabase(opened: OpenDatabase, path: FilePath, given?: BackupOptions): BackupReport {
  const options = resolveBackupOptions(given)
  opened.health.assertReadable()
  const running = new RunningBackup(opened, path, options)
  try {
    const { pipeline, health, checkpointer, collection } = opened
    pipeline.drain()
    if (!opened.options.readOnly) {
      health.assertWritable()
      checkpointer.run(pipeline, AUTOMATIC_CHECKPOINT)
      collection?.completeNow()
    }
    const task = running.begin(holdDatabase(opened, running.series))
    task.sync()
    return running.report
  } finally {
    running.end()
  }
}

/** As `backupDatabase`, between other operations. */
export async function backupInTimeSlices(
  opened: OpenDatabase,
  api: AsyncApi,
  path: FilePath,
  options: ResolvedBackupOptions,
): Promise<BackupReport> {
  const running = new RunningBackup(opened, path, options)
  try {
    const task = running.begin(await holdInTimeSlices(opened, api, running.series, options.signal))
    await task.syncAsync()
    return running.report
  } finally {
    running.end()
  }
}

/** Makes a checkpoint, and holds the state after all commits that were called before. */
export async function holdInTimeSlices(
  opened: OpenDatabase,
  { commits }: AsyncApi,
  series: HeldSeries,
  signal: AbortSignalLike | undefined,
): Promise<HeldDatabase> {
  const { health, slicedCheckpoint, collection } = opened
  if (opened.options.readOnly) return holdDatabase(opened, series)
  health.assertWritable()
  await slicedCheckpoint.run(AUTOMATIC_CHECKPOINT, signal)
  await collection?.complete()
  let held: HeldDatabase | undefined
  await actInCommitOrder(commits, () => {
    held = holdDatabase(opened, series)
  })
  return held as unknown as HeldDatabase
}

/** A backup that is made into a directory. */
class RunningBackup {
  readonly series: HeldSeries
  readonly #opened: OpenDatabase
  readonly #place: BackupPlace
  readonly #options: ResolvedBackupOptions
  readonly #parent: NewestBackup
  #held: HeldDatabase | undefined = undefined
  #report: BackupReport | undefined = undefined

  /** @throws {@link LdbError} LDB_LOCKED, LDB_EXISTS, LDB_CORRUPTION, LDB_ABORTED. Otherwise, call `end`. */
  constructor(opened: OpenDatabase, path: FilePath, options: ResolvedBackupOptions) {
    this.#opened = opened
    this.#options = options
    this.#place = placeOf(opened, path, options)
    throwIfAborted(options.signal, 'backup')
    const { directory } = this.#place
    if (!opened.commitHolds.begin(directory)) {
      const message = `a backup to ${directory} is being made`
      throw new LdbError('LDB_LOCKED', message, { details: { file: directory } })
    }
    try {
      this.#parent = findParent(this.#place, opened.manager.catalog, options)
    } catch (error) {
      opened.commitHolds.end(directory)
      throw error
    }
    this.series = { parent: this.#parent, isContinued: options.incremental }
  }

  /** Returns the task that writes it. */
  begin(held: HeldDatabase): ResumableTask {
    this.#held = held
    const steps = backupSteps(held, this.#parent, this.#place, this.#options, (report, manifest) => {
      this.#report = report
      keepCommits(this.#opened, held, manifest)
    })
    return new ResumableTask(steps)
  }

  get report(): BackupReport {
    return this.#report as unknown as BackupReport
  }

  /** Releases what it holds. */
  end(): void {
    if (this.#report === undefined) this.#held?.nextCommits?.close()
    this.#held?.release()
    this.#opened.commitHolds.end(this.#place.directory)
  }
}

/** Keeps the commits since a backup for the next one of its series. */
export function keepCommits(
  { commitHolds, health }: OpenDatabase,
  { nextCommits }: HeldDatabase,
  { parentId, backupId }: BackupManifest,
): void {
  if (nextCommits === undefined) return
  if (health.closed) nextCommits.close()
  else commitHolds.replace(parentId, backupId, nextCommits)
}

function placeOf(opened: OpenDatabase, path: FilePath, { vfs: given }: ResolvedBackupOptions): BackupPlace {
  const { gate, health, options } = opened
  const vfs = given ?? options.vfs ?? defaultVfs()
  const timeSlice: Syncable = { sync: () => undefined, syncAsync: () => gate.yieldThread() }
  return {
    vfs: InternalVfs.over(vfs),
    directory: resolveDirectory(vfs, path),
    timeSlice,
    assertReadable: () => {
      health.assertReadable()
    },
  }
}
