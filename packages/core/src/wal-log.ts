import type { Lsn, VerifySink } from '@ldb/base'
import type { Wal } from '@ldb/wal'
import { encodeCheckpointRecord } from './checkpoint-record.js'
import type { CheckpointRecord } from './checkpoint-record.js'
import type { CommitLog, LogStats } from './commit-log.js'
import { LogRecordType } from './format.js'

/** The log of a database on files. */
export class WalLog implements CommitLog {
  readonly #wal: Wal
  /** Where the last cut ended. */
  #cutLsn: Lsn

  /** @param isCut - all that the log holds is in checkpoints already. */
  constructor(wal: Wal, isCut: boolean) {
    this.#wal = wal
    this.#cutLsn = isCut ? wal.endLsn : wal.firstLsn
  }

  get bytesSinceCheckpoint(): number {
    return this.#wal.endLsn - this.#cutLsn
  }

  appendCommit(batch: Uint8Array, seq: number): void {
    this.#wal.append(batch, { type: LogRecordType.Commit, seq })
  }

  flush(): void {
    this.#wal.flush()
  }

  sync(): void {
    this.#wal.sync()
  }

  syncAsync(): Promise<void> {
    return this.#wal.syncAsync()
  }

  cut(record: CheckpointRecord): void {
    // In a segment of its own, so that all before it can go.
    this.#wal.rotate()
    const lsn = this.#wal.append(encodeCheckpointRecord(record), {
      type: LogRecordType.Checkpoint,
      seq: record.seq,
    })
    this.#wal.sync()
    this.#wal.truncateBefore(lsn)
    this.#cutLsn = this.#wal.endLsn
  }

  verify(sink: VerifySink): void {
    this.#wal.verify(sink)
  }

  stats(): LogStats {
    const stats = this.#wal.stats()
    return {
      fileBytes: stats.logBytes,
      segmentCount: stats.segmentCount,
      bytesSinceCheckpoint: this.bytesSinceCheckpoint,
      bufferedBytes: this.#wal.endLsn - this.#wal.flushedLsn,
      unsyncedBytes: stats.unsyncedBytes,
      syncCount: stats.syncCount,
    }
  }

  close(clean: boolean): void {
    this.#wal.close({ clean })
  }
}
