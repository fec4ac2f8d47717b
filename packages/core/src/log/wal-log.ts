import { ResumableTask } from '@ldb/base'
import type { DeviceSteps, Lsn, VerifySink } from '@ldb/base'
import type { Wal } from '@ldb/wal'
import type { CommitReader } from './change-reader.js'
import { WalCommitReader } from './change-wal-reader.js'
import { encodeCatalogRecord } from './catalog-record.js'
import { encodeCheckpointRecord } from './checkpoint-record.js'
import type { CheckpointRecord } from './checkpoint-record.js'
import type { CommitLog, LogRotation, LogStats } from './commit-log.js'
import { LogRecordType } from '../format.js'

/** The log of a database on files. */
export class WalLog implements CommitLog {
  readonly isVolatile = false
  readonly #wal: Wal
  /** As if the commits since the last cut began here. */
  #cutLsn: number
  readonly #backlogBytes: number
  #catalogGeneration: number
  readonly #readers: Set<WalCommitReader> = new Set()

  /**
   * @param isCut - all that the log holds is in checkpoints already.
   * @param catalogGeneration - of the catalog, which is durable.
   * @param backlogBytes - bytes of commits that readers of changes may hold back.
   */
  constructor(wal: Wal, isCut: boolean, catalogGeneration: number, backlogBytes: number) {
    this.#wal = wal
    this.#catalogGeneration = catalogGeneration
    this.#backlogBytes = backlogBytes
    this.#cutLsn = isCut ? wal.endLsn : wal.firstLsn
  }

  get bytesSinceCheckpoint(): number {
    return this.#wal.endLsn - this.#cutLsn
  }

  appendCommit(batch: Uint8Array, seq: number, isBorrowed: boolean): void {
    this.#wal.append(batch, { type: LogRecordType.Commit, seq, isBorrowed })
  }

  appendCatalog(generation: number): void {
    this.#catalogGeneration = generation
    this.#wal.append(encodeCatalogRecord(generation), {
      type: LogRecordType.Catalog,
      seq: this.#wal.lastSeq,
    })
  }

  flush(): void {
    this.#wal.flush()
  }

  flushAsync(): Promise<void> {
    return this.#wal.flushAsync()
  }

  sync(): void {
    this.#wal.sync()
  }

  syncAsync(): Promise<void> {
    return this.#wal.syncAsync()
  }

  beginCut(): LogRotation {
    // What comes from now on goes to a segment of its own, so that all before it can go.
    const rotated = this.#wal.beginRotation()
    const lsn = this.#wal.endLsn
    return { rotated, end: (record) => new ResumableTask(this.#endCut(lsn, record)) }
  }

  *#endCut(lsn: Lsn, cut: Omit<CheckpointRecord, 'catalogGeneration'>): DeviceSteps {
    const record = { ...cut, catalogGeneration: this.#catalogGeneration }
    const recordLsn = this.#wal.append(encodeCheckpointRecord(record), {
      type: LogRecordType.Checkpoint,
      seq: Math.max(record.seq, this.#wal.lastSeq),
    })
    const recordBytes = this.#wal.endLsn - recordLsn
    // Nothing goes before it is said for good what the stores hold.
    yield this.#wal
    yield this.#wal.beginTruncation(this.#oldestNeeded(lsn))
    this.#cutLsn = lsn + recordBytes
  }

  readCommits(since: number): CommitReader {
    const reader = new WalCommitReader(this.#wal, since, (closed) => {
      this.#readers.delete(closed)
    })
    this.#readers.add(reader)
    return reader
  }

  /** (W5) The log is cut up to the oldest reader that keeps up; the others find that it is gone. */
  #oldestNeeded(lsn: number): number {
    let oldest = lsn
    for (const reader of this.#readers) {
      if (reader.heldBytes <= this.#backlogBytes) oldest = Math.min(oldest, reader.lsn)
    }
    return oldest
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
