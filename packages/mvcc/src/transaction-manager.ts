import { assert, assertIterable, invalidArgument, isLdbError, kindOf, LdbError, toSeq } from '@ldb/base'
import type { KeyspaceSection, WriteBatch } from '@ldb/base'
import { LeakDetector } from './read/leak-detector.js'
import { checkConflicts } from './conflict/conflict-check.js'
import { resolveManagerOptions, resolveTransactionOptions } from './options.js'
import type { ResolvedManagerOptions, TransactionManagerOptions, TransactionOptions } from './options.js'
import { OpenViews } from './read/open-views.js'
import type { TransactionStore } from './read/open-views.js'
import type { PreparedCommit } from './transaction/prepared-commit.js'
import { RecentWrites } from './conflict/recent-writes.js'
import { Snapshot } from './read/snapshot.js'
import { Transaction } from './transaction/transaction.js'
import type { TransactionHost } from './transaction/transaction.js'
import type { TransactionStats } from './stats.js'
import { ViewReads } from './read/view-reads.js'

/** A commit that is numbered and not yet visible, as far as nobody has had to note its keys. */
interface InFlight {
  readonly seq: number
  readonly sections: readonly KeyspaceSection[]
  readonly marks: readonly KeyspaceSection[]
}

/**
 * Transactions and snapshots over any set of stores. SPEC.md says exactly what they promise.
 *
 * @remarks Alone, it applies commits to the stores itself. Under an owner that has a log and other writers (`commit` in the
 * options), it is told of **every** commit: by `noteCommit` when it is numbered, before it changes a store, and by
 * `noteVisible` when reads see it.
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
  readonly #recent: RecentWrites
  readonly #abandoned: LeakDetector
  readonly #host: TransactionHost
  readonly #inFlight: InFlight[] = []
  readonly #counts = { committed: 0, failed: 0, conflicts: 0, rolledBack: 0 }
  #visibleSeq: number
  #notedSeq: number
  #refusal: LdbError | undefined = undefined

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT for a limit that is none. */
  constructor(options: TransactionManagerOptions) {
    const resolved = resolveManagerOptions(options)
    assertIterable('stores', options.stores)
    this.#options = resolved
    this.#commit = options.commit ?? ((prepared) => this.#apply(prepared.batch, prepared.marks))
    this.#recent = new RecentWrites(resolved.recentBytes)
    this.#views = new OpenViews(() => this.#trim())
    this.#abandoned = new LeakDetector(resolved.monotonicMs, resolved.onLeak)
    this.#host = this.#makeHost()
    let newest = options.seq ?? 0
    for (const [keyspaceId, store] of options.stores) {
      this.addStore(keyspaceId, store)
      if (options.seq === undefined) newest = Math.max(newest, store.seq)
    }
    this.#visibleSeq = newest
    this.#notedSeq = newest
  }

  /** Number of the newest commit that reads see. */
  get seq(): number {
    return this.#visibleSeq
  }

  /**
   * Begins a transaction. End it: an open one holds old data back.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED, LDB_POISONED.
   */
  begin(options?: TransactionOptions): Transaction {
    const { transaction, view } = this.#begin(options)
    this.#abandoned.add(view, 'transaction')
    return transaction
  }

  /**
   * Runs a function in a transaction, commits when it returns, and gives what it gave. A conflict is not retried.
   *
   * @param run - sync; when it throws, nothing is committed (M29).
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it gives a promise, and what `begin` and `Transaction.commit` throw.
   */
  transaction<T>(run: (transaction: Transaction) => T, options?: TransactionOptions): T {
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    // Ended before this returns: there is nothing to be found abandoned.
    const { transaction } = this.#begin(options)
    try {
      const result = run(transaction)
      if (isPromise(result)) throw invalidArgument('the function given to transaction must not be async')
      if (transaction.isOpen) transaction.commit()
      return result
    } finally {
      transaction.rollback()
    }
  }

  /** Freezes all stores as they are. Release it, or write `using`. @throws {@link LdbError} LDB_CLOSED, LDB_POISONED. */
  snapshot(): Snapshot {
    this.#assertUsable()
    const lease = this.#views.open(this.#visibleSeq, false, this.#options.monotonicMs)
    const view = new ViewReads(lease)
    this.#abandoned.add(view, 'snapshot')
    return new Snapshot(view, () => this.#abandoned.remove(view))
  }

  /**
   * Commits a batch outside of any transaction: it conflicts with nothing, and transactions conflict with it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when a store is missing, LDB_CLOSED, LDB_POISONED, and what the stores throw.
   */
  write(batch: WriteBatch): void {
    this.#assertUsable()
    if (batch.operationCount > 0) this.#commit({ batch, marks: [] })
  }

  /**
   * Tells of a commit that was numbered, before any store changes: from here on, transactions that do not see it
   * conflict with it (M6).
   *
   * @param seq - greater than that of any commit noted before and not aborted.
   * @param sections - what it writes; borrowed until `noteVisible` or `noteAborted`.
   * @param marks - those of its `PreparedCommit`, when it is one.
   */
  noteCommit(
    seq: number,
    sections: readonly KeyspaceSection[],
    marks: readonly KeyspaceSection[] = [],
  ): void {
    assert(seq > this.#notedSeq, 'commits are noted in their order')
    this.#notedSeq = seq
    const { lanes } = this.#views
    for (const { keyspaceId } of sections) {
      const lane = lanes.get(keyspaceId)
      if (lane === undefined) continue
      this.#views.noteChange(lane, seq)
      lane.notedSeq = seq
    }
    for (const { keyspaceId } of marks) {
      const lane = lanes.get(keyspaceId)
      if (lane !== undefined) lane.notedSeq = seq
    }
    if (this.#views.writerCount === 0) this.#inFlight.push({ seq, sections, marks })
    else this.#keep({ seq, sections, marks })
  }

  /** Tells that commits are visible to reads, in all stores: up to this one. */
  noteVisible(seq: number): void {
    assert(seq >= this.#visibleSeq && seq <= this.#notedSeq, 'what becomes visible has been noted')
    this.#visibleSeq = seq
    const inFlight = this.#inFlight
    while (inFlight.length > 0 && (inFlight[0] as InFlight).seq <= seq) inFlight.shift()
    if (this.#recent.noteCount > 0) this.#trim()
  }

  /**
   * Tells that the newest commit noted is not going to happen, and that no store has changed; its number may be used
   * again. Whoever was to conflict with it may still do so (M16).
   */
  noteAborted(seq: number): void {
    assert(seq === this.#notedSeq && seq > this.#visibleSeq, 'the newest commit is the one to abort')
    this.#notedSeq = seq - 1
    if (this.#inFlight.at(-1)?.seq === seq) this.#inFlight.pop()
    this.#recent.abort(seq)
  }

  /** Refuses transactions and commits from now on, because a commit was applied in part (M28). */
  poison(cause: unknown): void {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    this.#refusal ??= new LdbError('LDB_POISONED', `a commit failed half-way${reason}; open again`, { cause })
  }

  /** Takes in another store. It must not hold commits newer than the visible one. */
  addStore(keyspaceId: number, store: TransactionStore): void {
    assert(!this.#views.lanes.has(keyspaceId), 'a store has its number alone')
    this.#views.lanes.set(keyspaceId, { keyspaceId, store, changedSeq: 0, notedSeq: 0, pin: undefined })
  }

  /** Lets a store go: views that are open keep it, frozen; new ones do not see it. */
  removeStore(keyspaceId: number): void {
    const lane = this.#views.lanes.get(keyspaceId)
    if (lane !== undefined) this.#views.remove(lane)
  }

  /** Returns figures. */
  stats(): TransactionStats {
    const { oldest, openCount, writerCount } = this.#views
    const { committed, failed, conflicts, rolledBack } = this.#counts
    const { noteCount, bytes } = this.#recent
    return {
      openCount,
      openWriterCount: writerCount,
      oldestAgeMs: oldest === undefined ? 0 : Math.max(0, this.#options.monotonicMs() - oldest.openedAtMs),
      oldestSeq: oldest?.seq ?? this.#visibleSeq,
      committedCount: committed,
      failedCount: failed,
      conflictCount: conflicts,
      rolledBackCount: rolledBack,
      leakedCount: this.#abandoned.count,
      recentCount: noteCount,
      recentBytes: bytes,
      recentBytesMax: this.#options.recentBytes,
    }
  }

  /** Ends every transaction and snapshot (M21). The stores stay open: they are their owner's. Idempotent. */
  close(): void {
    this.#refusal = new LdbError('LDB_CLOSED', 'the transaction manager is closed')
    this.#views.releaseAll()
  }

  #begin(options: TransactionOptions | undefined): { transaction: Transaction; view: ViewReads } {
    const { isolation, readOnly } = resolveTransactionOptions(options)
    this.#assertUsable()
    const lease = this.#views.open(this.#visibleSeq, !readOnly, this.#options.monotonicMs)
    // What is in flight now, this transaction does not see.
    if (!readOnly && this.#inFlight.length > 0) {
      for (const commit of this.#inFlight.splice(0)) this.#keep(commit)
    }
    const view = new ViewReads(lease)
    return { transaction: new Transaction(this.#host, view, isolation, readOnly), view }
  }

  #keep({ seq, sections, marks }: InFlight): void {
    this.#recent.add(seq, sections)
    if (marks.length > 0) this.#recent.add(seq, marks)
  }

  #trim(): void {
    this.#recent.trim(Math.min(this.#visibleSeq, this.#views.oldestWriterSeq() ?? this.#visibleSeq))
  }

  /** Commits to the stores alone, without a log. */
  #apply(batch: WriteBatch, marks: readonly KeyspaceSection[]): void {
    const sections = batch.sections()
    const { lanes } = this.#views
    const stores = sections.map(({ keyspaceId }) => {
      const lane = lanes.get(keyspaceId)
      if (lane === undefined) throw new LdbError('LDB_NOT_FOUND', `there is no store ${keyspaceId}`)
      return lane.store
    })
    const seq = toSeq(this.#notedSeq + 1)
    this.noteCommit(seq, sections, marks)
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
          checkConflicts(this.#recent, reads, writes)
        } catch (error) {
          if (isLdbError(error, 'LDB_CONFLICT')) this.#counts.conflicts++
          throw error
        }
      },
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
        this.#abandoned.remove(view)
        if (outcome === 'committed') this.#counts.committed++
        else if (outcome === 'failed') this.#counts.failed++
        else this.#counts.rolledBack++
      },
    }
  }

  #assertUsable(): void {
    const refusal = this.#refusal
    if (refusal === undefined) return
    throw new LdbError(refusal.code, refusal.message, 'cause' in refusal ? { cause: refusal.cause } : {})
  }
}

function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof (value as { readonly then: unknown }).then === 'function'
  )
}
