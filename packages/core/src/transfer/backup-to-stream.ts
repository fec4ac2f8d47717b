import { equalBytes, invalidArgument, ResumableTask } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { holdInTimeSlices, keepCommits } from '../backup/backup-database.js'
import { BackupWriting } from '../backup/backup-writing.js'
import { decodeManifest } from '../backup/manifest.js'
import type { BackupManifest } from '../backup/manifest.js'
import type { AsyncApi } from '../calls/async-api.js'
import type { PendingCall } from '../calls/pending-call.js'
import type { Catalog } from '../catalog/catalog.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { OpenDatabase } from '../open/open-database.js'
import { untilClosed } from '../streams/chunk-source.js'
import { StreamLayout, StreamSink } from './stream-sink.js'
import { checkContinuation } from './stream-options.js'
import type { BackupStreamReport, ResolvedStreamOptions } from './stream-options.js'
import { WritableFailure, writerOf } from './writable.js'
import type { BackupWritable, ByteWriter } from './writable.js'

/** Writes a backup to a stream; documented where it is exported, as `Database.backupTo`. */
export async function backupToStream(
  opened: OpenDatabase,
  api: AsyncApi,
  call: PendingCall,
  target: BackupWritable,
  options: ResolvedStreamOptions,
): Promise<BackupStreamReport> {
  const { gate, health, engines, manager } = opened
  const { signal, isContinued } = options
  const wait = <T>(promise: Promise<T>): Promise<T> => call.outside(untilClosed(health, promise), signal)
  const timeSlice: Syncable = { sync: () => undefined, syncAsync: () => gate.yieldThread() }
  const assertReadable = (): void => {
    health.assertReadable()
  }
  const output: Output = { writer: writerOf(target, wait), wait, timeSlice, options }
  try {
    throwIfAborted(signal, 'backup')
    const parent = options.parent && parentOf(options.parent, manager.catalog)
    const held = await holdInTimeSlices(opened, api, { parent, isContinued }, signal)
    let isKept = false
    try {
      const parts = { vfs: engines.vfs, timeSlice, assertReadable }
      const writing = new BackupWriting(held, parent, parts, options)
      await new ResumableTask(writing.prepare()).syncAsync()
      const { streamBytes, manifest } = await writeStream(writing, output)
      keepCommits(opened, held, writing.manifest)
      isKept = true
      return { ...writing.report(), streamBytes, manifest }
    } finally {
      if (!isKept) held.nextCommits?.close()
      held.release()
    }
  } catch (error) {
    output.writer.abort(error)
    throw error instanceof WritableFailure ? error.error : error
  }
}

/** Where a backup is written. */
interface Output {
  /** Replaced when the stream goes on elsewhere. */
  writer: ByteWriter
  readonly wait: <T>(promise: Promise<T>) => Promise<T>
  readonly timeSlice: Syncable
  readonly options: ResolvedStreamOptions
}

/** Decodes the manifest of the backup that the next one continues. */
function parentOf(bytes: Uint8Array, { databaseId, branchId }: Catalog): BackupManifest {
  const parent = decodeManifest(bytes, 'the given manifest')
  if (equalBytes(parent.databaseId, databaseId) && equalBytes(parent.branchId, branchId)) return parent
  throw invalidArgument('the manifest is that of another database, or of another branch of it')
}

/** Writes the stream of a prepared backup, and goes on with it where the caller says so. */
async function writeStream(
  writing: BackupWriting,
  output: Output,
): Promise<Pick<BackupStreamReport, 'streamBytes' | 'manifest'>> {
  const { databaseId, branchId, parentId, backupId, seq, number } = writing.manifest
  const { totalBytes } = writing
  const layout = new StreamLayout({
    streamId: backupId,
    databaseId,
    branchId,
    parentId,
    seq,
    totalBytes,
    number,
  })
  const { timeSlice, wait } = output
  const { resume } = output.options
  for (let start = 0; ;) {
    const sink = new StreamSink(layout, output.writer, timeSlice, start)
    try {
      await sink.begin()
      await new ResumableTask(writing.copyTo(sink, (index) => sink.isDone(index))).syncAsync()
      return { streamBytes: sink.offset, manifest: sink.manifest }
    } catch (error) {
      if (!(error instanceof WritableFailure) || resume === undefined) throw error
      output.writer.abort(error.error)
      const { offset } = sink
      const found: unknown = await wait(Promise.resolve(resume({ offset, error: error.error })))
      const continuation = checkContinuation(found, offset)
      output.writer = writerOf(continuation.target, wait)
      start = continuation.offset
    }
  }
}
