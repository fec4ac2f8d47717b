import { assert } from '@ldb/base'
import { BlockCache } from '@ldb/cache'
import { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { Block } from '../block/block.js'
import { compactionSteps } from '../compaction/compaction-job.js'
import type { TableOutput } from '../compaction/merge-steps.js'
import type { Tombstone } from '../entry/tombstones.js'
import type { BufferPart } from '../entry/buffer-part.js'
import { tablePath } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { TableWriter } from '../table/table-writer.js'
import { newTableParameters } from '../version/table-files.js'
import { Table } from '../version/table.js'
import type { CompactionJob, JobOutcome } from './job.js'

/** A merge reads past the cache, which holds index blocks only. */
const CACHE_BYTES = 1 << 20
/** The built-in codecs. */
const CODECS = new CodecTable()

/**
 * Runs a job to its end, for threads of another kind than `createCompactionThread` returns. Never throws: the owner of the store
 * repeats a job that has failed, and meets its error.
 *
 * @param progressed - called after each step with the bytes merged in it; returns false to cancel the job.
 * @category Compaction in another thread
 */
export function runCompactionJob(
  job: CompactionJob,
  vfs: Vfs,
  progressed: (byteCount: number) => boolean,
): JobOutcome {
  const keys = job.keys === undefined ? undefined : DataKeys.import(job.keys, vfs.random)
  const output = new JobOutput(job, vfs, keys)
  const inputs: Table[] = []
  try {
    const cache = new BlockCache<Block>(CACHE_BYTES)
    const open = (meta: TableMeta): Table => {
      const table = new Table(vfs, job.directory, meta, cache, CODECS, undefined, () => undefined, keys)
      inputs.push(table)
      return table
    }
    const runs = job.runs.map((run) => run.map(open))
    const steps = compactionSteps({ runs, deeper: job.deeper }, job.snapshots, output, job.tableBytes)
    for (let next = steps.next(); ; next = steps.next()) {
      if (next.done === true) return { tables: next.value, numbers: output.numbers }
      if (!progressed(next.value)) break
    }
  } catch {
    // The job is repeated.
  } finally {
    for (const { reader } of inputs) reader.close()
    output.close()
  }
  return { tables: undefined, numbers: output.numbers }
}

/** The files that a job writes. */
class JobOutput implements TableOutput<TableMeta> {
  /** Numbers of the files that were created. */
  readonly numbers: number[] = []
  readonly #job: CompactionJob
  readonly #vfs: Vfs
  readonly #keys: DataKeys | undefined
  #file: VfsFile | undefined = undefined
  #writer: TableWriter | undefined = undefined

  constructor(job: CompactionJob, vfs: Vfs, keys: DataKeys | undefined) {
    this.#job = job
    this.#vfs = vfs
    this.#keys = keys
  }

  begin(buffer?: BufferPart): TableWriter {
    const { directory, codecId, firstNumber, fileCountMax } = this.#job
    const codec = CODECS.find(codecId)
    assert(codec !== undefined, 'a job names a built-in codec')
    assert(this.numbers.length < fileCountMax, 'a compaction needs no more files than were reserved for it')
    const number = firstNumber + this.numbers.length
    this.#file = this.#vfs.open(tablePath(directory, number), 'createNew')
    this.numbers.push(number)
    const parameters = newTableParameters({ ...this.#job, number }, codec, this.#vfs.random, this.#keys)
    this.#writer = new TableWriter(this.#file, parameters, buffer)
    return this.#writer
  }

  end(tombstones: readonly Tombstone[]): TableMeta {
    assert(this.#writer !== undefined && this.#file !== undefined, 'a table that ends was begun')
    const meta = this.#writer.finish(tombstones)
    this.#file.sync()
    this.close()
    return meta
  }

  /** Closes the file that was not finished. Its owner deletes it. */
  close(): void {
    this.#file?.close()
    this.#file = undefined
    this.#writer = undefined
  }
}
