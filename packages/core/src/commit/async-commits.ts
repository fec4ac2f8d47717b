import { isLdbError, LdbError, WriteBatch } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { AcknowledgedCommits } from '../keyspace/acknowledged-commits.js'
import { CommitQueue } from '../keyspace/commit-queue.js'
import type { CommitWaiter, PendingCommit } from '../keyspace/commit-queue.js'
import { InFlightKeys, NOT_IN_FLIGHT } from './in-flight.js'
import { GroupPrefetch } from './prefetch.js'
import { CommitCompletion } from './completion.js'
import type { ReadGate } from '../resident/read-gate.js'
import { ConditionalQueue } from './conditional-queue.js'
import type { WaitingWrite } from './conditional-queue.js'
import { unknownOutcome } from './failure.js'
import type { BackgroundCheckpoint, CommitParts } from './parts.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceStore } from '../keyspace/store.js'

/** Rounds of the microtask queue in which callers that go on at once may join a group. */
const GATHER_ROUNDS = 4
/** Commits that become visible together. */
const RUN_MAX = 64
const NO_MARKS: readonly KeyspaceSection[] = []
/** Batches that are kept for the next commits, and memory that they keep. */
const SPARE_BATCHES_MAX = 1024
const SPARE_BYTES_MAX = 16_777_216

/** Where commits become visible. */
export interface VisibleCommits {
  /** Number of the newest one. */
  readonly seq: number
  /** Makes logged commits visible together, which are as durable as they asked to be; those without a batch have nothing. */
  applyLogged(run: readonly PendingCommit[], areAcknowledged: boolean): void
}

/**
 * Commits whose callers do not block. All that come while a sync runs share the next one.
 *
 * (C1) They are logged in the order of the calls, and become visible in that order, each when it is as durable as it
 * asked to be; a commit of the sync face first settles them. (C3) When a write or sync fails, all of them are told that
 * their outcome is unknown. (C9) A conditional write sees every commit before it, in flight or not.
 */
export class AsyncCommits {
  readonly #parts: CommitParts
  readonly #background: BackgroundCheckpoint
  readonly #visible: VisibleCommits
  readonly #gate: ReadGate
  readonly #queue = new CommitQueue()
  readonly #line: ConditionalQueue
  readonly #inFlight = new InFlightKeys()
  readonly #prefetch: GroupPrefetch
  readonly #acknowledged: AcknowledgedCommits
  readonly #spares: WriteBatch[] = []
  #spareBytes = 0
  readonly #idleWaiters: (() => void)[] = []
  /** Commits up to these numbers were handed to the operating system, and to the device, as far as is known here. */
  #flushedSeq = 0
  #syncedSeq = 0
  #working = false
  /** What the next commits may wait for together. */
  #receipt: CommitCompletion | undefined = undefined

  constructor(parts: CommitParts, visible: VisibleCommits, background: BackgroundCheckpoint) {
    this.#background = background
    this.#parts = parts
    this.#visible = visible
    this.#gate = parts.gate
    this.#line = new ConditionalQueue(parts.gate, () => {
      this.#tellIdle()
    })
    this.#prefetch = new GroupPrefetch(this.#queue, parts.keyspaces, parts.gate)
    this.#acknowledged = parts.keyspaces.acknowledged
    this.#acknowledged.bind(
      (run) => {
        this.#applyAcknowledged(run)
      },
      () => {
        parts.health.assertReadable()
      },
    )
  }

  /** Returns an empty batch for one commit, to be handed to `append`. */
  takeBatch(): WriteBatch {
    const spare = this.#spares.pop()
    if (spare === undefined) return new WriteBatch()
    this.#spareBytes -= spare.keptBytes
    return spare
  }

  /** True while there are writes whose place in line comes before that of a new one. */
  get isLineBusy(): boolean {
    return this.#line.isBusy
  }

  /** Commits a batch, which is the queue's from now on, behind all that came before. */
  commit(batch: WriteBatch, durability: Durability | undefined): Promise<void> {
    if (this.#line.isBusy) {
      return new Promise((resolve, reject) => {
        this.#line.submit({
          run: (): undefined => {
            this.append(batch, durability, resolve, reject)
          },
        })
      })
    }
    let receipt = this.#receipt
    if (receipt === undefined || receipt.isClosed || receipt.durability !== durability)
      receipt = new CommitCompletion(durability)
    try {
      if (!this.#enqueue(batch, durability, receipt, NO_MARKS)) return Promise.resolve()
    } catch (error) {
      return Promise.reject(error)
    }
    receipt.add()
    this.#receipt = receipt
    return receipt.promise
  }

  /** Runs a conditional write when all calls before it have been logged. */
  submit(write: WaitingWrite): void {
    this.#line.submit(write)
  }

  /** Logs a commit and queues it; calls back when it is acknowledged, or when it has failed. */
  append(
    batch: WriteBatch,
    durability: Durability | undefined,
    resolve: () => void,
    reject: (error: unknown) => void,
    marks: readonly KeyspaceSection[] = NO_MARKS,
  ): void {
    // Whoever comes later is told later.
    this.#receipt = undefined
    try {
      if (!this.#enqueue(batch, durability, { resolve, reject }, marks)) resolve()
    } catch (error) {
      reject(error)
    }
  }

  /** Logs a commit and queues it; false when there is nothing in it. */
  #enqueue(
    batch: WriteBatch,
    durability: Durability | undefined,
    waiter: CommitWaiter,
    marks: readonly KeyspaceSection[],
  ): boolean {
    const { health, keyspaces, log, transactions } = this.#parts
    try {
      health.assertWritable()
      if (batch.operationCount === 0) return false
      for (const section of batch.sections()) keyspaces.require(section.keyspaceId)
      const seq = this.newestSeq + 1
      const wanted = durability ?? this.#parts.durability
      // One that nobody flushes becomes visible, and its batch another one's, while its record waits.
      log.appendCommit(batch.encode(), seq, wanted !== 'none')
      transactions.noteCommit(seq, batch.sections(), marks)
      this.#queue.push({
        seq,
        batch,
        durability: wanted,
        waiter,
      })
    } catch (error) {
      const isRefusal =
        health.writeRefusal !== undefined ||
        isLdbError(error, 'LDB_TOO_LARGE') ||
        isLdbError(error, 'LDB_NOT_FOUND')
      if (!isRefusal) this.#fail(error)
      throw error
    }
    if (!this.#working) {
      this.#working = true
      void this.#work()
    }
    return true
  }

  /** Returns the value that a key has behind all commits so far; may throw a miss within an attempt. */
  valueOf(keyspace: KeyspaceStore, key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    if (this.#queue.length > 0) {
      this.#indexInFlight()
      const value = this.#inFlight.find(keyspace.descriptor.id, key, keyBytes)
      if (value !== NOT_IN_FLIGHT) return keyspace.unseal(value)
    }
    return keyspace.store.get(key, keyBytes)
  }

  /** Calls back when all commits so far are visible: an answer that was read from them may be given then. */
  whenVisible(resolve: () => void, reject: (error: unknown) => void): void {
    const { last } = this.#queue
    if (last === undefined) {
      resolve()
      return
    }
    this.#receipt = undefined
    this.#queue.push({ seq: last.seq, batch: undefined, durability: 'none', waiter: { resolve, reject } })
  }

  /** Number of the newest commit, visible or not. */
  get newestSeq(): number {
    return this.#queue.last?.seq ?? this.#acknowledged.newestSeq ?? this.#visible.seq
  }

  /**
   * Makes all that was called before visible, and durable as it was asked, and does so at once. What fails is told to those
   * who wait, and poisons: this call itself does not fail.
   */
  settle(): void {
    this.#line.settle()
    this.#acknowledged.applyDeferred()
    const { log } = this.#parts
    const last = this.#queue.last
    if (last === undefined) return
    try {
      if (this.#queue.wantsFlush) {
        log.flush()
        this.#flushedSeq = last.seq
      }
      if (this.#queue.wantsSync) {
        log.sync()
        this.#syncedSeq = last.seq
      }
    } catch (error) {
      this.#fail(error)
      return
    }
    for (let run = this.#takeReady(); run.length > 0; run = this.#takeReady()) this.#applyAndTell(run)
  }

  /** Resolves when all commits so far are visible, and on the device. */
  async synced(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.whenVisible(resolve, reject)
    })
    try {
      await this.#parts.log.syncAsync()
    } catch (error) {
      this.#fail(error)
      throw error
    }
    // What was in this process alone is now told.
    this.#parts.changeSignal.wake()
  }

  /** Resolves when nothing is in flight and nobody waits in line. */
  async idle(): Promise<void> {
    while (this.#working || this.#line.isBusy) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
  }

  async #work(): Promise<void> {
    const prepared = this.#background.beforeGroups()
    if (prepared !== undefined) await prepared
    for (;;) {
      for (let round = 0; round < GATHER_ROUNDS; round++) await Promise.resolve()
      if (this.#queue.length === 0) break
      await this.#commitGroup()
      if (this.#gate.isSliceOver) await this.#gate.yieldThread()
      const caughtUp = this.#background.afterGroup()
      if (caughtUp !== undefined) await caughtUp
    }
    this.#working = false
    // Nobody goes on at once: there will be no wait to do it in.
    this.#acknowledged.applyDeferred()
    this.#tellIdle()
  }

  /** Brings all that is queued by now to where it was asked to be. */
  async #commitGroup(): Promise<void> {
    const { log } = this.#parts
    const last = this.#queue.last
    if (last === undefined) return
    // Who comes from now on waits for the next group.
    this.#receipt = undefined
    try {
      // A commit that asks for no durability has it; it waits for those before it only.
      const wantsSync = this.#queue.wantsSync
      const logged = wantsSync ? log.syncAsync() : this.#queue.wantsFlush ? log.flushAsync() : undefined
      // A sync is on its way one round later. While the device works: what the group before has left to do.
      await Promise.resolve()
      this.#acknowledged.applyDeferred()
      const prefetched = this.#prefetch.run(this.#visible.seq)
      await logged
      await prefetched
      if (logged !== undefined) this.#flushedSeq = Math.max(this.#flushedSeq, last.seq)
      if (wantsSync) this.#syncedSeq = Math.max(this.#syncedSeq, last.seq)
    } catch (error) {
      this.#fail(error)
      return
    }
    await this.#makeVisible()
  }

  /** Acknowledges those that are durable as asked. Where a page may have to be brought in, they are applied before. */
  async #makeVisible(): Promise<void> {
    const mayWait = this.#prefetch.isWarm
    for (let run = this.#takeReady(); run.length > 0; run = this.#takeReady()) {
      if (mayWait && this.#acknowledged.add(run)) for (const { waiter } of run) waiter.resolve()
      else this.#applyAndTell(run)
      if (this.#queue.length > 0 && this.#gate.isSliceOver) await this.#gate.yieldThread()
    }
  }

  #takeReady(): PendingCommit[] {
    return this.#queue.takeReady(this.#flushedSeq, this.#syncedSeq, RUN_MAX)
  }

  /**
   * Applies commits, and then acknowledges them. When they fail, nobody knows which of them are in the stores: all are told the
   * same (C3), and all are in the log.
   */
  #applyAndTell(run: readonly PendingCommit[]): void {
    this.#acknowledged.applyDeferred()
    try {
      this.#apply(run, false)
    } catch (error) {
      for (const { waiter } of run) waiter.reject(error)
      this.#failAll(error)
      return
    }
    for (const { waiter } of run) waiter.resolve()
  }

  /** Applies commits that were acknowledged. They are in the log: when they fail, only those behind them are told. */
  #applyAcknowledged(run: readonly PendingCommit[]): void {
    try {
      this.#parts.gate.allowBlocking(() => {
        this.#apply(run, true)
      })
    } catch (error) {
      this.#failAll(error)
    }
  }

  #apply(run: readonly PendingCommit[], areAcknowledged: boolean): void {
    this.#visible.applyLogged(run, areAcknowledged)
    for (const { batch } of run) if (batch !== undefined) this.#giveBack(batch)
  }

  #giveBack(batch: WriteBatch): void {
    batch.clear()
    const bytes = batch.keptBytes
    if (this.#spares.length >= SPARE_BATCHES_MAX || bytes > SPARE_BYTES_MAX - this.#spareBytes) return
    this.#spares.push(batch)
    this.#spareBytes += bytes
  }

  #indexInFlight(): void {
    const { seq } = this.#visible
    if (this.#inFlight.seq <= seq) {
      this.#inFlight.clear()
      this.#inFlight.seq = seq
    }
    for (const commit of this.#queue.above(this.#inFlight.seq)) {
      if (commit.batch !== undefined) this.#inFlight.add(commit.batch.sections(), commit.seq)
    }
  }

  /** A write or sync of the log failed: nobody knows what became of those in flight (C3). */
  #fail(error: unknown): void {
    this.#parts.health.poison(error, false)
    this.#parts.events.emit('error', { error })
    this.#failAll(error)
  }

  #failAll(cause: unknown): void {
    for (let commit = this.#queue.shift(); commit !== undefined; commit = this.#queue.shift()) {
      commit.waiter.reject(
        cause instanceof LdbError && cause.code === 'LDB_COMMIT_UNKNOWN'
          ? cause
          : unknownOutcome('the commit was on its way when a write or sync failed', cause),
      )
    }
  }

  #tellIdle(): void {
    if (this.#working || this.#line.isBusy) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }
}
