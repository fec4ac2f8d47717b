import { isLdbError } from '@ldb/base'
import type { Wal, WalReader } from '@ldb/wal'
import { changesGone } from './change-reader.js'
import type { CommitReader } from './change-reader.js'
import { LogRecordType } from '../format.js'

/** Reads commits out of the files of a log, and holds them back meanwhile. */
export class WalCommitReader implements CommitReader {
  readonly #reader: WalReader
  readonly #wal: Wal
  readonly #onClose: (reader: WalCommitReader) => void
  #seq: number
  /** The reader stands on a record that was not given yet. */
  #isAhead = false
  #open = true

  /** @param since - the commits behind this one are read. */
  constructor(wal: Wal, since: number, onClose: (reader: WalCommitReader) => void) {
    // What the log held before its oldest record was cut off, or never was.
    if (since < wal.cutSeq) throw changesGone(since, wal.cutSeq)
    this.#wal = wal
    this.#seq = since
    this.#onClose = onClose
    this.#reader = wal.read(wal.firstLsn)
  }

  get seq(): number {
    return this.#seq
  }

  get payload(): Uint8Array {
    return this.#reader.payload
  }

  get file(): string {
    return 'wal'
  }

  /** Position of the oldest record that it still needs. */
  get lsn(): number {
    return this.#isAhead ? this.#reader.lsn : this.#reader.nextLsn
  }

  /** Bytes of the log that it holds back. */
  get heldBytes(): number {
    return this.#wal.endLsn - this.lsn
  }

  next(seqMax: number): boolean {
    const reader = this.#reader
    try {
      for (;;) {
        if (!this.#isAhead && !reader.next()) return false
        this.#isAhead = true
        if (reader.type === LogRecordType.Commit && reader.seq > this.#seq) {
          if (reader.seq > seqMax) return false
          if (reader.seq !== this.#seq + 1) throw changesGone(this.#seq, reader.seq - 1)
          this.#seq = reader.seq
          this.#isAhead = false
          return true
        }
        this.#isAhead = false
      }
    } catch (error) {
      if (isLdbError(error, 'LDB_NOT_FOUND')) throw changesGone(this.#seq, this.#wal.cutSeq)
      throw error
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#reader.close()
    this.#onClose(this)
  }
}
