import { LdbError, optionalMember, ResumableTask } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { defaultVfs, InternalVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { VerifyReport } from '@ldb/integrity'
import { resolveDirectory } from '../catalog/path.js'
import { verifyInTimeSlices } from '../verification/sliced.js'
import { verifyDatabase } from '../verification/database-steps.js'
import type { Encryption } from '../encryption/secret.js'
import { openDatabase } from '../open/opening.js'
import { restoreSteps } from './restore.js'
import { resolveRestoreOptions } from './options.js'
import type { ResolvedRestoreOptions, RestoreOptions, RestoreReport } from './options.js'
import { resolveVerifyOptions } from '../verification/options.js'

/** Restores a database; documented where it is exported, as `Database.restore`. */
export function restoreDatabase(backup: FilePath, path: FilePath, options?: RestoreOptions): RestoreReport {
  const { task, result } = beginRestore(backup, path, resolveRestoreOptions(options))
  task.sync()
  return result()
}

/** As `restoreDatabase`, between other tasks of the event loop. */
export async function restoreInTimeSlices(
  backup: FilePath,
  path: FilePath,
  options?: RestoreOptions,
): Promise<RestoreReport> {
  const { task, result } = beginRestore(backup, path, resolveRestoreOptions(options))
  await task.syncAsync()
  return result()
}

interface RunningRestore {
  readonly task: ResumableTask
  /** Returns the report, when the task has ended. */
  readonly result: () => RestoreReport
}

function beginRestore(backup: FilePath, path: FilePath, options: ResolvedRestoreOptions): RunningRestore {
  const vfs = options.vfs ?? defaultVfs()
  const place = {
    vfs: InternalVfs.over(vfs),
    backups: resolveDirectory(vfs, backup),
    archive: options.archive === undefined ? undefined : resolveDirectory(vfs, options.archive),
    directory: resolveDirectory(vfs, path),
    timeSlice: sliceOf(vfs),
  }
  let report: RestoreReport | undefined
  const steps: TaskSteps = restoreSteps(
    place,
    options,
    (directory) => verificationOf(vfs, directory, options.encryption),
    (done) => {
      report = done
    },
  )
  return { task: new ResumableTask(steps), result: () => report as unknown as RestoreReport }
}

function sliceOf({ scheduler }: Vfs): Syncable {
  return {
    sync: () => undefined,
    syncAsync: () =>
      new Promise((resolve) => {
        const immediate = optionalMember(scheduler, 'immediate')
        if (immediate === undefined) resolve()
        else immediate.call(scheduler, resolve)
      }),
  }
}

/** Verifies a restored database before it gets its name. */
function verificationOf(vfs: Vfs, directory: string, encryption: Encryption | undefined): Syncable {
  const options = { vfs, ...(encryption !== undefined && { encryption }) }
  return {
    sync: () => {
      const opened = openDatabase(directory, { ...options, readOnly: true })
      try {
        assertWhole(verifyDatabase(opened, resolveVerifyOptions(undefined)), directory)
      } finally {
        opened.close()
      }
    },
    syncAsync: async () => {
      const opened = openDatabase(directory, { ...options, readOnly: true })
      try {
        assertWhole(await verifyInTimeSlices(opened, resolveVerifyOptions(undefined)), directory)
      } finally {
        opened.close()
      }
    },
  }
}

/** @throws {@link LdbError} LDB_CORRUPTION. */
function assertWhole({ findings }: VerifyReport, directory: string): void {
  const [first] = findings
  if (first === undefined) return
  const { file, offset, message } = first
  throw new LdbError('LDB_CORRUPTION', `the restored database is damaged: ${message}`, {
    details: { file: file.replace(directory, ''), offset },
  })
}
