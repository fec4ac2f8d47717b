import type { WriteBatch } from '@ldb/base'
import type { Durability } from '../health/options.js'

/** A commit that is logged, and neither visible nor acknowledged. */
export interface PendingCommit {
  readonly seq: number
  /** `undefined` for somebody who only waits until all before is visible; the number is then that of the last of them. */
  readonly batch: WriteBatch | undefined
  readonly durability: Durability
  readonly waiter: CommitWaiter
}

/** Who waits for a commit, or for several. */
export interface CommitWaiter {
  /** One commit is acknowledged. */
  resolve(): void
  /** One commit has failed. */
  reject(error: unknown): void
}

/** Spaces at the front of the queue that are worth closing. */
const SLACK_MAX = 1024

/** Bytes of commits after which no more are taken at a time, so that what is done with them is done soon. */
const READY_BYTES_MAX = 1 << 20

/** Commits in the order of their numbers. */
export class CommitQueue {
  readonly #commits: (PendingCommit | undefined)[] = []
  #head = 0
  #fullCount = 0
  #noneCount = 0

  get length(): number {
    return this.#commits.length - this.#head
  }

  /** True when one of them waits for a sync. */
  get wantsSync(): boolean {
    return this.#fullCount > 0
  }

  /** True when one of them waits for the operating system at least. */
  get wantsFlush(): boolean {
    return this.#noneCount < this.length
  }

  get first(): PendingCommit | undefined {
    return this.#commits[this.#head]
  }

  get last(): PendingCommit | undefined {
    return this.length === 0 ? undefined : this.#commits[this.#commits.length - 1]
  }

  push(commit: PendingCommit): void {
    this.#commits.push(commit)
    if (commit.durability === 'full') this.#fullCount++
    else if (commit.durability === 'none') this.#noneCount++
  }

  /** Takes the first one off. */
  shift(): PendingCommit | undefined {
    const commit = this.first
    if (commit === undefined) return undefined
    this.#commits[this.#head++] = undefined
    if (commit.durability === 'full') this.#fullCount--
    else if (commit.durability === 'none') this.#noneCount--
    if (this.length === 0) {
      this.#commits.length = 0
      this.#head = 0
    } else if (this.#head >= SLACK_MAX) {
      this.#commits.splice(0, this.#head)
      this.#head = 0
    }
    return commit
  }

  /**
   * Takes those at the front off that are durable as asked, and at most `countMax` of them.
   *
   * @param flushedSeq - commits up to this one were handed to the operating system.
   * @param syncedSeq - commits up to this one are on the device.
   */
  takeReady(flushedSeq: number, syncedSeq: number, countMax: number): PendingCommit[] {
    const ready: PendingCommit[] = []
    let byteCount = 0
    while (ready.length < countMax && byteCount < READY_BYTES_MAX) {
      const commit = this.first
      if (commit === undefined) break
      const { seq, batch, durability } = commit
      if (durability !== 'none' && seq > (durability === 'full' ? syncedSeq : flushedSeq)) break
      this.shift()
      ready.push(commit)
      if (batch !== undefined) byteCount += batch.byteLength
    }
    return ready
  }

  /** Those with numbers above `seq`, oldest first. */
  *above(seq: number): Generator<PendingCommit> {
    for (let index = this.#head; index < this.#commits.length; index++) {
      const commit = this.#commits[index] as PendingCommit
      if (commit.seq > seq) yield commit
    }
  }
}
