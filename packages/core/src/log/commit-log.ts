import { NO_SEGMENT_ID, ResumableTask } from '@ldb/base'
import type { StoreLog, TaskSteps, Syncable, VerifySink, VerifySteps } from '@ldb/base'
import type { DeadlineSync } from '@ldb/vfs'
import type { OldSegments } from '@ldb/wal'
import type { Catalog, KeyspaceChange } from '../catalog/catalog.js'
import { encodeKeyspaceChange } from '../catalog/keyspace-change.js'
import { LogRecordType } from '../format.js'
import { MemoryChanges } from './change-memory-reader.js'
import type { CommitHold, CommitPin, CommitReader, LogRecordReader } from './change-reader.js'
import type { CheckpointRecord } from './checkpoint-record.js'

/** Statistics of the log. @category Statistics */
export interface LogStats {
  /** Bytes of the records in its files, without those that are buffered in memory; 0 for a memory-only database. */
  readonly fileBytes: number
  /** Number of segments. */
  readonly segmentCount: number
  /** Bytes of commits since the last checkpoint. */
  readonly bytesSinceCheckpoint: number
  /** Bytes of commits that are not flushed to the operating system. */
  readonly bufferedBytes: number
  /** Bytes of commits that are not known to be on the device. */
  readonly unsyncedBytes: number
  /** Syncs since the database was opened. */
  readonly syncCount: number
}

/** The end of a synced log. */
export interface LogEnd {
  readonly logSegmentId: Uint8Array
  readonly logLsn: number
}

/** A rotation of the log by a checkpoint: begun before the stores are frozen, ended when they are durable. */
export interface LogRotation {
  /** Completes the new segment on the device. Segments before the rotation point may be deleted only afterwards. */
  readonly rotated: Syncable
  /** Logs and syncs the checkpoint record, then deletes the segments before the rotation point. */
  end(record: Omit<CheckpointRecord, 'catalog'>): ResumableTask
}

/** The log of commits. A failed `flush`, `sync` or rotation must never be retried. */
export interface CommitLog extends StoreLog {
  /** Bytes of commits since the last checkpoint. */
  readonly bytesSinceCheckpoint: number
  /** True after a failed write or sync. */
  readonly isPoisoned: boolean
  /** True when there are no files: commits are retained only for readers that exist when they are appended. */
  readonly isVolatile: boolean
  /** Keeps the whole log until the positions of consumers are read; `undefined` when there are none. */
  unreadHold: CommitHold | undefined
  /** Number of the newest commit that the log no longer contains; 0 when it contains all. */
  readonly truncatedSeq: number
  /**
   * Appends a commit to the buffer of the log.
   *
   * @param isBorrowed - the caller leaves the batch, and the headroom and tailroom of its buffer, unchanged until the next flush or
   * sync is done. Otherwise the bytes are copied.
   * @param writesEntries - false when the commit only deletes: its record may use the reserve of a full device.
   * @param largeBytes - bytes of the values in blob files that it names; 0 for none.
   */
  appendCommit(
    batch: Uint8Array,
    seq: number,
    isBorrowed: boolean,
    writesEntries: boolean,
    largeBytes: number,
  ): void
  /** Appends a load, whose entries are in tables. The batch is one range delete; see `appendCommit`. */
  appendLoad(batch: Uint8Array, seq: number): void
  /** Returns the space of preallocated zeros to the device. Returns false when there are none. */
  releasePreallocated(): boolean
  /**
   * Syncs all records, and begins a segment unless this process has begun one: a catalog that is written next, at the end of the log,
   * then has a version that no other copy of the database has (R9).
   */
  prepareCatalog(): LogEnd
  /** Appends a catalog record for a durable catalog (R8). */
  appendCatalog(version: Catalog): void
  /** Appends the commit that has created or dropped a keyspace, behind the record of the catalog. */
  appendKeyspaceChange(change: KeyspaceChange, seq: number): void
  /** Writes all buffered records to the operating system. */
  flush(): void
  /** As `flush`, but waits off the thread for a new segment during a rotation. */
  flushAsync(): Promise<void>
  /** Makes all appended records durable on the device. */
  sync(): void
  /** As `sync`, off the thread, for all records appended before the call. Concurrent callers share a sync. */
  syncAsync(): Promise<void>
  /** True when every record is known to be on the device. */
  readonly isSynced: boolean
  /** As `syncAsync`; the sync begins before the call returns, unless a new segment is being created. */
  startSync(): Promise<void>
  /**
   * Requests a sync of the flushed records by another thread; see `DeadlineSync.request`.
   *
   * @returns the syncs of the current segment; `undefined` where no other thread can sync.
   * @throws {@link LdbError} when an earlier requested sync has failed.
   */
  requestSync(noticeMs: number, delayMs: number): DeadlineSync | undefined
  /** Begins a new segment, so that all earlier ones can be deleted after the checkpoint. */
  beginRotation(): LogRotation
  /**
   * Opens a reader of the commits after `since`. It pins them in the log, up to a limit.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the log no longer contains them.
   */
  readCommits(since: number): CommitReader
  /** Positions of the oldest record and of the end of the files; zeros when there are none. */
  readonly bounds: { readonly oldestLsn: number; readonly endLsn: number }
  /** Opens a reader of the records from a position on, which pins nothing; `undefined` when there are no files. */
  readRecords(from: number): LogRecordReader | undefined
  /** Counts the segments of which records are encrypted with older data keys. */
  countOld(isOld: (dataKeyId: number) => boolean): OldSegments
  /**
   * Keeps the commits after the newest one, up to the limit of readers; `undefined` when there are no files.
   *
   * @param since - number of the newest commit: no commit is being logged.
   */
  pinCommits(since: number): CommitPin | undefined
  /**
   * Keeps the commits after `since` that the log still contains.
   *
   * @param isKept - asked before commits are removed: false releases them nevertheless.
   */
  holdCommits(since: number, isKept: (heldBytes: number) => boolean): CommitHold
  /** Verifies the log in steps: it may be written to between two. */
  verifySteps(sink: VerifySink): VerifySteps
  stats(): LogStats
  /**
   * Closes its files.
   *
   * @param clean - the checkpoint contains everything: record the exact end of the log, so that later loss of records is detected.
   */
  close(clean: boolean): void
}

/** The log of a memory-only database: nothing survives the process. */
export class MemoryLog implements CommitLog {
  readonly isPoisoned = false
  readonly isVolatile = true
  readonly truncatedSeq = 0
  unreadHold: CommitHold | undefined = undefined
  readonly segmentId: Uint8Array = NO_SEGMENT_ID
  bytesSinceCheckpoint = 0
  readonly #changes: MemoryChanges

  /** @param backlogBytes - bytes of commits that readers of changes may pin. */
  constructor(backlogBytes: number) {
    this.#changes = new MemoryChanges(backlogBytes)
  }

  appendCommit(
    batch: Uint8Array,
    seq: number,
    _isBorrowed: boolean,
    _writesEntries: boolean,
    _largeBytes: number,
  ): void {
    this.bytesSinceCheckpoint += batch.length
    this.#changes.add(batch, seq, LogRecordType.Commit)
  }

  appendLoad(batch: Uint8Array, seq: number): void {
    this.bytesSinceCheckpoint += batch.length
    this.#changes.add(batch, seq, LogRecordType.Load)
  }

  readCommits(since: number): CommitReader {
    return this.#changes.read(since)
  }

  get bounds(): { readonly oldestLsn: number; readonly endLsn: number } {
    return { oldestLsn: 0, endLsn: 0 }
  }

  readRecords(_from: number): undefined {
    // There are no files.
  }

  pinCommits(_since: number): undefined {
    // A backup of it contains blocks.
  }

  holdCommits(since: number, _isKept: (heldBytes: number) => boolean): CommitHold {
    return this.#changes.hold(since)
  }

  releasePreallocated(): boolean {
    return false
  }

  prepareCatalog(): LogEnd {
    return { logSegmentId: NO_SEGMENT_ID, logLsn: 0 }
  }

  appendCatalog(_version: Catalog): void {
    // There is no durable catalog.
  }

  appendKeyspaceChange(change: KeyspaceChange, seq: number): void {
    this.#changes.add(encodeKeyspaceChange(change), seq, LogRecordType.Keyspace)
  }

  flush(): void {
    // There are no files.
  }

  sync(): void {
    // There are no files.
  }

  async flushAsync(): Promise<void> {
    // There are no files.
  }

  countOld(_isOld: (dataKeyId: number) => boolean): OldSegments {
    return { segmentCount: 0, byteCount: 0 }
  }

  async syncAsync(): Promise<void> {
    // There are no files.
  }

  get isSynced(): boolean {
    return true
  }

  async startSync(): Promise<void> {
    // There are no files.
  }

  requestSync(_noticeMs: number, _delayMs: number): undefined {
    // There are no files.
  }

  beginRotation(): LogRotation {
    const bytesBefore = this.bytesSinceCheckpoint
    return {
      rotated: this,
      end: (): ResumableTask => new ResumableTask(this.#subtract(bytesBefore)),
    }
  }

  *#subtract(byteCount: number): TaskSteps {
    yield this
    this.bytesSinceCheckpoint -= byteCount
  }

  *verifySteps(_sink: VerifySink): VerifySteps {
    // There is no file.
  }

  stats(): LogStats {
    return {
      fileBytes: 0,
      segmentCount: 0,
      bytesSinceCheckpoint: this.bytesSinceCheckpoint,
      bufferedBytes: 0,
      unsyncedBytes: 0,
      syncCount: 0,
    }
  }

  close(_clean: boolean): void {
    // There are no files.
  }
}
