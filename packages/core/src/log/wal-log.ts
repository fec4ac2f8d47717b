import { ResumableTask } from '@ldb/base'
import type { TaskSteps, Lsn, SyncPoll, VerifySink, VerifySteps } from '@ldb/base'
import type { DeadlineSync } from '@ldb/vfs'
import type { OldSegments, Wal } from '@ldb/wal'
import { changesTruncated } from './change-reader.js'
import type { CommitHold, CommitPin, CommitReader, LogRecordReader } from './change-reader.js'
import { WalCommitReader } from './change-wal-reader.js'
import type { Catalog, CatalogVersion, KeyspaceChange } from '../catalog/catalog.js'
import { encodeKeyspaceChange } from '../catalog/keyspace-change.js'
import { encodeCatalogRecord } from './catalog-record.js'
import { encodeCheckpointRecord } from './checkpoint-record.js'
import type { CheckpointRecord } from './checkpoint-record.js'
import { WalArchiveReader } from './archive-reader.js'
import type { ArchiveReader, LogArchive } from './log-archive.js'
import type { CommitLog, LogEnd, LogRotation, LogStats } from './commit-log.js'
import { LogRecordType } from '../format.js'
import { LargeBytes } from './large-bytes.js'

/** The commits after a position of a consumer. */
interface Hold {
  oldestLsn: number
  readonly isKept: (heldBytes: number) => boolean
}

/** The log of a database on files. */
export class WalLog implements CommitLog {
  readonly isVolatile = false
  unreadHold: CommitHold | undefined = undefined
  readonly #wal: Wal
  /** Start of the bytes since the last checkpoint; the checkpoint record is not counted. */
  #checkpointLsn: number
  readonly #baseSeq: number
  readonly #backlogBytes: number
  /** Version of the durable catalog. */
  #catalog: CatalogVersion
  /** End of the newest commit that writes entries. */
  #entriesEndLsn = 0
  /** Readers of commits, and pins for them. */
  readonly #readers: Set<{ readonly oldestLsn: number }> = new Set()
  /** Positions of consumers. */
  readonly #holds: Set<Hold> = new Set()
  /** No commit above `seq` is before `lsn`. */
  #recent: { readonly seq: number; readonly lsn: number } | undefined = undefined
  #archive: LogArchive | undefined = undefined
  /** Large values of the commits of the log. */
  readonly #largeBytes: LargeBytes

  /**
   * @param isCheckpointed - the checkpoints of the stores contain all commits of the log.
   * @param catalog - version of the durable catalog.
   * @param baseSeq - number of the newest commit before those in the log. A restored log begins after the restored state.
   * @param backlogBytes - bytes of commits, with their large values, that readers of changes may pin.
   * @param largeBytes - large values that the log names.
   */
  constructor(
    wal: Wal,
    isCheckpointed: boolean,
    catalog: CatalogVersion,
    baseSeq: number,
    backlogBytes: number,
    largeBytes: LargeBytes = new LargeBytes(),
  ) {
    this.#wal = wal
    this.#catalog = catalog
    this.#baseSeq = baseSeq
    this.#backlogBytes = backlogBytes
    this.#largeBytes = largeBytes
    this.#checkpointLsn = isCheckpointed ? wal.endLsn : wal.firstLsn
  }

  /** Archives commits from now on: none is removed before it is archived. */
  attachArchive(archive: LogArchive): void {
    this.#archive = archive
  }

  get firstLsn(): number {
    return this.#wal.firstLsn
  }

  get endLsn(): number {
    return this.#wal.endLsn
  }

  /** Opens a reader of the commits after `since` that are on the device. It pins nothing: the archive does. */
  readArchive(since: number): ArchiveReader {
    return new WalArchiveReader(this.#wal, since)
  }

  get segmentId(): Uint8Array {
    return this.#wal.history.segmentId
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

  get truncatedSeq(): number {
    return Math.max(this.#wal.truncatedSeq, this.#baseSeq)
  }

  appendCommit(
    batch: Uint8Array,
    seq: number,
    isBorrowed: boolean,
    writesEntries: boolean,
    largeBytes: number,
  ): void {
    const type = largeBytes > 0 ? LogRecordType.BlobCommit : LogRecordType.Commit
    if (largeBytes > 0) this.#largeBytes.add(this.#wal.endLsn, largeBytes)
    this.#wal.append(batch, { type, seq, isBorrowed })
    this.#archive?.noteAppended(seq)
    if (writesEntries) this.#entriesEndLsn = this.#wal.endLsn
  }

  appendLoad(batch: Uint8Array, seq: number): void {
    this.#wal.append(batch, { type: LogRecordType.Load, seq })
    this.#archive?.noteAppended(seq)
    this.#entriesEndLsn = this.#wal.endLsn
  }

  prepareCatalog(): LogEnd {
    this.#wal.sync()
    if (!this.#wal.history.hasCreatedSegment) this.#wal.rotate()
    return { logSegmentId: this.#wal.history.segmentId, logLsn: this.#wal.endLsn }
  }

  appendCatalog(version: Catalog): void {
    this.#archive?.noteCatalog(version, this.#wal.lastSeq)
    this.#catalog = version
    this.#wal.append(encodeCatalogRecord(version), {
      type: LogRecordType.Catalog,
      seq: this.#wal.lastSeq,
    })
  }

  appendKeyspaceChange(change: KeyspaceChange, seq: number): void {
    this.#wal.append(encodeKeyspaceChange(change), { type: LogRecordType.Keyspace, seq })
    this.#archive?.noteAppended(seq)
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

  beginSync(): SyncPoll {
    return this.#wal.beginSync()
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
    // A position that is recorded later may be lost in a crash, and its commits are needed again.
    const heldLsn = this.#oldestHeld(lsn)
    return { rotated, end: (record) => new ResumableTask(this.#endRotation(lsn, heldLsn, record)) }
  }

  *#endRotation(lsn: Lsn, heldLsn: number, checkpoint: Omit<CheckpointRecord, 'catalog'>): TaskSteps {
    const record = { ...checkpoint, catalog: this.#catalog }
    const recordLsn = this.#wal.append(encodeCheckpointRecord(record), {
      type: LogRecordType.Checkpoint,
      seq: Math.max(record.seq, this.#wal.lastSeq),
    })
    const recordBytes = this.#wal.endLsn - recordLsn
    // No segment is deleted before the checkpoint record is durable.
    yield this.#wal
    if (this.#archive !== undefined) yield this.#archive
    yield this.#wal.beginTruncation(Math.min(heldLsn, this.#oldestNeeded(lsn)))
    this.#largeBytes.truncateBefore(this.#wal.firstLsn)
    this.#checkpointLsn = lsn + recordBytes
    this.#recent = { seq: record.seq, lsn }
  }

  readCommits(since: number): CommitReader {
    return this.#read(since, this.#startOf(since))
  }

  get bounds(): { readonly oldestLsn: number; readonly endLsn: number } {
    return { oldestLsn: this.#wal.firstLsn, endLsn: this.#wal.flushedLsn }
  }

  readRecords(from: number): LogRecordReader {
    return this.#wal.read(from)
  }

  /** Returns a position with no commit above `since` before it. */
  #startOf(since: number): number {
    const recent = this.#recent
    return recent !== undefined && since >= recent.seq ? recent.lsn : this.#wal.firstLsn
  }

  holdCommits(since: number, isKept: (heldBytes: number) => boolean): CommitHold {
    const hold: Hold = { oldestLsn: this.#startOf(since), isKept }
    const heldBytes = (): number => this.#pinnedBytes(hold)
    this.#holds.add(hold)
    return {
      get heldBytes() {
        return heldBytes()
      },
      advance: (_seq, lsn) => {
        hold.oldestLsn = Math.max(hold.oldestLsn, lsn)
      },
      close: () => {
        this.#holds.delete(hold)
      },
    }
  }

  #read(since: number, startLsn: number): WalCommitReader {
    if (since < this.truncatedSeq) throw changesTruncated(since, this.truncatedSeq)
    const reader = new WalCommitReader(this.#wal, since, startLsn, (closed) => {
      this.#readers.delete(closed)
    })
    this.#readers.add(reader)
    return reader
  }

  pinCommits(since: number): CommitPin {
    const pin = { oldestLsn: this.#wal.endLsn }
    this.#readers.add(pin)
    return {
      open: () => this.#read(since, pin.oldestLsn),
      close: () => {
        this.#readers.delete(pin)
      },
    }
  }

  /** Returns the truncation point: the oldest reader within the backlog limit (W5). The next read of a slower reader fails. */
  #oldestNeeded(lsn: number): number {
    // (W5) What is not archived stays, however long the log becomes.
    let oldest = Math.min(lsn, this.#archive?.retainedLsn ?? lsn)
    for (const reader of this.#readers) {
      if (this.#pinnedBytes(reader) <= this.#backlogBytes) oldest = Math.min(oldest, reader.oldestLsn)
    }
    return Math.min(oldest, this.#oldestHeld(lsn))
  }

  /** Returns the oldest position of a consumer within its limits; `lsn` when none is before it. */
  #oldestHeld(lsn: number): number {
    let oldest = lsn
    for (const hold of this.#holds) {
      if (hold.oldestLsn < oldest && hold.isKept(this.#pinnedBytes(hold))) oldest = hold.oldestLsn
    }
    return oldest
  }

  /** Bytes that a reader keeps: of the log, and of the large values that it names. */
  #pinnedBytes({ oldestLsn }: { readonly oldestLsn: number }): number {
    const logBytes = this.#wal.endLsn - oldestLsn
    return logBytes <= 0 ? 0 : logBytes + this.#largeBytes.since(oldestLsn)
  }

  countOld(isOld: (dataKeyId: number) => boolean): OldSegments {
    return this.#wal.history.oldSegments(isOld)
  }

  verifySteps(sink: VerifySink): VerifySteps {
    return this.#wal.verifySteps(sink)
  }

  stats(): LogStats {
    const stats = this.#wal.stats()
    const bufferedBytes = this.#wal.endLsn - this.#wal.flushedLsn
    return {
      fileBytes: stats.logBytes - bufferedBytes,
      segmentCount: stats.segmentCount,
      bytesSinceCheckpoint: this.bytesSinceCheckpoint,
      bufferedBytes,
      unsyncedBytes: stats.unsyncedBytes,
      syncCount: stats.syncCount,
    }
  }

  /** A database that is not closed cleanly archives what it has acknowledged. */
  #closeArchive(): void {
    if (this.#archive === undefined) return
    try {
      if (!this.#wal.isPoisoned) this.#wal.sync()
    } finally {
      this.#archive.close()
    }
  }

  close(clean: boolean): void {
    try {
      this.#closeArchive()
    } finally {
      this.#wal.close({ clean })
    }
  }
}
