import { assert, isLdbError, WriteBatch } from '@ldb/base'
import type { KeyspaceSection, StoreLoad } from '@ldb/base'
import type { ValueWriter } from '../blob/value-writer.js'
import type { Durability } from '../health/options.js'
import type { PendingCommit } from '../keyspace/commit-queue.js'
import type { ReadGate } from '../resident/read-gate.js'
import { AsyncCommits } from './async-commits.js'
import type { BackgroundCheckpoint } from './background-checkpoint.js'
import { SpareBatch } from './batch-pool.js'
import type { CommitSinks } from './commit-sinks.js'
import { isBeforeLogging, pastTransaction, unknownOutcome } from './failure.js'
import { SpaceRelief } from '../space/space-relief.js'
import type { DatabaseState } from './state.js'
import { StoreApplier } from './store-applier.js'

/** A load writes entries: a device without space refuses it. */
const LOAD_SIZE = Object.freeze({ operationCount: 1, hasPuts: true })

/**
 * The commit pipeline: the single path of every mutation (C5).
 *
 * (C1) A commit is logged before it is visible, and commits are logged and applied one after the other, in the order of their
 * numbers. (C3) The first failure ends all writes. (C4) A batch is one log record, and no read runs while it is applied.
 */
export class CommitPipeline {
  /** Returns space when a commit finds the device full. */
  readonly relief: SpaceRelief = new SpaceRelief()
  /** Batches of the synchronous API. */
  readonly batches: SpareBatch = new SpareBatch()
  readonly state: DatabaseState
  readonly #sinks: CommitSinks
  readonly #gate: ReadGate
  readonly #durability: Durability
  /** The batch of commits of one operation; its buffer is reused. */
  readonly #single: WriteBatch = new WriteBatch()
  /** The batch to log of a commit whose large values were written; its buffer is reused. */
  readonly #referring: WriteBatch = new WriteBatch()
  readonly #applier: StoreApplier
  /** Makes a checkpoint before a commit, when the device is nearly full. */
  readonly #relieve: () => void
  #seq: number
  #commitCount = 0
  #committing = false
  #async: AsyncCommits | undefined = undefined
  #background: BackgroundCheckpoint | undefined = undefined
  #afterCommit: (() => void) | undefined = undefined
  /** The transaction whose synchronous function runs. */
  #guarded: object | undefined = undefined

  /**
   * @param gate - read gate of the asynchronous API.
   * @param durability - of commits that request none.
   * @param seq - number of the newest commit in the stores.
   */
  constructor(state: DatabaseState, sinks: CommitSinks, gate: ReadGate, durability: Durability, seq: number) {
    this.state = state
    this.#sinks = sinks
    this.#gate = gate
    this.#durability = durability
    this.#applier = new StoreApplier(state, sinks.transactions)
    this.#relieve = (): void => {
      this.relief.run(() => {
        sinks.checkpointer.run(this)
      })
    }
    this.#seq = seq
  }

  /** Connects the background checkpoint, which itself needs the pipeline. */
  attach(background: BackgroundCheckpoint): void {
    this.#background = background
  }

  /** Sets what is called after each commit of the synchronous API; it may commit, and throws nothing. */
  onCommit(afterCommit: () => void): void {
    this.#afterCommit = afterCommit
  }

  /** Number of the newest commit, which is visible in all keyspaces. */
  get seq(): number {
    this.catchUp()
    return this.#seq
  }

  /** Continues with a greater commit number. Tests reach the last numbers this way. */
  set seq(seq: number) {
    assert(seq >= this.seq, 'commit numbers only grow')
    this.#seq = seq
  }

  /** Number of the next commit, when none is in flight. */
  get nextSeq(): number {
    assert(this.#seq < Number.MAX_SAFE_INTEGER, 'commit numbers are used up')
    return this.#seq + 1
  }

  /** Commits since the database was opened. */
  get commitCount(): number {
    this.catchUp()
    return this.#commitCount
  }

  /** Applies acknowledged commits to the stores. A failure poisons. */
  catchUp(): void {
    this.state.keyspaces.acknowledged.applyDeferred()
  }

  /**
   * Called by every write that is not part of a transaction.
   *
   * @throws {@link LdbError} LDB_POISONED, LDB_READ_ONLY, LDB_CLOSED when the database accepts no commits;
   * LDB_INVALID_ARGUMENT within the synchronous function of a transaction (U3).
   */
  assertWritable(): void {
    this.state.health.assertWritable()
    if (this.#guarded !== undefined) throw pastTransaction()
  }

  /** Called by a write again after it has waited. @throws {@link LdbError} LDB_POISONED, LDB_READ_ONLY, LDB_CLOSED. */
  assertAccepting(): void {
    this.state.health.assertWritable()
  }

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT for a commit within the synchronous function of another transaction (U3). */
  assertCommittable(transaction: object, readOnly: boolean): void {
    if (this.#guarded === undefined || this.#guarded === transaction || readOnly) return
    throw pastTransaction()
  }

  /** Runs the synchronous function of a transaction, and refuses writes past that transaction meanwhile (U3). */
  runGuarded<T>(transaction: object, run: () => T): T {
    const outer = this.#guarded
    this.#guarded = transaction
    try {
      return run()
    } finally {
      this.#guarded = outer
    }
  }

  /** The commit queue of the asynchronous API. */
  get async(): AsyncCommits {
    assert(this.#background !== undefined, 'a pipeline is attached before its first commit')
    this.#async ??= new AsyncCommits(
      this.state,
      this.#sinks,
      this.#durability,
      this,
      this.#gate,
      this.#background,
    )
    return this.#async
  }

  /** Runs a step of a load that writes files, which leaves the reserve of the device to commits. */
  withoutReserve<T>(step: () => T): T {
    return this.state.space.withoutReserve(step)
  }

  /** Makes commits in flight durable as requested, and visible, before it returns. */
  drain(): void {
    this.#async?.drain()
  }

  /** Runs earlier calls that wait to be logged: the drop of a keyspace, for instance. */
  drainWaiting(): void {
    if (this.#async?.hasWaiting === true) this.#async.drain()
  }

  /** Resolves when the commits that are in flight now are durable as requested, and visible. */
  drained(): Promise<void> {
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

  /** Commits the deletion of a key. */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number, durability: Durability | undefined): void {
    this.#single.delete(keyspaceId, key, keyBytes)
    this.#commitSingle(durability)
  }

  /** Commits the deletion of a range, from `lower` (inclusive) to `upper` (exclusive). */
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
   * Makes all of a batch durable as requested and visible, or nothing of it.
   *
   * @param readForUpdate - keys that its transaction read for update.
   * @param load - a bulk load: the batch is one range delete with the range of its keys, and is not applied. Its durability is `full`.
   * @throws {@link LdbError} LDB_COMMIT_UNKNOWN when its bytes were written, and the sync or the application failed;
   * LDB_NO_SPACE or LDB_IO when they were not written, and the database is poisoned unless it stays writable, as after a refusal by
   * {@link SpaceBudget.take}; LDB_NO_SPACE also when they were, and the device was full before they could be
   * applied: then the commit is there after the next open, as the message says; LDB_POISONED, LDB_READ_ONLY, LDB_CLOSED or
   * LDB_NOT_FOUND when the database does not accept the commit.
   */
  commit(
    batch: WriteBatch,
    durability: Durability | undefined,
    readForUpdate: readonly KeyspaceSection[] = [],
    load?: StoreLoad,
  ): void {
    const { health, keyspaces, space, values } = this.state
    this.drain()
    health.assertWritable()
    if (batch.operationCount === 0) return
    const requested = durability ?? this.#durability
    for (const section of batch.sections()) keyspaces.require(section.keyspaceId)
    assert(!this.#committing, 'a commit does not begin within another')
    const seq = this.nextSeq
    const hasBlobs = values !== undefined && values.prepare(batch, requested === 'full')
    if (load !== undefined) space.remeasure()
    space.take(batch.byteLength, load === undefined ? batch : LOAD_SIZE, this.#relieve)
    this.#committing = true
    try {
      const logged = hasBlobs ? this.#writeValues(values, batch, seq) : batch
      const sections = logged.sections()
      const largeBytes = hasBlobs ? values.largeBytes : 0
      this.#append(logged, seq, requested, largeBytes, load !== undefined)
      this.#sinks.transactions.noteCommit(seq, sections, readForUpdate)
      if (load === undefined) this.#applier.apply(sections, seq)
      else this.#applier.install(sections, load, seq)
    } finally {
      this.#committing = false
      if (hasBlobs) this.#referring.clear()
    }
    this.#publish(seq)
    this.#background?.afterCommit()
    this.#afterCommit?.()
  }

  /**
   * Makes logged commits visible together, each as durable as requested. No read runs in between.
   *
   * @param areAcknowledged - they count as committed even if they cannot be applied.
   * @throws {@link LdbError} as `commit`, when they cannot be applied.
   */
  applyLogged(group: readonly PendingCommit[], areAcknowledged: boolean): void {
    assert(!this.#committing, 'a commit does not begin within another')
    const { health } = this.state
    if (health.readRefusal !== undefined) {
      throw unknownOutcome('the commit was logged, and an earlier one could not be applied', health.failure)
    }
    let seq = this.#seq
    let byteCount = 0
    for (const commit of group) {
      if (commit.batch === undefined) continue
      seq += commit.commitCount
      assert(commit.seq === seq, 'commits become visible in the order of their numbers')
      byteCount += commit.batch.byteLength
    }
    if (seq === this.#seq) return
    this.#committing = true
    try {
      this.#applier.applyGroup(group)
    } catch (error) {
      if (areAcknowledged) this.#count(seq)
      throw error
    } finally {
      this.#committing = false
    }
    this.state.space.noteApplied(byteCount)
    this.#publish(seq)
  }

  /** Makes a commit visible that has created or dropped a keyspace. It is logged. @param seq - its number, which was the next one. */
  publishKeyspaceChange(seq: number): void {
    assert(seq === this.nextSeq, 'commits become visible in the order of their numbers')
    this.#sinks.transactions.noteCommit(seq, [])
    this.#publish(seq)
  }

  #count(seq: number): void {
    this.#commitCount += seq - this.#seq
    this.#seq = seq
  }

  /** Notifies all receivers that the commits up to this one are visible. */
  #publish(seq: number): void {
    const { transactions, changeSignal } = this.#sinks
    this.#count(seq)
    transactions.noteVisible(seq)
    changeSignal.wake()
  }

  /** Writes the large values of a batch, and returns the batch to log. A failure poisons, as that of a write to the log. */
  #writeValues(values: ValueWriter, batch: WriteBatch, seq: number): WriteBatch {
    const { log, health } = this.state
    try {
      values.write(batch, seq, this.#referring)
      return this.#referring
    } catch (error) {
      if (!isBeforeLogging(error, log)) health.fail(error, false)
      throw error
    }
  }

  #append(batch: WriteBatch, seq: number, durability: Durability, largeBytes: number, isLoad: boolean): void {
    const { log, health } = this.state
    try {
      if (isLoad) log.appendLoad(batch.encode(), seq)
      else log.appendCommit(batch.encode(), seq, durability !== 'none', batch.hasPuts, largeBytes)
      if (durability !== 'none') log.flush()
      if (durability !== 'full') this.#sinks.backgroundSync.noteAppended()
    } catch (error) {
      // The log has appended nothing and stays usable.
      if (isLdbError(error, 'LDB_TOO_LARGE') || isBeforeLogging(error, log)) throw error
      health.fail(error, false)
      throw error
    }
    if (durability !== 'full') return
    try {
      log.sync()
    } catch (error) {
      health.fail(error, false)
      throw unknownOutcome('the commit was written, but the sync failed', error)
    }
  }
}
