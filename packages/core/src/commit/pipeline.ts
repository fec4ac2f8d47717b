import { assert, isLdbError, toSeq, WriteBatch } from '@ldb/base'
import type { KeyspaceSection, LdbError } from '@ldb/base'
import type { PendingCommit } from '../keyspace/commit-queue.js'
import { AsyncCommits } from './async-commits.js'
import { loggedOnly, unknownOutcome } from './failure.js'
import { CommitMerger } from './merger.js'
import type { BackgroundCheckpoint, CommitParts } from './parts.js'
import type { Durability } from '../health/options.js'

/**
 * The one path of every mutation (C5).
 *
 * (C1) A commit is logged before it is visible, in the order of its number, and commits come one after the other.
 * (C3) The first failure ends all writes. (C4) A batch is one log record, and nobody looks while it is applied.
 */
export class CommitPipeline {
  readonly #parts: CommitParts
  /** Holds commits of one operation; its buffer is used again and again. */
  readonly #single: WriteBatch = new WriteBatch()
  readonly #merger: CommitMerger = new CommitMerger()
  /** A batch that was committed, for whoever opens the next one: its buffer has grown already. */
  #spareBatch: WriteBatch | undefined = undefined
  #seq: number
  #commitCount = 0
  #committing = false
  #async: AsyncCommits | undefined = undefined
  #background: BackgroundCheckpoint | undefined = undefined

  constructor(parts: CommitParts, seq: number) {
    this.#parts = parts
    this.#seq = seq
  }

  /** Connects what checkpoints beside asynchronous commits; it needs the pipeline itself. */
  attach(background: BackgroundCheckpoint): void {
    this.#background = background
  }

  /** Number of the newest commit, which all keyspaces show. */
  get seq(): number {
    this.catchUp()
    return this.#seq
  }

  /** Goes on behind a number, which is above that of the newest commit: tests get to the last ones this way. */
  set seq(seq: number) {
    assert(seq >= this.seq, 'commit numbers only grow')
    this.#seq = seq
  }

  /** Commits since the database was opened. */
  get commitCount(): number {
    this.catchUp()
    return this.#commitCount
  }

  /** Brings what was acknowledged into the stores. A failure poisons. */
  catchUp(): void {
    this.#parts.keyspaces.acknowledged.applyDeferred()
  }

  /** Throws unless commits are taken. */
  assertWritable(): void {
    this.#parts.health.assertWritable()
  }

  /** The commits whose callers do not block. */
  get async(): AsyncCommits {
    assert(this.#background !== undefined, 'a pipeline is attached before its first commit')
    this.#async ??= new AsyncCommits(this.#parts, this, this.#background)
    return this.#async
  }

  /** Makes commits that are in flight visible, and as durable as was asked, before something that must come after them. */
  settle(): void {
    this.#async?.settle()
  }

  /** Returns an empty batch. */
  takeBatch(): WriteBatch {
    const batch = this.#spareBatch ?? new WriteBatch()
    this.#spareBatch = undefined
    return batch
  }

  /** Takes a batch back that nobody uses any more. */
  giveBackBatch(batch: WriteBatch): void {
    batch.clear()
    this.#spareBatch = batch
  }

  /** Resolves when commits that are in flight now are visible, as durable as was asked. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.async.whenVisible(resolve, reject)
    })
  }

  /** Commits one entry; the key is the first `keyBytes` bytes. */
  put(
    keyspaceId: number,
    key: Uint8Array,
    keyBytes: number,
    value: Uint8Array,
    durability: Durability | undefined,
  ): void {
    this.#single.put(keyspaceId, key, value, keyBytes)
    this.#commitSingle(durability)
  }

  /** Commits the removal of a key. */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number, durability: Durability | undefined): void {
    this.#single.delete(keyspaceId, key, keyBytes)
    this.#commitSingle(durability)
  }

  /** Commits the removal of a range, from `lower` (inclusive) to `upper` (exclusive). */
  deleteRange(
    keyspaceId: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    durability: Durability | undefined,
  ): void {
    this.#single.deleteRange(keyspaceId, lower, upper)
    this.#commitSingle(durability)
  }

  #commitSingle(durability: Durability | undefined): void {
    try {
      this.commit(this.#single, durability)
    } finally {
      this.#single.clear()
    }
  }

  /**
   * Makes all of a batch visible and durable as asked, or nothing of it.
   *
   * @param marks - what its transaction has read for update.
   * @throws {@link LdbError} LDB_COMMIT_UNKNOWN when its bytes were written, and the sync or the application failed;
   * LDB_NO_SPACE or LDB_IO when they were not written; LDB_NO_SPACE also when they were, and the device was full before
   * they could be applied: the commit is there after the next open, as the message says; LDB_POISONED, LDB_READ_ONLY, LDB_CLOSED, LDB_NOT_FOUND when the
   * database takes no commit, or not this one.
   */
  commit(
    batch: WriteBatch,
    durability: Durability | undefined,
    marks: readonly KeyspaceSection[] = [],
  ): void {
    const { health, keyspaces, checkpointer } = this.#parts
    this.settle()
    health.assertWritable()
    if (batch.operationCount === 0) return
    const wanted = durability ?? this.#parts.durability
    const sections = batch.sections()
    for (const section of sections) keyspaces.require(section.keyspaceId)
    assert(!this.#committing, 'a commit does not begin within another')
    assert(this.#seq < Number.MAX_SAFE_INTEGER, 'commit numbers are used up')
    const seq = this.#seq + 1
    this.#committing = true
    try {
      this.#append(batch.encode(), seq, wanted)
      this.#parts.transactions.noteCommit(seq, sections, marks)
      this.#apply(sections, seq)
    } finally {
      this.#committing = false
    }
    this.#acknowledge(seq, wanted === 'full')
    checkpointer.afterCommit(this)
  }

  /**
   * Makes commits visible that were logged before, as durable as they asked to be: all of them together, as nobody looks in
   * between.
   *
   * @param areAcknowledged - they were, so that they count even when they cannot be applied.
   * @throws {@link LdbError} as `commit`, when they cannot be applied.
   */
  applyLogged(run: readonly PendingCommit[], areAcknowledged: boolean): void {
    assert(!this.#committing, 'a commit does not begin within another')
    const { health } = this.#parts
    if (health.readRefusal !== undefined) {
      throw unknownOutcome('the commit was logged, and one before it could not be applied', health.failure)
    }
    let seq = this.#seq
    let isFull = true
    for (const commit of run) {
      if (commit.batch === undefined) continue
      seq++
      assert(commit.seq === seq, 'commits become visible in the order of their numbers')
      if (commit.durability !== 'full') isFull = false
    }
    if (seq === this.#seq) return
    this.#committing = true
    try {
      this.#applyRun(run)
    } catch (error) {
      if (areAcknowledged) this.#count(seq)
      throw error
    } finally {
      this.#committing = false
    }
    this.#acknowledge(seq, isFull)
  }

  #count(seq: number): void {
    this.#commitCount += seq - this.#seq
    this.#seq = seq
  }

  /** Tells everybody that commits are visible up to this one. */
  #acknowledge(seq: number, isFull: boolean): void {
    this.#count(seq)
    this.#parts.transactions.noteVisible(seq)
    if (!isFull) this.#parts.backgroundSync.plan()
    this.#parts.changeSignal.wake()
  }

  #append(bytes: Uint8Array, seq: number, durability: Durability): void {
    const { log } = this.#parts
    try {
      log.appendCommit(bytes, seq, durability !== 'none')
      if (durability !== 'none') log.flush()
    } catch (error) {
      // Nothing was taken, so nothing is wrong.
      if (isLdbError(error, 'LDB_TOO_LARGE')) throw error
      this.#fail(error, false)
      throw error
    }
    if (durability !== 'full') return
    try {
      log.sync()
    } catch (error) {
      this.#fail(error, false)
      throw unknownOutcome('the commit was written, but the sync failed', error)
    }
  }

  #apply(sections: readonly KeyspaceSection[], seq: number): void {
    try {
      this.#applySections(sections, seq)
    } catch (error) {
      throw this.#applyFailure(error)
    }
  }

  #applyRun(run: readonly PendingCommit[]): void {
    const { keyspaces } = this.#parts
    const merger = this.#merger
    try {
      for (const { batch, seq } of run) {
        if (batch === undefined) continue
        const sections = batch.sections()
        if (run.length === 1) this.#applySections(sections, seq)
        else
          for (const section of sections)
            merger.add(keyspaces.require(section.keyspaceId).storeToChange, section, seq)
      }
      merger.finish()
    } catch (error) {
      throw this.#applyFailure(error)
    }
  }

  #applySections(sections: readonly KeyspaceSection[], seq: number): void {
    for (const section of sections) {
      this.#parts.keyspaces.require(section.keyspaceId).storeToChange.apply(section, toSeq(seq))
    }
  }

  /** Ends everything after an application that failed, and gives what those who wait for it are told. */
  #applyFailure(error: unknown): LdbError {
    // A part of the commits may be in memory (C3).
    this.#parts.transactions.poison(error)
    this.#handOver()
    this.#fail(error, true)
    if (isLdbError(error, 'LDB_NO_SPACE')) return loggedOnly(error)
    return unknownOutcome('the commit was logged, but could not be applied', error)
  }

  /** The log has not failed: what it holds in memory must not go with this handle. */
  #handOver(): void {
    try {
      this.#parts.log.flush()
    } catch (error) {
      this.#fail(error, true)
    }
  }

  #fail(error: unknown, readsToo: boolean): void {
    this.#parts.health.poison(error, readsToo)
    this.#parts.events.emit('error', { error })
  }
}
