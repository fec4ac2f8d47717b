import { Fifo } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { Durability } from '../health/options.js'

/** The operations of a commit, which are retained until they are in the stores. */
export interface RetainedBatch {
  /** Length of the encoded batch, in bytes. */
  readonly byteLength: number
  /** Returns one section per keyspace. */
  sections(): readonly KeyspaceSection[]
}

/** A commit that is logged, and not yet visible; or consecutive ones that become visible as one. */
export interface PendingCommit {
  /** Number of the commit; of the last one, when there are several. */
  seq: number
  /** Number of commits; 0 for a caller that only waits for all earlier commits to become visible. */
  commitCount: number
  /** `undefined` for a caller that only waits; `seq` is then that of the last commit before it. */
  readonly batch: RetainedBatch | undefined
  readonly durability: Durability
  readonly waiter: CommitWaiter
}

/** Receives the outcome of one or several pending commits. */
export interface CommitWaiter {
  /** Acknowledges one pending commit. */
  resolve(): void
  /** Reports the failure of one pending commit. */
  reject(error: unknown): void
}

/** Bytes of commits that become visible together: bounds the time for which they occupy the thread. */
const READY_BYTES_MAX = 1 << 20

/** Pending commits in the order of their numbers, and the positions up to which the log is flushed and synced. */
export class CommitQueue {
  readonly #commits: Fifo<PendingCommit> = new Fifo()
  #fullCount = 0
  #noneCount = 0
  #flushedSeq = 0
  #syncedSeq = 0

  get length(): number {
    return this.#commits.length
  }

  /** True when a commit waits for a sync. */
  get wantsSync(): boolean {
    return this.#fullCount > 0
  }

  /** True when a commit waits for a flush or a sync. */
  get wantsFlush(): boolean {
    return this.#noneCount < this.length
  }

  get first(): PendingCommit | undefined {
    return this.#commits.first
  }

  get last(): PendingCommit | undefined {
    return this.#commits.last
  }

  push(commit: PendingCommit): void {
    this.#commits.push(commit)
    if (commit.durability === 'full') this.#fullCount++
    else if (commit.durability === 'none') this.#noneCount++
  }

  /** Removes and returns the first commit. */
  shift(): PendingCommit | undefined {
    const commit = this.#commits.shift()
    if (commit?.durability === 'full') this.#fullCount--
    else if (commit?.durability === 'none') this.#noneCount--
    return commit
  }

  /** Records that the log is flushed up to a commit. */
  noteFlushed(seq: number): void {
    if (seq > this.#flushedSeq) this.#flushedSeq = seq
  }

  /** Records that the log is synced up to a commit. */
  noteSynced(seq: number): void {
    if (seq > this.#syncedSeq) this.#syncedSeq = seq
  }

  /** Removes and returns the commits at the front that are durable as requested: entries with about `countMax` commits. */
  takeReady(countMax: number): PendingCommit[] {
    const ready: PendingCommit[] = []
    let byteCount = 0
    let count = 0
    while (count < countMax && byteCount < READY_BYTES_MAX) {
      const commit = this.first
      if (commit === undefined) break
      const { seq, batch, durability, commitCount } = commit
      if (durability !== 'none' && seq > (durability === 'full' ? this.#syncedSeq : this.#flushedSeq)) break
      this.shift()
      ready.push(commit)
      count += Math.max(1, commitCount)
      if (batch !== undefined) byteCount += batch.byteLength
    }
    return ready
  }

  /** Iterates over the commits with numbers above `seq`, oldest first. */
  *above(seq: number): Generator<PendingCommit> {
    const commits = this.#commits
    for (let index = this.#indexAbove(seq); index < commits.length; index++)
      yield commits.at(index) as PendingCommit
  }

  /** Returns the index of the first commit with a number above `seq`, by binary search. */
  #indexAbove(seq: number): number {
    let low = 0
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#commits.at(middle) as PendingCommit).seq > seq) high = middle
      else low = middle + 1
    }
    return low
  }
}
