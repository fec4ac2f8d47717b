import { isLdbError, ResumableTask } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { compactedBytes, FIRST_RECORD_OFFSET } from '@ldb/blob'
import type { BlobFiles, KeptRecord } from '@ldb/blob'
import type { Clock } from '@ldb/vfs'
import type { BlobValues } from '../blob/blob-values.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import { closedError } from '../health/health.js'
import type { ReadGate } from '../resident/read-gate.js'
import { FileCount } from './file-count.js'
import { chooseVictims, mustCollect, sumOf } from './victim-choice.js'
import type { CandidateFile } from './victim-choice.js'

/** Files that are to be collected, and the point after which nothing names their dead records. */
interface Round {
  /** The records to keep, by the number of the file. */
  readonly kept: ReadonlyMap<number, readonly KeptRecord[]>
  /** Number of the newest visible commit when the last of the other records was found dead. */
  readonly seq: number
  /** Number of pins until then. */
  readonly pinCount: number
  /** All files with dead records are in it, not only the worst ones. */
  readonly isForced: boolean
  /** Bytes of the other records. */
  readonly deadBytes: number
  /** Time of the monotonic clock from which it waits. */
  readonly sinceMs: number
}

/**
 * Collects the space of values in blob files that no entry names any more.
 *
 * 1. The records of the files with the greatest share of dead bytes are examined: each is looked up by its key.
 * 2. The round waits until nothing can name a dead one (V6): a checkpoint has made the deletion or replacement of its entry durable, the
 *    log has been truncated behind that, and no pin of an older state is open.
 * 3. Each file is replaced by a copy with the live records, or removed.
 *
 * Commits continue meanwhile: a file to which values were appended is examined only when all of its commits are visible, so that no later
 * commit names a record of it. A process that ends in between leaves complete files.
 */
export class Collector {
  readonly #state: DatabaseState
  readonly #blobs: BlobValues
  readonly #pipeline: CommitPipeline
  readonly #gate: ReadGate
  readonly #timeSlice: Syncable
  readonly #clock: Clock
  #round: Round | undefined = undefined
  #task: ResumableTask | undefined = undefined
  /** The device had no space for the copy of a file of the last round. */
  isShortOfSpace = false

  /** @param timeSlice - synced after about each millisecond of work, to yield the thread. */
  constructor(
    state: DatabaseState,
    blobs: BlobValues,
    pipeline: CommitPipeline,
    gate: ReadGate,
    timeSlice: Syncable,
    clock: Clock,
  ) {
    this.#state = state
    this.#blobs = blobs
    this.#pipeline = pipeline
    this.#gate = gate
    this.#timeSlice = timeSlice
    this.#clock = clock
  }

  /** True while a round waits for its point. */
  get isWaiting(): boolean {
    return this.#round !== undefined && (this.#task?.isEnded ?? true)
  }

  /** True when the round that waits needs a checkpoint, to truncate the log. */
  get needsCheckpoint(): boolean {
    return this.#round !== undefined && this.#state.log.truncatedSeq < this.#round.seq
  }

  /** Dead bytes that the waiting round returns; 0 without one. */
  get deadBytes(): number {
    return this.#round?.deadBytes ?? 0
  }

  /** Time of the monotonic clock from which a round waits; `Infinity` without one. */
  get waitsSinceMs(): number {
    return this.#round?.sinceMs ?? Infinity
  }

  /**
   * Returns the work that can be done now: the running task, or the next one.
   *
   * @param isForced - examine all files, and collect each one with dead records. Replaces a waiting round of the worst ones.
   * @returns `undefined` when there is none, or a round waits.
   */
  next(isForced: boolean): ResumableTask | undefined {
    if (this.#task?.isEnded === false) return this.#task
    const { files } = this.#blobs
    if (files === undefined || this.#state.health.writeRefusal !== undefined) return undefined
    const round = this.#round
    if (round !== undefined && this.#isReached(round)) {
      this.#task = new ResumableTask(this.#write(round, files))
    } else if (round !== undefined && (round.isForced || !isForced)) return undefined
    else if (isForced || this.#isDue(files)) this.#task = new ResumableTask(this.#examine(files, isForced))
    else return undefined
    return this.#task
  }

  /** The task in progress; `undefined` when none is. */
  get running(): ResumableTask | undefined {
    return this.#task?.isEnded === false ? this.#task : undefined
  }

  /** Abandons the round and the running task. The files stay as they are. */
  abandon(): void {
    this.#task?.abort(closedError())
    this.#task = undefined
    this.#round = undefined
  }

  #isDue(files: BlobFiles): boolean {
    const candidates = this.#candidates(files)
    return candidates.some(({ liveBytes }) => liveBytes === undefined) || mustCollect(sumOf(candidates))
  }

  /** Returns the files of which all commits are visible, and which are not being written as a stream. */
  #candidates(files: BlobFiles): CandidateFile[] {
    const { liveness } = this.#blobs
    const { seq } = this.#pipeline
    return files
      .files()
      .filter(({ number }) => liveness.isVisible(number, seq) && !files.isPinned(number))
      .map(({ number, fileBytes }) => ({ number, fileBytes, liveBytes: liveness.liveBytesOf(number) }))
  }

  #isReached({ seq, pinCount }: Round): boolean {
    if (this.#blobs.isHeld) return false
    return this.#state.log.truncatedSeq >= seq && !this.#blobs.pins.hasAnyOf(pinCount)
  }

  *#examine(files: BlobFiles, isForced: boolean): TaskSteps {
    this.#round = undefined
    for (const { number, liveBytes } of this.#candidates(files)) {
      if (liveBytes === undefined) yield* this.#count(number, files)
    }
    const kept = new Map<number, readonly KeptRecord[]>()
    for (const number of chooseVictims(this.#candidates(files), isForced)) {
      const records = yield* this.#count(number, files)
      if (records !== undefined) kept.set(number, records)
    }
    if (kept.size === 0) return
    let deadBytes = 0
    for (const [number, records] of kept)
      deadBytes += Math.max(0, bytesOf(files, number) - compactedBytes(records))
    const pinCount = this.#blobs.pins.count
    const sinceMs = this.#clock.monotonic()
    this.#round = { kept, seq: this.#pipeline.seq, pinCount, isForced, deadBytes, sinceMs }
  }

  /** Counts the live records of a file, and returns them; `undefined` when it must stay as it is. */
  *#count(number: number, files: BlobFiles): Generator<Syncable, readonly KeptRecord[] | undefined, void> {
    if (!this.#blobs.liveness.isVisible(number, this.#pipeline.seq)) return undefined
    // Nothing is appended to it from now on.
    if (files.activeNumber === number) files.rotate()
    const count = new FileCount(
      { number, fileBytes: bytesOf(files, number) },
      this.#blobs,
      files,
      this.#state.keyspaces,
    )
    let isMore = true
    const step = (): void => {
      this.#assertUsable()
      isMore = count.step()
    }
    const slice: Syncable = { sync: step, syncAsync: () => this.#gate.read(step, () => undefined) }
    try {
      while (isMore) {
        yield slice
        yield this.#timeSlice
      }
      count.end()
      return count.isWhole ? count.kept : undefined
    } finally {
      count.abandon()
    }
  }

  /**
   * Removes and replaces the files of a round, those that need the least space first: what one returns may be what the next one needs. A
   * copy for which there is no space is not written, and its file stays for a later round.
   */
  *#write({ kept }: Round, files: BlobFiles): TaskSteps {
    const bySize = [...kept]
      .map(([number, records]) => ({ number, records, copyBytes: compactedBytes(records) }))
      .sort((left, right) => left.copyBytes - right.copyBytes)
    this.isShortOfSpace = false
    try {
      for (const { number, records, copyBytes } of bySize) {
        this.#assertUsable()
        const bytesBefore = bytesOf(files, number)
        const hasHeader = bytesBefore >= FIRST_RECORD_OFFSET
        if (records.length > 0 && !this.#state.space.hasSpaceFor(copyBytes)) {
          this.isShortOfSpace = true
          break
        }
        if (records.length > 0 || (hasHeader && !files.isRemovable(number))) {
          yield files.beginCompaction(number, records, this.#timeSlice)
        } else if (files.isRemovable(number)) {
          this.#blobs.liveness.remove(number)
          yield files.beginRemoval(number)
        }
        this.#blobs.collectedBytes += bytesBefore - bytesOf(files, number)
      }
    } catch (error) {
      // Another program has taken the space. The file is as before.
      if (!isLdbError(error, 'LDB_NO_SPACE')) throw error
      this.isShortOfSpace = true
    } finally {
      this.#round = undefined
      this.#state.space.remeasure()
    }
  }

  /** Reports whether a round may return space: bytes of a file are known to be dead, or those of some file are not known. */
  get mayReturnSpace(): boolean {
    const { files } = this.#blobs
    if (files === undefined || this.#state.health.writeRefusal !== undefined) return false
    const candidates = this.#candidates(files)
    return (
      candidates.some(({ liveBytes }) => liveBytes === undefined) ||
      chooseVictims(candidates, true).length > 0
    )
  }

  /** @throws {@link LdbError} LDB_CLOSED, LDB_POISONED, LDB_READ_ONLY when nothing may be written any more. */
  #assertUsable(): void {
    this.#state.health.assertWritable()
  }
}

function bytesOf(files: BlobFiles, number: number): number {
  return files.files().find((file) => file.number === number)?.fileBytes ?? 0
}
