import { INVARIANTS } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { MergeInputs } from '../compaction/compaction-job.js'
import { describeInputs, hasBuiltInCodecs, inputBytesOf } from '../worker/job.js'
import type { CompactionJob } from '../worker/job.js'
import type { CompactionThread, RunningJob } from '../worker/thread.js'
import type { TableFiles } from '../version/table-files.js'
import type { Table } from '../version/table.js'

/** A smaller compaction costs less than the messages, and databases that have no larger one start no thread. Small in tests. */
const INPUT_BYTES_MIN = INVARIANTS ? 256 : 4 << 20
/** Bytes of work by which commits may be ahead of the thread. */
const SLACK_BYTES = 4 << 20
/** Longest time for which one commit waits for the thread, in ms. */
const COMMIT_WAIT_MS = 20
/** Longest time for which a close waits for the thread. Then its files have numbers that the next opening does not use. */
const CLOSE_WAIT_MS = 10_000

/** What the jobs of a store have in common. */
export type JobParameters = Pick<CompactionJob, 'directory' | 'storeId' | 'blockBytes' | 'tableBytes'>

/**
 * Runs compactions of one store in another thread, one at a time.
 *
 * @remarks The thread writes files whose numbers were reserved for it (L3), and syncs them. It deletes nothing: the store does, which knows
 * where its directory is.
 */
export class RemoteCompaction {
  readonly #thread: CompactionThread
  readonly #files: TableFiles
  readonly #parameters: JobParameters
  readonly #clock: Clock
  readonly #ended: () => void
  #job: RunningJob | undefined = undefined
  #dataKeyId: number | undefined = undefined
  /** Jobs whose files are to be deleted when they have ended. */
  readonly #cancelled: Set<RunningJob> = new Set()
  /** Work that commits have to wait for, in bytes. */
  #debtBytes = 0
  #seenBytes = 0

  /** @param ended - called in a turn of the event loop after a compaction has ended. */
  constructor(
    thread: CompactionThread,
    files: TableFiles,
    parameters: JobParameters,
    clock: Clock,
    ended: () => void,
  ) {
    this.#thread = thread
    this.#files = files
    this.#parameters = parameters
    this.#clock = clock
    this.#ended = ended
  }

  /** Data key of the files that it writes; `undefined` when none runs or they are not encrypted. */
  get dataKeyId(): number | undefined {
    return this.#job === undefined ? undefined : this.#dataKeyId
  }

  get isRunning(): boolean {
    return this.#job !== undefined
  }

  /** True when `take` has a result. */
  get isEnded(): boolean {
    return this.#job?.isEnded === true
  }

  /**
   * Begins a compaction, unless it is small or the thread cannot take it. Returns whether it has begun.
   *
   * @param level - level of the output.
   * @param codecId - codec of the output.
   */
  begin(inputs: MergeInputs, snapshots: readonly number[], level: number, codecId: number): boolean {
    const inputBytes = inputBytesOf(inputs)
    if (inputBytes < INPUT_BYTES_MIN || !hasBuiltInCodecs(inputs, codecId) || !this.#thread.isReady)
      return false
    // The output may be larger than the input by what prefixes save, and the last table is not full.
    const fileCountMax = 2 * Math.ceil(inputBytes / this.#parameters.tableBytes) + 2
    const job = {
      ...this.#parameters,
      ...describeInputs(inputs),
      snapshots,
      level,
      codecId,
      fileCountMax,
      firstNumber: this.#files.reserveNumbers(fileCountMax),
      keys: this.#files.keys?.export(),
    }
    this.#dataKeyId = this.#files.keys?.currentId
    this.#debtBytes = 0
    this.#seenBytes = 0
    this.#job = this.#thread.begin(job, this.#ended)
    return true
  }

  /** Returns the new tables, once; `'failed'` when the compaction has to be repeated; `undefined` while it runs. */
  take(): Table[] | 'failed' | undefined {
    const outcome = this.#job?.poll()
    if (outcome === undefined) return undefined
    this.#job = undefined
    if (outcome === 'lost') return 'failed'
    const { tables, numbers } = outcome
    if (tables !== undefined) return this.#files.openFinished(tables)
    this.#files.removeFilesOf(numbers)
    return 'failed'
  }

  /** Makes a commit wait for a share of the work. Returns the time that it has waited, in ms. */
  pay(byteCount: number): number {
    this.#debtBytes += byteCount
    return this.#waitWhile(() => this.#debtBytes > SLACK_BYTES, COMMIT_WAIT_MS)
  }

  /** Waits for the end of the compaction in progress, for some time. */
  wait(milliseconds: number): void {
    this.#waitWhile(() => true, milliseconds)
  }

  /** Ends the compaction in progress. */
  cancel(): void {
    const job = this.#job
    this.#job = undefined
    if (job === undefined) return
    job.cancel()
    this.#cancelled.add(job)
  }

  /** Deletes the files of compactions that were cancelled and have ended. */
  removeCancelled(): void {
    for (const job of this.#cancelled) {
      const outcome = job.poll()
      if (outcome === undefined) continue
      this.#cancelled.delete(job)
      if (outcome !== 'lost') this.#files.removeFilesOf(outcome.numbers)
    }
  }

  /** Ends all compactions, and waits until the thread writes no more files. */
  stop(): void {
    this.cancel()
    for (const job of this.#cancelled) waitFor(job, this.#clock, () => true, CLOSE_WAIT_MS)
    this.removeCancelled()
  }

  #waitWhile(isBehind: () => boolean, milliseconds: number): number {
    const job = this.#job
    if (job === undefined) return 0
    const noteWork = (): boolean => {
      const { workBytes } = job
      this.#debtBytes = Math.max(0, this.#debtBytes - (workBytes - this.#seenBytes))
      this.#seenBytes = workBytes
      return isBehind()
    }
    return waitFor(job, this.#clock, noteWork, milliseconds)
  }
}

/** Waits until a job has ended or a condition is false, for some time. Returns the time waited, in ms. */
function waitFor(job: RunningJob, clock: Clock, isBehind: () => boolean, milliseconds: number): number {
  const startMs = clock.monotonic()
  let waitedMs = 0
  while (isBehind() && !job.isEnded && waitedMs < milliseconds) {
    job.wait(milliseconds - waitedMs)
    waitedMs = clock.monotonic() - startMs
  }
  return waitedMs
}
