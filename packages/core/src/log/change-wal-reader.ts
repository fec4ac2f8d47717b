import { isLdbError } from '@ldb/base'
import type { Wal, WalReader } from '@ldb/wal'
import { changesTruncated } from './change-reader.js'
import type { CommitReader } from './change-reader.js'
import { isCommitType } from '../format.js'

/** Reads commits from the files of a log, and pins them until it is closed. */
export class WalCommitReader implements CommitReader {
  readonly #reader: WalReader
  readonly #wal: Wal
  readonly #onClose: (reader: WalCommitReader) => void
  #seq: number
  /** The current record of the log reader was not returned yet. */
  #isAhead = false
  /** The current commit is being decoded. */
  #isDecoded = false
  #open = true

  /**
   * @param since - number of the commit after which it starts. The log contains all later ones.
   * @param startLsn - no newer commit is before it.
   */
  constructor(wal: Wal, since: number, startLsn: number, onClose: (reader: WalCommitReader) => void) {
    this.#wal = wal
    this.#seq = since
    this.#onClose = onClose
    this.#reader = wal.read(Math.max(startLsn, wal.firstLsn))
  }

  get seq(): number {
    return this.#seq
  }

  get payload(): Uint8Array {
    return this.#reader.payload
  }

  get type(): number {
    return this.#reader.type
  }

  get endLsn(): number {
    return this.#reader.nextLsn
  }

  get file(): string {
    return 'wal'
  }

  /** Position of the oldest record that it needs. */
  get oldestLsn(): number {
    return this.#isAhead || this.#isDecoded ? this.#reader.lsn : this.#reader.nextLsn
  }

  next(seqMax: number): boolean {
    const reader = this.#reader
    this.#isDecoded = false
    try {
      for (;;) {
        if (!this.#isAhead && !reader.next()) return false
        this.#isAhead = true
        if (isCommitType(reader.type) && reader.seq > this.#seq) {
          if (reader.seq > seqMax) return false
          if (reader.seq !== this.#seq + 1) throw changesTruncated(this.#seq, reader.seq - 1)
          this.#seq = reader.seq
          this.#isAhead = false
          this.#isDecoded = true
          return true
        }
        this.#isAhead = false
      }
    } catch (error) {
      if (isLdbError(error, 'LDB_NOT_FOUND')) throw changesTruncated(this.#seq, this.#wal.truncatedSeq)
      throw error
    }
  }

  assertRetained(): void {
    if (this.#seq <= this.#wal.truncatedSeq) throw changesTruncated(this.#seq - 1, this.#wal.truncatedSeq)
  }

  endCommit(): void {
    this.#isDecoded = false
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#reader.close()
    this.#onClose(this)
  }
}
