import { ResumableTask } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { defaultVfs, InternalVfs } from '@ldb/vfs'
import type { FilePath } from '@ldb/vfs'
import { backupSteps, findParent } from './backup.js'
import type { BackupPlace } from './backup.js'
import { holdDatabase } from './held-database.js'
import type { HeldDatabase } from './held-database.js'
import { resolveBackupOptions } from './options.js'
import type { BackupOptions, BackupReport, ResolvedBackupOptions } from './options.js'
import type { AsyncApi } from '../calls/async-api.js'
import { actInCommitOrder } from '../calls/commit-order.js'
import { resolveDirectory } from '../catalog/path.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { OpenDatabase } from '../open/open-database.js'

/** Makes a backup; documented where it is exported, as `Database.backup`. */
export function backupDatabase(opened: OpenDatabase, path: FilePath, given?: BackupOptions): BackupReport {
  const options = resolveBackupOptions(given)
  opened.health.assertReadable()
  const { pipeline, health, checkpointer, collection, manager } = opened
  const place = placeOf(opened, path, options)
  throwIfAborted(options.signal, 'backup')
  const parent = findParent(place, manager.catalog, options)
  pipeline.drain()
  if (!opened.options.readOnly) {
    health.assertWritable()
    checkpointer.run(pipeline, AUTOMATIC_CHECKPOINT)
    collection?.completeNow()
  }
  return run(holdDatabase(opened), (held, onDone) => {
    new ResumableTask(backupSteps(held, parent, place, options, onDone)).sync()
  })
}

/** As `backupDatabase`, between other operations. */
export async function backupInTimeSlices(
  opened: OpenDatabase,
  { commits }: AsyncApi,
  path: FilePath,
  options: ResolvedBackupOptions,
): Promise<BackupReport> {
  const { health, slicedCheckpoint, collection, manager } = opened
  const place = placeOf(opened, path, options)
  throwIfAborted(options.signal, 'backup')
  const parent = findParent(place, manager.catalog, options)
  if (!opened.options.readOnly) {
    health.assertWritable()
    await slicedCheckpoint.run(AUTOMATIC_CHECKPOINT, options.signal)
    await collection?.complete()
  }
  const held = opened.options.readOnly ? holdDatabase(opened) : await holdInCommitOrder(opened, commits)
  let report: BackupReport | undefined
  try {
    const steps = backupSteps(held, parent, place, options, (done) => {
      report = done
    })
    await new ResumableTask(steps).syncAsync()
  } finally {
    held.release()
  }
  return report as unknown as BackupReport
}

/** Holds the state after all commits that were called before. */
async function holdInCommitOrder(opened: OpenDatabase, commits: AsyncApi['commits']): Promise<HeldDatabase> {
  let held: HeldDatabase | undefined
  await actInCommitOrder(commits, () => {
    held = holdDatabase(opened)
  })
  return held as unknown as HeldDatabase
}

function run(
  held: HeldDatabase,
  copy: (held: HeldDatabase, onDone: (report: BackupReport) => void) => void,
): BackupReport {
  let report: BackupReport | undefined
  try {
    copy(held, (done) => {
      report = done
    })
  } finally {
    held.release()
  }
  return report as unknown as BackupReport
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
