import { assert, isLdbError } from '@ldb/base'
import type { KeyspaceSection, WriteBatch } from '@ldb/base'
import type { ValueWriter } from '../blob/value-writer.js'
import type { Durability } from '../health/options.js'
import { CommitQueue } from '../keyspace/commit-queue.js'
import type { CommitWaiter } from '../keyspace/commit-queue.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { MissedSpan, ReadGate } from '../resident/read-gate.js'
import type { BackgroundCheckpoint } from './background-checkpoint.js'
import { BatchPool } from './batch-pool.js'
import type { CommitSinks } from './commit-sinks.js'
import { OpenCompletion } from './completion.js'
import { isBeforeLogging } from './failure.js'
import { ConditionalQueue } from './conditional-queue.js'
import type { WaitingWrite } from './conditional-queue.js'
import { GroupCommit } from './group-commit.js'
import type { CommitApplier } from './group-commit.js'
import { InFlightKeys, NOT_IN_FLIGHT } from './in-flight.js'
import { PackedCommits } from '../keyspace/packed-commits.js'
import type { DatabaseState } from './state.js'
import { StreamedCommits } from '../values/streamed-commits.js'
import type { StreamedValue } from '../values/streamed-commits.js'

const NO_KEYS: readonly KeyspaceSection[] = []

/**
 * The commit queue of the asynchronous API. Callers do not block, and share syncs (group commit).
 *
 * (C1) Commits are logged in the order of the calls, and become visible in that order, each when it is as durable as
 * requested. A synchronous commit drains the queue first. (C3) When a write or sync fails, every queued commit is rejected with an
 * unknown outcome. (C9) A conditional write sees every earlier commit, in flight or not.
 */
export class AsyncCommits {
  /** Commits of values that are written as streams. */
  readonly streamed: StreamedCommits
  readonly #state: DatabaseState
  readonly #sinks: CommitSinks
  readonly #durability: Durability
  readonly #applier: CommitApplier
  readonly #queue = new CommitQueue()
  readonly #batches = new BatchPool()
  readonly #completions = new OpenCompletion()
  readonly #inFlight = new InFlightKeys()
  readonly #conditional: ConditionalQueue
  readonly #groups: GroupCommit
  readonly #background: BackgroundCheckpoint
  readonly #gate: ReadGate
  /** A checkpoint that makes space for the next write. */
  readonly #relief: MissedSpan
  readonly #idleWaiters: (() => void)[] = []

  /** @param durability - of commits that request none. */
  constructor(
    state: DatabaseState,
    sinks: CommitSinks,
    durability: Durability,
    applier: CommitApplier,
    gate: ReadGate,
    background: BackgroundCheckpoint,
  ) {
    this.#state = state
    this.streamed = new StreamedCommits(state.values, state.space, (batch, each, value, check) =>
      this.#commitLater(batch, each, check, value),
    )
    this.#sinks = sinks
    this.#durability = durability
    this.#background = background
    this.#gate = gate
    this.#relief = { fetch: () => background.relieve() }
    this.#applier = applier
    const onIdle = (): void => {
      this.#resolveIdle()
    }
    this.#conditional = new ConditionalQueue(gate, onIdle)
    const queued = { queue: this.#queue, batches: this.#batches, completions: this.#completions }
    this.#groups = new GroupCommit(state, queued, applier, gate, background, sinks.backgroundSync, onIdle)
  }

  /** Returns an empty batch for one commit, to be passed to `commit` or `append`. */
  takeBatch(): WriteBatch {
    return this.#batches.take()
  }

  /**
   * Returns an empty batch for one operation, to be passed to `commit` before anything else happens.
   *
   * @param byteCount - length of its key and its value.
   */
  takeSingle(byteCount: number): WriteBatch {
    const mayWait = this.#conditional.isBusy || this.#state.space.isTight
    return mayWait ? this.#batches.take() : this.#batches.takeSingle(byteCount)
  }

  /**
   * Commits a batch, which the queue owns from now on, after all earlier writes.
   *
   * @param check - called again before the batch is logged, if it has waited for earlier writes; throws to end the commit.
   */
  commit(batch: WriteBatch, durability: Durability | undefined, check?: () => void): Promise<void> {
    if (this.#conditional.isBusy || (batch.hasPuts && this.#state.space.isTight))
      return this.#commitLater(batch, durability, check)
    const completion = this.#completions.forDurability(durability)
    const { length } = this.#queue
    try {
      if (!this.#enqueue(batch, durability, completion, NO_KEYS)) return Promise.resolve()
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#completions.join(completion, this.#queue.length === length)
  }

  #commitLater(
    batch: WriteBatch,
    durability: Durability | undefined,
    check: (() => void) | undefined,
    streamed?: StreamedValue,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.submit({
        run: (): undefined => {
          try {
            check?.()
          } catch (error) {
            reject(error)
            return
          }
          this.append(batch, durability, resolve, reject, NO_KEYS, streamed)
        },
      })
    })
  }

  /** Runs a conditional write after all earlier calls are logged, and after a checkpoint when there is no space without it. */
  submit(write: WaitingWrite): void {
    const { space } = this.#state
    if (!space.isTight && !this.#conditional.isBusy) {
      this.#conditional.submit(write)
      return
    }
    this.#conditional.submit({
      run: (mayBlock) =>
        mayBlock || !space.isTight ? write.run(mayBlock) : this.#gate.missOutside(this.#relief),
    })
  }

  /**
   * Logs and queues a commit. Calls back when it is acknowledged, or has failed.
   *
   * @param readForUpdate - keys that its transaction read for update.
   * @param streamed - the value that it refers to.
   */
  append(
    batch: WriteBatch,
    durability: Durability | undefined,
    resolve: () => void,
    reject: (error: unknown) => void,
    readForUpdate: readonly KeyspaceSection[] = NO_KEYS,
    streamed?: StreamedValue,
  ): void {
    // Later commits must not be acknowledged before this one.
    this.#completions.close()
    try {
      if (!this.#enqueue(batch, durability, { resolve, reject }, readForUpdate, streamed)) resolve()
    } catch (error) {
      reject(error)
    }
  }

  /** Logs and queues a commit. Returns false when it has no operations. */
  #enqueue(
    batch: WriteBatch,
    durability: Durability | undefined,
    waiter: CommitWaiter,
    readForUpdate: readonly KeyspaceSection[],
    streamed?: StreamedValue,
  ): boolean {
    const { health, keyspaces, log, space, values } = this.#state
    let isAdmitted = false
    let isLogged = false
    try {
      health.assertWritable()
      if (batch.operationCount === 0) return false
      for (const section of batch.sections()) keyspaces.require(section.keyspaceId)
      const seq = this.newestSeq + 1
      const requested = durability ?? this.#durability
      const hasBlobs = streamed === undefined && values !== undefined && values.prepare(batch, false)
      space.take(batch.byteLength, batch, undefined)
      isAdmitted = true
      const logged = hasBlobs ? this.#writeValues(values, batch, seq) : batch
      const largeBytes = streamed?.valueBytes ?? (hasBlobs ? values.largeBytes : 0)
      if (streamed !== undefined) values?.blobs.noteStreamed(streamed.fileNumber, seq)
      if (hasBlobs) this.#release(batch, logged)
      const isShared = this.#batches.isShared(logged)
      // Without a flush, the commit becomes visible and its batch is reused before its record is written.
      log.appendCommit(logged.encode(), seq, requested !== 'none' && !isShared, logged.hasPuts, largeBytes)
      isLogged = true
      if (streamed !== undefined) streamed.isLogged = true
      // Not when it becomes visible: it may be acknowledged before.
      if (requested === 'none') this.#sinks.backgroundSync.noteAppended()
      const retained = isShared ? this.#pack(logged, logged.byteLength, waiter) : logged
      this.#sinks.transactions.noteCommit(seq, retained.sections(), readForUpdate)
      const { last } = this.#queue
      if (last?.batch !== retained)
        this.#queue.push({ seq, commitCount: 1, batch: retained, durability: requested, waiter })
      else {
        last.seq = seq
        last.commitCount++
      }
    } catch (error) {
      const isRefusal =
        health.writeRefusal !== undefined ||
        !isAdmitted ||
        isLdbError(error, 'LDB_TOO_LARGE') ||
        (!isLogged && isBeforeLogging(error, log))
      if (!isRefusal) this.#groups.fail(error)
      // A checkpoint that was requested for lack of space begins although no commit follows.
      else if (isLdbError(error, 'LDB_NO_SPACE')) this.#startCheckpoint()
      throw error
    }
    this.#groups.start()
    return true
  }

  /** Writes the large values of a batch, and returns the batch to log. */
  #writeValues(values: ValueWriter, batch: WriteBatch, seq: number): WriteBatch {
    const referring = this.#batches.take()
    values.write(batch, seq, referring)
    return referring
  }

  /** Releases a batch whose large values were written. */
  #release(batch: WriteBatch, referring: WriteBatch): void {
    // The applied commit returns what its own batch has taken.
    this.#state.space.noteApplied(batch.byteLength - referring.byteLength)
    if (!this.#batches.isShared(batch)) this.#batches.release(batch)
  }

  /**
   * Copies the operation of a shared batch, to the last queued commits when these have the same completion: they become visible with
   * it. While a transaction is open, each write set is recorded at once, and extended ones would be recorded again.
   */
  #pack(batch: WriteBatch, byteLength: number, waiter: CommitWaiter): PackedCommits {
    const section = batch.sections()[0]
    assert(section !== undefined, 'a shared batch contains one operation')
    const { packer } = this.#batches
    const { last } = this.#queue
    const isJoining =
      last?.waiter === waiter &&
      last.batch instanceof PackedCommits &&
      !this.#sinks.transactions.hasWriters &&
      packer.fits(last.batch, section)
    const packed = isJoining ? (last.batch as PackedCommits) : packer.begin(section)
    packer.add(packed, section, byteLength)
    return packed
  }

  #startCheckpoint(): void {
    void Promise.resolve().then(() => this.#background.afterGroup())
  }

  /** Returns the value that a key has after all queued commits. May throw a miss within an attempt of the read gate. */
  valueOf(keyspace: KeyspaceStore, key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return keyspace.decodeValue(this.storedOf(keyspace, key, keyBytes))
  }

  /** As `valueOf`, for the entry as it is stored, expired or not. */
  storedOf(keyspace: KeyspaceStore, key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    if (this.#queue.length === 0) return keyspace.rawStore.get(key, keyBytes)
    this.#inFlight.update(this.#queue, this.#applier.seq)
    const value = this.#inFlight.find(keyspace.descriptor.id, key, keyBytes)
    return value === NOT_IN_FLIGHT ? keyspace.rawStore.get(key, keyBytes) : value
  }

  /** Calls back when all queued commits are visible. A result that was read from them may be returned then. */
  whenVisible(resolve: () => void, reject: (error: unknown) => void): void {
    const { last } = this.#queue
    if (last === undefined) {
      resolve()
      return
    }
    this.#completions.close()
    this.#queue.push({
      seq: last.seq,
      commitCount: 0,
      batch: undefined,
      durability: 'none',
      waiter: { resolve, reject },
    })
  }

  /** Resolves when all queued commits are visible. */
  visible(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenVisible(resolve, reject)
    })
  }

  /** True while calls wait for their turn to be logged. */
  get hasWaiting(): boolean {
    return this.#conditional.isBusy
  }

  /** Number of the newest commit, visible or not. */
  get newestSeq(): number {
    return this.#queue.last?.seq ?? this.#state.keyspaces.acknowledged.newestSeq ?? this.#applier.seq
  }

  /**
   * Makes all earlier writes durable as requested, and visible, before it returns. A failure rejects them and poisons the database;
   * this method itself does not throw.
   */
  drain(): void {
    this.#conditional.drain()
    this.#groups.drain()
  }

  /** As `drain`, for the commits that are logged: conditional writes still wait. */
  drainLogged(): void {
    this.#groups.drain()
  }

  /** Resolves when all queued commits are visible and on the device. */
  async synced(): Promise<void> {
    await this.visible()
    try {
      await this.#state.log.syncAsync()
    } catch (error) {
      this.#groups.fail(error)
      throw error
    }
    // Commits at `none` are now readable from the log.
    this.#sinks.changeSignal.wake()
  }

  /** Resolves when no commit is in flight and no conditional write waits. */
  async idle(): Promise<void> {
    while (this.#groups.isRunning || this.#conditional.isBusy) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
  }

  #resolveIdle(): void {
    if (this.#groups.isRunning || this.#conditional.isBusy) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }
}
