import { copyBytes } from '@ldb/base'
import { CUSTOM_CODEC_ID_MIN } from '@ldb/integrity'
import type { KeyMaterial } from '@ldb/integrity'
import type { MergeInputs } from '../compaction/compaction-job.js'
import type { KeyRange, TableMeta } from '../table/table-meta.js'

/** A compaction for another thread, as a message. @category Compaction in another thread */
export interface CompactionJob {
  /** Absolute path of the directory of the store. */
  readonly directory: string
  readonly storeId: Uint8Array
  readonly blockBytes: number
  /** Size of an output table. */
  readonly tableBytes: number
  /** Level of the output. */
  readonly level: number
  /** Its codec, a built-in one. */
  readonly codecId: number
  /** Number of the first output file. */
  readonly firstNumber: number
  /** Files that the job may create; more are an error. */
  readonly fileCountMax: number
  /** The tables of {@link MergeInputs}. */
  readonly runs: readonly (readonly TableMeta[])[]
  readonly deeper: readonly KeyRange[]
  /** Stamps of the open snapshots, ascending. */
  readonly snapshots: readonly number[]
  /** The data keys of an encrypted store; they stay in the memory of the process. */
  readonly keys?: KeyMaterial | undefined
}

/** How a job has ended. @category Compaction in another thread */
export interface JobOutcome {
  /** The output, synced; `undefined` when the job was cancelled or has failed. */
  readonly tables: readonly TableMeta[] | undefined
  /** Numbers of the files that the job has created. */
  readonly numbers: readonly number[]
}

/** Reports whether another thread can read and write the tables of a job: the codecs of an application are functions of this thread. */
export function hasBuiltInCodecs({ runs }: MergeInputs, codecId: number): boolean {
  return codecId < CUSTOM_CODEC_ID_MIN && runs.flat().every(({ meta }) => meta.codecId < CUSTOM_CODEC_ID_MIN)
}

/** Bytes of the tables that a job reads. */
export function inputBytesOf({ runs }: MergeInputs): number {
  return runs.flat().reduce((bytes, { meta }) => bytes + meta.fileBytes, 0)
}

/** Returns what a job merges, without the buffers around keys: a message would copy them. */
export function describeInputs({ runs, deeper }: MergeInputs): Pick<CompactionJob, 'runs' | 'deeper'> {
  return { runs: runs.map((run) => run.map(({ meta }) => ownMeta(meta))), deeper: deeper.map(ownRange) }
}

function ownMeta(meta: TableMeta): TableMeta {
  return { ...meta, ...ownRange(meta), fileId: copyBytes(meta.fileId, 0, meta.fileId.length) }
}

function ownRange({ lower, upper }: KeyRange): KeyRange {
  return {
    lower: copyBytes(lower, 0, lower.length),
    upper: upper === undefined ? undefined : copyBytes(upper, 0, upper.length),
  }
}
