import { ResumableTask } from '@ldb/base'
import type { TaskSteps, Lsn, VerifySink } from '@ldb/base'
import type { DeadlineSync } from '@ldb/vfs'
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
  /** Start of the bytes since the last checkpoint; the checkpoint record is not counted. */
  #checkpointLsn: number
  readonly #backlogBytes: number
  #catalogGeneration: number
  /** End of the newest commit that writes entries. */
  #entriesEndLsn = 0
  readonly #readers: Set<WalCommitReader> = new Set()

  /**
   * @param isCheckpointed - the checkpoints of the stores contain all commits of the log.
   * @param catalogGeneration - generation of the durable catalog.
   * @param backlogBytes - bytes of commits that readers of changes may pin.
   */
  constructor(wal: Wal, isCheckpointed: boolean, catalogGeneration: number, backlogBytes: number) {
    this.#wal = wal
    this.#catalogGeneration = catalogGeneration
    this.#backlogBytes = backlogBytes
    this.#checkpointLsn = isCheckpointed ? wal.endLsn : wal.firstLsn
  }

  get bytesSinceCheckpoint(): number {
    return this.#wal.endLsn - this.#checkpointLsn
  }

  get isPoisoned(): boolean {
    return this.#wal.isPoisoned
  }

  /** True when no buffered commit writes entries: the buffer may be written to space of the reserve. */
  get isBufferDeletesOnly(): boolean {
    return this.#entriesEndLsn <= this.#wal.flushedLsn
  }

  /** Returns the space of preallocated zeros to the device. Returns false when there are none. */
  releasePreallocated(): boolean {
    return this.#wal.releasePreallocated()
  }

  appendCommit(batch: Uint8Array, seq: number, isBorrowed: boolean, writesEntries: boolean): void {
    this.#wal.append(batch, { type: LogRecordType.Commit, seq, isBorrowed })
    if (writesEntries) this.#entriesEndLsn = this.#wal.endLsn
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

  get isSynced(): boolean {
    return this.#wal.syncedLsn === this.#wal.endLsn
  }

  startSync(): Promise<void> {
    return this.#wal.startSync()
  }

  requestSync(noticeMs: number, delayMs: number): DeadlineSync | undefined {
    return this.#wal.requestSync(noticeMs, delayMs)
  }

  beginRotation(): LogRotation {
    const rotated = this.#wal.beginRotation()
    const lsn = this.#wal.endLsn
    return { rotated, end: (record) => new ResumableTask(this.#endRotation(lsn, record)) }
  }

  *#endRotation(lsn: Lsn, checkpoint: Omit<CheckpointRecord, 'catalogGeneration'>): TaskSteps {
    const record = { ...checkpoint, catalogGeneration: this.#catalogGeneration }
    const recordLsn = this.#wal.append(encodeCheckpointRecord(record), {
      type: LogRecordType.Checkpoint,
      seq: Math.max(record.seq, this.#wal.lastSeq),
    })
    const recordBytes = this.#wal.endLsn - recordLsn
    // No segment is deleted before the checkpoint record is durable.
    yield this.#wal
    yield this.#wal.beginTruncation(this.#oldestNeeded(lsn))
    this.#checkpointLsn = lsn + recordBytes
  }

  readCommits(since: number): CommitReader {
    const reader = new WalCommitReader(this.#wal, since, (closed) => {
      this.#readers.delete(closed)
    })
    this.#readers.add(reader)
    return reader
  }

  /** Returns the truncation point: the oldest reader within the backlog limit (W5). The next read of a slower reader fails. */
  #oldestNeeded(lsn: number): number {
    let oldest = lsn
    for (const reader of this.#readers) {
      if (reader.pinnedBytes <= this.#backlogBytes) oldest = Math.min(oldest, reader.oldestLsn)
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
