import { isLdbError, LdbError, WriteBatch } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import { CommitQueue } from './async-commit-queue.js'
import type { CommitWaiter } from './async-commit-queue.js'
import { InFlightKeys, NOT_IN_FLIGHT } from './async-in-flight.js'
import { GroupPrefetch } from './async-prefetch.js'
import { READ_MISS } from './async-read-gate.js'
import { CommitReceipt } from './async-receipt.js'
import type { ReadGate } from './async-read-gate.js'
import { unknownOutcome } from './commit-failure.js'
import type { CommitParts } from './commit-parts.js'
import type { Durability } from './database-options.js'
import type { KeyspaceStore } from './keyspace-store.js'

/** Rounds of the microtask queue in which callers that go on at once may join a group. */
const GATHER_ROUNDS = 4
const NO_MARKS: readonly KeyspaceSection[] = []
/** Batches that are kept for the next commits. */
const SPARE_BATCHES_MAX = 1024

/** Where commits become visible. */
export interface VisibleCommits {
  /** Number of the newest one. */
  readonly seq: number
  /** Makes a logged commit visible, as durable as it asked to be. */
  applyLogged(batch: WriteBatch, seq: number, durability: Durability): void
}

/** A write that decides by what it reads, and keeps its place in line while a page is fetched for it. */
export interface WaitingWrite {
  /**
   * Reads, decides and appends its commit; called within no attempt.
   *
   * @param mayWait - read like the sync face, rather than give `READ_MISS` to be run again when the page is there.
   */
  run(mayWait: boolean): typeof READ_MISS | undefined
}

/** Misses after which a write in line reads like the sync face. */
const LINE_MISSES_MAX = 64

/**
 * Commits whose callers do not block. All that come while a sync runs share the next one.
 *
 * (C1) They are logged in the order of the calls, and become visible in that order, each when it is as durable as it
 * asked to be; a commit of the sync face first settles them. (C3) When a write or sync fails, all of them are told that
 * their outcome is unknown. (C9) A conditional write sees every commit before it, in flight or not.
 */
export class AsyncCommits {
  readonly #parts: CommitParts
  readonly #visible: VisibleCommits
  readonly #gate: ReadGate
  readonly #queue = new CommitQueue()
  readonly #line: WaitingWrite[] = []
  readonly #inFlight = new InFlightKeys()
  readonly #prefetch: GroupPrefetch
  readonly #spares: WriteBatch[] = []
  readonly #idleWaiters: (() => void)[] = []
  /** Commits up to these numbers were handed to the operating system, and to the device, as far as is known here. */
  #flushedSeq = 0
  #syncedSeq = 0
  #working = false
  #deciding = false
  /** What the next commits may wait for together. */
  #receipt: CommitReceipt | undefined = undefined

  constructor(parts: CommitParts, visible: VisibleCommits) {
    this.#parts = parts
    this.#visible = visible
    this.#gate = parts.gate
    this.#prefetch = new GroupPrefetch(this.#queue, parts.keyspaces, parts.gate)
  }

  /** Gives an empty batch for one commit, to be handed to `append`. */
  takeBatch(): WriteBatch {
    return this.#spares.pop() ?? new WriteBatch()
  }

  /** True while there are writes whose place in line comes before that of a new one. */
  get isLineBusy(): boolean {
    return this.#line.length > 0
  }

  /** Commits a batch, which is the queue's from now on, behind all that came before. */
  commit(batch: WriteBatch, durability: Durability | undefined): Promise<void> {
    if (this.#line.length > 0) {
      return new Promise((resolve, reject) => {
        this.#line.push({
          run: (): undefined => {
            this.append(batch, durability, resolve, reject)
          },
        })
      })
    }
    let receipt = this.#receipt
    if (receipt === undefined || receipt.isClosed || receipt.durability !== durability)
      receipt = new CommitReceipt(durability)
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
    if (this.#line.length === 0 && this.#decide(write, false) !== READ_MISS) return
    this.#line.push(write)
    if (this.#line.length === 1) void this.#advance()
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
      const seq = (this.#queue.last?.seq ?? this.#visible.seq) + 1
      log.appendCommit(batch.encode(), seq)
      transactions.noteCommit(seq, batch.sections(), marks)
      this.#queue.push({
        seq,
        batch,
        durability: durability ?? this.#parts.durability,
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

  /** Gives the value that a key has behind all commits so far; may throw a miss within an attempt. */
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
    return this.#queue.last?.seq ?? this.#visible.seq
  }

  /**
   * Makes all that was called before visible, and durable as it was asked, and does so at once. What fails is told to those
   * who wait, and poisons: this call itself does not fail.
   */
  settle(): void {
    if (!this.#deciding) for (const write of this.#line.splice(0)) this.#decide(write, true)
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
    this.#applyReady(Infinity)
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
  }

  /** Resolves when nothing is in flight and nobody waits in line. */
  async idle(): Promise<void> {
    while (this.#working || this.#line.length > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
  }

  async #work(): Promise<void> {
    const prepared = this.#parts.beforeGroups()
    if (prepared !== undefined) await prepared
    while (this.#queue.length > 0) {
      for (let round = 0; round < GATHER_ROUNDS; round++) await Promise.resolve()
      await this.#commitGroup()
      if (this.#gate.isTurnOver) await this.#gate.nextTurn()
      const caughtUp = this.#parts.afterGroup()
      if (caughtUp !== undefined) await caughtUp
    }
    this.#working = false
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
      const prefetched = this.#prefetch.run(this.#visible.seq)
      await logged
      await prefetched
      if (logged !== undefined) this.#flushedSeq = Math.max(this.#flushedSeq, last.seq)
      if (wantsSync) this.#syncedSeq = Math.max(this.#syncedSeq, last.seq)
    } catch (error) {
      this.#fail(error)
      return
    }
    await this.#applyInTurns()
  }

  async #applyInTurns(): Promise<void> {
    while (this.#applyReady(64) && this.#queue.length > 0) {
      if (this.#gate.isTurnOver) await this.#gate.nextTurn()
    }
  }

  /** Applies those at the front that are durable as asked; tells whether more than `count` may be. */
  #applyReady(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const commit = this.#queue.first
      if (commit === undefined || !this.#isReady(commit.seq, commit.durability)) return false
      this.#queue.shift()
      const { batch } = commit
      if (batch !== undefined) {
        try {
          this.#visible.applyLogged(batch, commit.seq, commit.durability)
        } catch (error) {
          commit.waiter.reject(error)
          this.#failAll(error)
          return false
        }
        this.#giveBack(batch)
      }
      commit.waiter.resolve()
    }
    return true
  }

  #giveBack(batch: WriteBatch): void {
    if (this.#spares.length >= SPARE_BATCHES_MAX) return
    batch.clear()
    this.#spares.push(batch)
  }

  #isReady(seq: number, durability: Durability): boolean {
    if (durability === 'none') return true
    return seq <= (durability === 'full' ? this.#syncedSeq : this.#flushedSeq)
  }

  #decide(write: WaitingWrite, mayWait: boolean): typeof READ_MISS | undefined {
    this.#deciding = true
    try {
      return write.run(mayWait)
    } finally {
      this.#deciding = false
    }
  }

  /** Runs the writes in line, one after the other, each when its pages are there. */
  async #advance(): Promise<void> {
    let missCount = 0
    for (let write = this.#line[0]; write !== undefined; write = this.#line[0]) {
      try {
        await this.#gate.fetchMissed()
      } catch {
        missCount = LINE_MISSES_MAX
      }
      // The sync face may have settled the line meanwhile.
      if (this.#line[0] !== write) continue
      this.#line.shift()
      if (this.#decide(write, missCount >= LINE_MISSES_MAX) !== READ_MISS) {
        missCount = 0
        continue
      }
      missCount++
      this.#line.unshift(write)
    }
    this.#tellIdle()
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
    if (this.#working || this.#line.length > 0) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }
}
