import { corruption, invalidArgument, LdbError, optionalMember, ResumableTask } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { defaultVfs, InternalVfs, makeParents } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { VerifyReport } from '@ldb/integrity'
import { reportProgress } from '../backup/options.js'
import { discardDirectory } from '../backup/series.js'
import { resolveDirectory } from '../catalog/path.js'
import { assertFree, temporaryDirectory } from '../catalog/temporary-directory.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import { ByteSource } from '../transfer/byte-source.js'
import { receiveStream } from '../transfer/received-series.js'
import { verifyInTimeSlices } from '../verification/sliced.js'
import { verifyDatabase } from '../verification/database-steps.js'
import type { Encryption } from '../encryption/secret.js'
import { openDatabase } from '../open/opening.js'
import { restoreSteps } from './restore.js'
import type { RestorePlace } from './restore.js'
import { resolveRestoreOptions } from './options.js'
import type {
  ResolvedRestoreOptions,
  RestoreOptions,
  RestoreReport,
  RestoreStreamOptions,
} from './options.js'
import { resolveVerifyOptions } from '../verification/options.js'

/** Restores a database; documented where it is exported, as `Database.restore`. */
export function restoreDatabase(backup: FilePath, path: FilePath, options?: RestoreOptions): RestoreReport {
  const checked = resolveRestoreOptions(options)
  const { task, result } = beginRestore(placeOf(path, checked, backup), checked)
  task.sync()
  return result()
}

/** As `restoreDatabase`, between other tasks of the event loop. */
export async function restoreInTimeSlices(
  backup: FilePath,
  path: FilePath,
  options?: RestoreOptions,
): Promise<RestoreReport> {
  const checked = resolveRestoreOptions(options)
  const { task, result } = beginRestore(placeOf(path, checked, backup), checked)
  await task.syncAsync()
  return result()
}

/**
 * Restores a database from the streams of its backups: receives them beside the new directory, restores it from there, and removes what it has
 * received.
 */
export async function restoreFromStreams(
  given: unknown,
  path: FilePath,
  options?: RestoreStreamOptions,
): Promise<RestoreReport> {
  const checked = resolveRestoreOptions(options, true)
  const streams: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (streams.length === 0) throw invalidArgument('a restore needs a backup')
  const sources = streams.map((stream) => new ByteSource(stream))
  try {
    throwIfAborted(checked.signal, 'restore')
    const directory = resolveDirectory(checked.vfs ?? defaultVfs(), path)
    const place = placeOf(path, checked, undefined)
    assertFree(place.vfs, directory)
    const received = {
      ...place,
      backups: temporaryDirectory(place.vfs, directory, 'receiving'),
      isOwned: true,
    }
    makeParents(place.vfs, received.backups)
    place.vfs.makeDirectory(received.backups)
    try {
      await receiveAll(sources, received, checked)
      const { task, result } = beginRestore(received, checked)
      await task.syncAsync()
      return result()
    } finally {
      discardDirectory(place.vfs, received.backups)
    }
  } finally {
    for (const source of sources) source.end()
  }
}

async function receiveAll(
  sources: readonly ByteSource[],
  { vfs, backups, timeSlice }: RestorePlace,
  { signal, onProgress, resume }: ResolvedRestoreOptions,
): Promise<void> {
  const wait = <T>(promise: Promise<T>): Promise<T> => untilAborted(promise, signal)
  let byteCount = 0
  const numbers = new Set<number>()
  for (const [index, source] of sources.entries()) {
    const number = await receiveStream(source, `stream ${index + 1}`, {
      vfs,
      directory: backups,
      wait,
      yieldThread: () => timeSlice.syncAsync(),
      resume: async (offset, error) =>
        resume && new ByteSource(await wait(Promise.resolve(resume({ index, offset, error })))),
      progress: (partBytes) => {
        byteCount += partBytes
        throwIfAborted(signal, 'restore')
        reportProgress(onProgress, { byteCount, totalBytes: byteCount, storedBytes: byteCount })
        throwIfAborted(signal, 'restore')
      },
    })
    numbers.add(number)
  }
  for (const number of numbers) {
    if (number > 1 && !numbers.has(number - 1)) {
      const message = `the stream of backup ${number - 1} of the series is missing: backup ${number} continues it`
      throw corruption(`the stream of backup ${number}`, 0, message)
    }
  }
}

interface RunningRestore {
  readonly task: ResumableTask
  /** Returns the report, when the task has ended. */
  readonly result: () => RestoreReport
}

/** @param backup - directory of the backups; `undefined` when they are received. */
function placeOf(
  path: FilePath,
  options: ResolvedRestoreOptions,
  backup: FilePath | undefined,
): RestorePlace {
  const vfs = options.vfs ?? defaultVfs()
  return {
    vfs: InternalVfs.over(vfs),
    backups: backup === undefined ? '' : resolveDirectory(vfs, backup),
    isOwned: false,
    archive: options.archive === undefined ? undefined : resolveDirectory(vfs, options.archive),
    directory: resolveDirectory(vfs, path),
    timeSlice: sliceOf(vfs),
  }
}

function beginRestore(place: RestorePlace, options: ResolvedRestoreOptions): RunningRestore {
  const vfs = options.vfs ?? defaultVfs()
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
