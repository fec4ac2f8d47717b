import {
  assert,
  assertIterable,
  invalidArgument,
  isLdbError,
  kindOf,
  LdbError,
  LeakDetector,
  refusePromise,
  toSeq,
} from '@ldb/base'
import type { KeyspaceSection, WriteBatch } from '@ldb/base'
import { conflictsWith } from './conflict/conflict-check.js'
import { ConflictWindow } from './conflict/conflict-window.js'
import { ownManagerOptions, resolveManagerOptions, resolveTransactionOptions } from './options.js'
import type { ResolvedManagerOptions, TransactionManagerOptions, TransactionOptions } from './options.js'
import { OpenViews } from './read/open-views.js'
import type { ViewLease } from './read/open-views.js'
import { Snapshot } from './read/snapshot.js'
import type { TransactionStore } from './read/store-state.js'
import { ViewReads } from './read/view-reads.js'
import type { TransactionStats } from './stats.js'
import type { PreparedCommit } from './transaction/prepared-commit.js'
import type { TransactionHost } from './transaction/transaction-host.js'
import { Transaction } from './transaction/transaction.js'

/**
 * Transactions and snapshots over any set of stores. SPEC.md specifies the guarantees.
 *
 * @remarks By default the manager applies commits to the stores itself. An owner with a log and other writers passes the option
 * `commit`. It must then report **every** commit: by `noteCommit` when the commit is numbered, before it changes a store, and
 * by `noteVisible` when reads see it.
 * @example
 * ```ts
 * import { WriteBatch } from '@ldb/base'
 * import { TransactionManager } from '@ldb/mvcc'
 *
 * const manager = new TransactionManager({ stores: [] })
 * using transaction = manager.begin({ isolation: 'snapshot' })
 * console.log(transaction.seq, manager.stats().openCount) // 0 1
 * ```
 * @category Transactions
 */
export class TransactionManager {
  readonly #options: ResolvedManagerOptions
  readonly #commit: (prepared: PreparedCommit) => void
  readonly #views: OpenViews
  readonly #window: ConflictWindow
  /** The views in use, whose handles are the `ViewReads`: transactions, snapshots and their cursors reference them. */
  readonly #leaks: LeakDetector<ViewLease>
  readonly #host: TransactionHost
  readonly #counts = { committed: 0, failed: 0, conflicts: 0, rolledBack: 0, leaked: 0 }
  /** The error of all further operations, after a failure or `close`. */
  #refusal: LdbError | undefined = undefined

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when an option is out of its bounds. */
  constructor(options: TransactionManagerOptions) {
    const own = ownManagerOptions(options)
    const resolved = resolveManagerOptions(own)
    assertIterable('stores', own.stores)
    this.#options = resolved
    this.#commit = own.commit ?? ((prepared) => this.#apply(prepared.batch, prepared.keysReadForUpdate))
    this.#views = new OpenViews(() => this.#window.trim())
    const onLeak = (lease: ViewLease): void => {
      this.#releaseLeaked(lease)
    }
    this.#leaks = new LeakDetector(resolved.afterCollection, onLeak, resolved.schedule)
    this.#host = this.#makeHost()
    let newest = own.seq ?? 0
    for (const [keyspaceId, store] of own.stores) {
      this.addStore(keyspaceId, store)
      if (own.seq === undefined) newest = Math.max(newest, store.seq)
    }
    this.#window = new ConflictWindow(this.#views, resolved.recentBytes, newest)
  }

  /** The newest visible commit. */
  get seq(): number {
    return this.#window.visibleSeq
  }

  /** True while a transaction is open that may write. */
  get hasWriters(): boolean {
    return this.#views.writerCount > 0
  }

  /**
   * Begins a transaction. The caller must end it: an open transaction retains old versions of the data.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED, LDB_POISONED.
   */
  begin(options?: TransactionOptions): Transaction {
    const { transaction, view } = this.#begin(options)
    this.#leaks.add(view.lease, view)
    return transaction
  }

  /**
   * Calls a function with a transaction, commits when the function returns, and returns its result. A conflict is not retried.
   *
   * @param run - synchronous; when it throws, the transaction is rolled back (M29).
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `run` returns a promise; LDB_ABORTED when it has called `rollback`;
   * LDB_CLOSED when it has closed the manager; and the errors of `begin` and `Transaction.commit`.
   */
  transaction<T>(run: (transaction: Transaction) => T, options?: TransactionOptions): T {
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    // The transaction ends before this method returns, so it cannot leak.
    const { transaction } = this.#begin(options)
    try {
      const result = run(transaction)
      refusePromise(result, 'the function given to transaction')
      if (!transaction.wasCommitted()) transaction.commit()
      return result
    } finally {
      transaction.rollback()
    }
  }

  /** Opens a snapshot of all stores at the visible commit. @throws {@link LdbError} LDB_CLOSED, LDB_POISONED. */
  snapshot(): Snapshot {
    this.#assertUsable()
    const lease = this.#views.open(this.#window.visibleSeq, false, this.#options, 'snapshot')
    const view = new ViewReads(lease)
    this.#leaks.add(lease, view)
    return new Snapshot(view, () => this.#leaks.remove(lease))
  }

  /**
   * Commits a batch outside of any transaction. The batch is not checked for conflicts; open transactions conflict with it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when a store is missing, LDB_CLOSED, LDB_POISONED, and the errors of the stores.
   */
  write(batch: WriteBatch): void {
    this.#assertUsable()
    if (batch.operationCount > 0) this.#commit({ batch, keysReadForUpdate: [] })
  }

  /**
   * Registers a commit that was numbered, before it changes a store. Transactions that do not see it conflict with it from
   * then on (M6).
   *
   * @param seq - greater than the seq of every registered commit that was not aborted.
   * @param sections - the write set of the commit; borrowed until `noteVisible` or `noteAborted`. While no transaction is open
   * that may write, it may be the array of the previous commit, whose sections were extended: both then become visible together.
   * @param updateReads - the keys read for update of its {@link PreparedCommit}, when the commit is a transaction.
   */
  noteCommit(
    seq: number,
    sections: readonly KeyspaceSection[],
    updateReads: readonly KeyspaceSection[] = [],
  ): void {
    this.#window.register(seq, sections, updateReads)
  }

  /** Reports that all commits up to `seq` are visible to reads in all stores. */
  noteVisible(seq: number): void {
    this.#window.publish(seq)
  }

  /**
   * Reports that the newest registered commit will not happen and has changed no store. Its seq may be reused. Transactions
   * that were open may still conflict with it (M16).
   */
  noteAborted(seq: number): void {
    this.#window.abort(seq)
  }

  /** Rejects all further transactions and commits with LDB_POISONED, because a commit was applied in part (M28). */
  poison(cause: unknown): void {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    this.#refusal ??= new LdbError('LDB_POISONED', `a commit was applied in part${reason}; open again`, {
      cause,
    })
  }

  /** Adds a store. It must not contain commits newer than the visible one. */
  addStore(keyspaceId: number, store: TransactionStore): void {
    const { states } = this.#views
    assert(!states.has(keyspaceId), 'the id of a store is unique')
    states.set(keyspaceId, { keyspaceId, store, changedSeq: 0, conflictSeq: 0, snapshot: undefined })
  }

  /** Removes a store. Open views keep a snapshot of it; new ones do not see it. */
  removeStore(keyspaceId: number): void {
    const state = this.#views.states.get(keyspaceId)
    if (state !== undefined) this.#views.remove(state)
  }

  /** Returns statistics. */
  stats(): TransactionStats {
    const { oldest, openCount, writerCount } = this.#views
    const { committed, failed, conflicts, rolledBack, leaked } = this.#counts
    const { recordCount, bytes, visibleSeq } = this.#window
    return {
      openCount,
      openWriterCount: writerCount,
      oldestAgeMs: oldest === undefined ? 0 : Math.max(0, this.#options.monotonicMs() - oldest.openedAtMs),
      oldestSeq: oldest?.seq ?? visibleSeq,
      committedCount: committed,
      failedCount: failed,
      conflictCount: conflicts,
      rolledBackCount: rolledBack,
      leakedCount: leaked,
      recentCount: recordCount,
      recentBytes: bytes,
      recentBytesMax: this.#options.recentBytes,
    }
  }

  /** Ends every transaction and snapshot (M21). Does not close the stores. Idempotent. */
  close(): void {
    this.#refusal = new LdbError('LDB_CLOSED', 'the transaction manager is closed')
    this.#leaks.takeAll()
    this.#views.releaseAll()
  }

  /** Treats every open transaction and snapshot as leaked (M22): its owner knows that none is reachable any more. */
  leakAll(): void {
    this.#leaks.leakAll()
  }

  #begin(options: TransactionOptions | undefined): { transaction: Transaction; view: ViewReads } {
    const { isolation, readOnly } = resolveTransactionOptions(options)
    this.#assertUsable()
    const lease = this.#views.open(this.#window.visibleSeq, !readOnly, this.#options, 'transaction')
    // The transaction does not see the commits in flight, so it may conflict with them.
    if (!readOnly) this.#window.retainInFlight()
    const view = new ViewReads(lease)
    return { transaction: new Transaction(this.#host, view, isolation, readOnly), view }
  }

  #releaseLeaked(lease: ViewLease): void {
    if (lease.released) return
    const { view, kind, stack } = lease
    lease.release()
    this.#counts.leaked++
    const ageMs = Math.max(0, this.#options.monotonicMs() - view.openedAtMs)
    this.#options.onLeak({ seq: view.seq, ageMs, kind, stack })
  }

  /** Numbers a commit and applies it to the stores, without a log. */
  #apply(batch: WriteBatch, updateReads: readonly KeyspaceSection[]): void {
    const sections = batch.sections()
    const { states } = this.#views
    const stores = sections.map(({ keyspaceId }) => {
      const state = states.get(keyspaceId)
      if (state === undefined) throw new LdbError('LDB_NOT_FOUND', `there is no store ${keyspaceId}`)
      return state.store
    })
    const seq = toSeq(this.#window.registeredSeq + 1)
    this.noteCommit(seq, sections, updateReads)
    try {
      sections.forEach((section, index) => stores[index]?.apply(section, seq))
    } catch (error) {
      this.poison(error)
      throw error
    }
    this.noteVisible(seq)
  }

  #makeHost(): TransactionHost {
    const { bufferBytes, readBytes } = this.#options
    return {
      bufferBytes,
      readBytes,
      check: (reads, writes) => {
        this.#assertUsable()
        try {
          this.#window.check(reads, writes)
        } catch (error) {
          if (isLdbError(error, 'LDB_CONFLICT')) this.#counts.conflicts++
          throw error
        }
      },
      conflictsWith,
      commit: (prepared) => {
        try {
          this.#commit(prepared)
        } catch (error) {
          this.#counts.committed--
          this.#counts.failed++
          throw error
        }
      },
      ended: (view, outcome) => {
        this.#leaks.remove(view.lease)
        if (outcome === 'committed') this.#counts.committed++
        else if (outcome === 'failed') this.#counts.failed++
        else this.#counts.rolledBack++
      },
    }
  }

  #assertUsable(): void {
    const refusal = this.#refusal
    if (refusal === undefined) return
    throw new LdbError(
      refusal.code,
      refusal.message,
      Object.hasOwn(refusal, 'cause') ? { cause: refusal.cause } : {},
    )
  }
}
