import type { Wal, WalReader } from '@ldb/wal'
import { isCommitType } from '../format.js'
import { changesTruncated } from './change-reader.js'
import type { ArchiveReader } from './log-archive.js'

/** Reads the commits of a log that are on the device, in order. */
export class WalArchiveReader implements ArchiveReader {
  nextLsn: number
  readonly #wal: Wal
  readonly #reader: WalReader
  #seq: number
  /** The current record of the log reader was not returned yet: it is not on the device. */
  #isAhead = false

  /** @param since - number of the commit after which it starts. */
  constructor(wal: Wal, since: number) {
    if (since < wal.truncatedSeq) throw changesTruncated(since, wal.truncatedSeq)
    this.#wal = wal
    this.#seq = since
    this.#reader = wal.read(wal.firstLsn)
    this.nextLsn = wal.firstLsn
  }

  get seq(): number {
    return this.#seq
  }

  get type(): number {
    return this.#reader.type
  }

  get payload(): Uint8Array {
    return this.#reader.payload
  }

  next(): boolean {
    const reader = this.#reader
    for (;;) {
      if (!this.#isAhead && !reader.next()) return false
      this.#isAhead = reader.nextLsn > this.#wal.syncedLsn
      if (this.#isAhead) return false
      this.nextLsn = reader.nextLsn
      const { type, seq } = reader
      if (!isCommitType(type) || seq <= this.#seq) continue
      if (seq !== this.#seq + 1) throw changesTruncated(this.#seq, seq - 1)
      this.#seq = seq
      return true
    }
  }

  close(): void {
    this.#reader.close()
  }
}
