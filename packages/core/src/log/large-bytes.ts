import { INVARIANTS } from '@ldb/base'

/** Precision of the count. Small where invariants are checked. */
const GRAIN_BYTES = INVARIANTS ? 256 : 1_048_576

/** Bytes of large values up to a position of the log. */
interface Mark {
  readonly lsn: number
  /** Bytes that the records before the position name. */
  readonly bytesBefore: number
}

/** Counts the bytes of the large values that records of the log name, by the positions of the records, to within about a MiB. */
export class LargeBytes {
  /** By ascending position. */
  #marks: Mark[] = []
  #bytes = 0

  /** Adds a record at `lsn` that names so many bytes. Positions ascend. */
  add(lsn: number, byteCount: number): void {
    const last = this.#marks.at(-1)
    if (last === undefined || this.#bytes - last.bytesBefore >= GRAIN_BYTES) this.#mark(lsn)
    this.#bytes += byteCount
    // A reader behind a long value does not pin it.
    if (byteCount >= GRAIN_BYTES) this.#mark(lsn + 1)
  }

  /** Returns the bytes that the records from `lsn` on name; those of all records when these were removed. */
  since(lsn: number): number {
    const mark = this.#marks[this.#indexOf(lsn)]
    return this.#bytes - (mark?.bytesBefore ?? 0)
  }

  /** Forgets the records before `lsn`, which were removed from the log. */
  truncateBefore(lsn: number): void {
    const first = this.#indexOf(lsn)
    if (first > 0) this.#marks = this.#marks.slice(first)
  }

  /** Returns the index of the last mark at or before a position; −1 when there is none. */
  #indexOf(lsn: number): number {
    let index = this.#marks.length - 1
    for (; index >= 0; index--) if ((this.#marks[index] as Mark).lsn <= lsn) break
    return index
  }

  #mark(lsn: number): void {
    this.#marks.push({ lsn, bytesBefore: this.#bytes })
  }
}
