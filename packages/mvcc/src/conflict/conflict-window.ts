import { assert, Fifo } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import { checkConflicts } from './conflict-check.js'
import { RecentWrites } from './recent-writes.js'
import type { OpenViews } from '../read/open-views.js'
import type { TransactionReads } from '../read/transaction-reads.js'
import type { WriteSet } from '../records/write-set.js'

/** A commit in flight whose write set is not retained yet, because no writer is open; or several with one write set. */
interface InFlightCommit {
  readonly firstSeq: number
  /** Number of the last commit. */
  seq: number
  readonly sections: readonly KeyspaceSection[]
  readonly updateReads: readonly KeyspaceSection[]
}

/**
 * The commits that open transactions may conflict with: those after the oldest read view of a writer, up to the newest
 * registered commit. Their write sets are retained only while a transaction is open that may write (M26).
 */
export class ConflictWindow {
  /** The newest visible commit. */
  visibleSeq: number
  /** The newest registered commit, visible or in flight. */
  registeredSeq: number
  readonly #views: OpenViews
  readonly #recent: RecentWrites
  readonly #inFlight: Fifo<InFlightCommit> = new Fifo()

  constructor(views: OpenViews, bytesMax: number, seq: number) {
    this.#views = views
    this.#recent = new RecentWrites(bytesMax)
    this.visibleSeq = seq
    this.registeredSeq = seq
  }

  /** Number of retained keys and ranges. */
  get recordCount(): number {
    return this.#recent.recordCount
  }

  /** Memory of the retained write sets, in bytes. */
  get bytes(): number {
    return this.#recent.bytes
  }

  /** Registers a commit in flight. Read views take snapshots of the stores that it changes. */
  register(seq: number, sections: readonly KeyspaceSection[], updateReads: readonly KeyspaceSection[]): void {
    assert(seq > this.registeredSeq, 'commits are registered in their order')
    this.registeredSeq = seq
    const { states } = this.#views
    for (const { keyspaceId } of sections) {
      const state = states.get(keyspaceId)
      if (state === undefined) continue
      this.#views.prepareChange(state, seq)
      state.conflictSeq = seq
    }
    for (const { keyspaceId } of updateReads) {
      const state = states.get(keyspaceId)
      if (state !== undefined) state.conflictSeq = seq
    }
    if (this.#views.writerCount > 0) this.#retain(seq, sections, updateReads)
    else this.#registerInFlight(seq, sections, updateReads)
  }

  #registerInFlight(
    seq: number,
    sections: readonly KeyspaceSection[],
    updateReads: readonly KeyspaceSection[],
  ): void {
    const { last } = this.#inFlight
    if (last?.sections === sections && updateReads.length === 0) last.seq = seq
    else this.#inFlight.push({ firstSeq: seq, seq, sections, updateReads })
  }

  /** Makes all commits up to `seq` visible. */
  publish(seq: number): void {
    assert(seq >= this.visibleSeq && seq <= this.registeredSeq, 'a visible commit has been registered')
    this.visibleSeq = seq
    const inFlight = this.#inFlight
    for (let { first } = inFlight; first !== undefined && first.seq <= seq; first = inFlight.first)
      inFlight.shift()
    if (this.#recent.recordCount > 0) this.trim()
  }

  /** Removes the newest commit in flight, which will not happen (M16). */
  abort(seq: number): void {
    assert(seq === this.registeredSeq && seq > this.visibleSeq, 'only the newest commit in flight can abort')
    this.registeredSeq = seq - 1
    const { last } = this.#inFlight
    if (last?.seq === seq) {
      if (last.firstSeq === seq) this.#inFlight.pop()
      else last.seq = seq - 1
    }
    this.#recent.abort(seq)
  }

  /** Retains the write sets of all commits in flight. Called when a writer begins: it does not see them. */
  retainInFlight(): void {
    for (let commit = this.#inFlight.shift(); commit !== undefined; commit = this.#inFlight.shift())
      this.#retain(commit.seq, commit.sections, commit.updateReads)
  }

  /** Drops the write sets of commits that every open writer sees. */
  trim(): void {
    this.#recent.trim(Math.min(this.visibleSeq, this.#views.oldestWriterSeq() ?? this.visibleSeq))
  }

  /** @throws {@link LdbError} LDB_CONFLICT when a commit in the window conflicts with a transaction. */
  check(reads: TransactionReads, writes: WriteSet | undefined): void {
    checkConflicts(this.#recent, reads, writes)
  }

  #retain(seq: number, sections: readonly KeyspaceSection[], updateReads: readonly KeyspaceSection[]): void {
    this.#recent.add(seq, sections)
    if (updateReads.length > 0) this.#recent.add(seq, updateReads)
  }
}
