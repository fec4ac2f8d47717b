import { LogRecordType } from '../format.js'
import { changesTruncated } from './change-reader.js'
import type { CommitHold, CommitReader } from './change-reader.js'

/** A commit that is retained for readers of changes. */
interface RetainedCommit {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly type: number
}

/** The commits of a database without a log, retained while a reader of changes needs them. */
export class MemoryChanges {
  readonly #commits: RetainedCommit[] = []
  readonly #readers: Set<MemoryCommitReader> = new Set()
  readonly #bytesMax: number
  #byteCount = 0
  #lastSeq = 0

  /** @param bytesMax - bytes of commits that readers may retain. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Number of the newest commit that is not retained. */
  get truncatedSeq(): number {
    return (this.#commits[0]?.seq ?? this.#lastSeq + 1) - 1
  }

  /** @param type - of the log record that it would have. */
  add(batch: Uint8Array, seq: number, type: number): void {
    this.#lastSeq = seq
    if (this.#readers.size === 0) return
    this.#commits.push({ seq, bytes: batch.slice(), type })
    this.#byteCount += batch.length
    this.#trim()
  }

  /** Returns the commit with a number; `undefined` when there is none yet. */
  find(seq: number): RetainedCommit | undefined {
    const first = this.#commits[0]
    return first === undefined ? undefined : this.#commits[seq - first.seq]
  }

  read(since: number): CommitReader {
    if (since < this.truncatedSeq) throw changesTruncated(since, this.truncatedSeq)
    const reader = new MemoryCommitReader(this, since)
    this.#readers.add(reader)
    return reader
  }

  /** Retains the commits after one; none that are no longer retained. */
  hold(since: number): CommitHold {
    const reader = new MemoryCommitReader(this, Math.max(since, this.truncatedSeq))
    this.#readers.add(reader)
    return {
      heldBytes: 0,
      advance: (seq) => {
        reader.seq = Math.max(reader.seq, seq)
        this.#trim()
      },
      close: () => {
        this.removeReader(reader)
      },
    }
  }

  removeReader(reader: MemoryCommitReader): void {
    this.#readers.delete(reader)
    this.#trim()
  }

  #trim(): void {
    let oldest = Infinity
    for (const { seq } of this.#readers) oldest = Math.min(oldest, seq)
    for (let first = this.#commits[0]; first !== undefined; first = this.#commits[0]) {
      if (first.seq > oldest && this.#byteCount <= this.#bytesMax) return
      this.#commits.shift()
      this.#byteCount -= first.bytes.length
    }
  }
}

class MemoryCommitReader implements CommitReader {
  readonly file = '(changes in memory)'
  readonly endLsn = 0
  readonly #changes: MemoryChanges
  #payload: Uint8Array = new Uint8Array(0)
  type: number = LogRecordType.Commit
  seq: number

  constructor(changes: MemoryChanges, since: number) {
    this.#changes = changes
    this.seq = since
  }

  get payload(): Uint8Array {
    return this.#payload
  }

  next(seqMax: number): boolean {
    if (this.seq >= seqMax) return false
    if (this.seq < this.#changes.truncatedSeq) throw changesTruncated(this.seq, this.#changes.truncatedSeq)
    const commit = this.#changes.find(this.seq + 1)
    if (commit === undefined) return false
    this.#payload = commit.bytes
    this.type = commit.type
    this.seq++
    return true
  }

  assertRetained(): void {
    // The payload names no other values.
  }

  endCommit(): void {
    // The payload stays in memory, and names no other values.
  }

  close(): void {
    this.#changes.removeReader(this)
  }
}
