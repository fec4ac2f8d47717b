import { invalidArgument } from '@ldb/base'
import type { CommitHold } from '../log/change-reader.js'

/** Acknowledged commits after which the position is recorded, unless the consumer waits before. */
const COMMITS_PER_RECORD = 64

/** A commit that the stream has passed. */
interface Passed {
  seq: number
  /** Position after it in the log. */
  lsn: number
  /** It had changes for the consumer, which therefore has to acknowledge it. */
  readonly isDelivered: boolean
}

/** Where the position of a consumer is stored. */
export interface PositionStore {
  /** Returns the number of the newest commit that is recorded as acknowledged. */
  read(): Promise<number>
  /** Records the number of an acknowledged commit. */
  write(seq: number, isDurable: boolean): Promise<void>
}

/**
 * How far the open stream of a consumer has come: what it was given, what it has acknowledged, and what of it is recorded in the database.
 *
 * Invariant: recorded ≤ acknowledged ≤ passed. The log is held back to the recorded commit, unless the device is full.
 */
export class ConsumerPosition {
  readonly #store: PositionStore
  readonly #hold: CommitHold
  readonly #onAcknowledge: (seq: number) => void
  /** Commits after the recorded one, ascending. Neighbours without changes for the consumer share an element. */
  readonly #passed: Passed[] = []
  #acknowledged: number
  #recorded: number
  /** Nothing up to this commit is recorded by itself: an attempt has failed. */
  #postponed = 0
  #passedSeq: number
  /** Commits, other than those that record positions, since the last record. */
  #unrecorded = 0
  /** A transaction or batch may have recorded a position. */
  #mayBeAhead = false

  /**
   * @param seq - the recorded position.
   * @param onAcknowledge - called with the newest acknowledged commit.
   */
  constructor(store: PositionStore, hold: CommitHold, seq: number, onAcknowledge: (seq: number) => void) {
    this.#store = store
    this.#hold = hold
    this.#acknowledged = seq
    this.#recorded = seq
    this.#passedSeq = seq
    this.#onAcknowledge = onAcknowledge
  }

  /** True when the position should be recorded. @param isIdle - there are no more commits now. */
  wantsRecord(isIdle: boolean): boolean {
    return (
      this.#acknowledged > Math.max(this.#recorded, this.#postponed) &&
      (isIdle ? this.#unrecorded > 0 : this.#unrecorded >= COMMITS_PER_RECORD)
    )
  }

  /** Notes a commit that the stream has passed. @param isOwn - it only records positions of consumers. */
  pass(seq: number, lsn: number, isDelivered: boolean, isOwn: boolean): void {
    const last = this.#passed.at(-1)
    if (last !== undefined && !last.isDelivered && !isDelivered) {
      last.seq = seq
      last.lsn = lsn
    } else this.#passed.push({ seq, lsn, isDelivered })
    this.#passedSeq = seq
    if (!isOwn) this.#unrecorded++
    this.#advance()
  }

  /**
   * Returns a commit that can be acknowledged. @param seq - default: the newest one that was returned.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for one that the stream has not returned yet.
   */
  acknowledgeable(seq: number | undefined): number {
    if (seq === undefined) return this.#passedSeq
    if (Number.isSafeInteger(seq) && seq >= 0 && seq <= this.#passedSeq) return Math.max(seq, this.#recorded)
    throw invalidArgument('seq must be the number of a commit that the stream has returned')
  }

  /** Acknowledges the commits up to one, without recording it. */
  acknowledge(seq: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, seq)
    this.#advance()
  }

  /** Notes that a commit of the consumer may record a position. */
  expectRecord(): void {
    this.#mayBeAhead = true
  }

  /** Takes over a position that a commit of the consumer has recorded. */
  async refresh(): Promise<void> {
    if (!this.#mayBeAhead) return
    this.#mayBeAhead = false
    const seq = await this.#store.read()
    if (seq <= this.#recorded) return
    this.acknowledge(seq)
    this.#noteRecorded(seq)
  }

  /** Records what is acknowledged. */
  async record(isDurable: boolean): Promise<void> {
    const seq = this.#acknowledged
    if (seq <= this.#recorded) return
    await this.#store.write(seq, isDurable)
    this.#noteRecorded(seq)
  }

  /**
   * Records nothing by itself until more is acknowledged, because the device is full. The log is released nevertheless, so that a
   * checkpoint can make room for the record: after a crash before it, the consumer has to start over.
   */
  postpone(): void {
    this.#postponed = this.#acknowledged
    this.#unrecorded = 0
    this.#release(this.#acknowledged)
  }

  /** Commits without changes for the consumer need no acknowledgement. */
  #advance(): void {
    for (const { seq, isDelivered } of this.#passed) {
      if (isDelivered && seq > this.#acknowledged) break
      this.#acknowledged = Math.max(this.#acknowledged, seq)
    }
    this.#onAcknowledge(this.#acknowledged)
  }

  #noteRecorded(recorded: number): void {
    if (recorded <= this.#recorded) return
    this.#recorded = recorded
    this.#unrecorded = 0
    this.#release(recorded)
  }

  /** Releases the log up to a commit. */
  #release(last: number): void {
    const kept = this.#passed.findIndex(({ seq }) => seq > last)
    const gone = this.#passed.splice(0, kept === -1 ? this.#passed.length : kept).at(-1)
    if (gone !== undefined) this.#hold.advance(gone.seq, gone.lsn)
  }
}
