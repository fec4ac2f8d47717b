import { assert, LdbError } from '@ldb/base'
import type { ResumableTask, SyncPoll } from '@ldb/base'
import type { DeadlineSync, Vfs } from '@ldb/vfs'
import { PAYLOAD_BYTES_MAX, SealKind } from '../format.js'
import type { ResolvedWalOptions } from '../options.js'
import type { ChainHash } from '../segment/chain-hash.js'
import type { SegmentList } from '../segment/list.js'
import type { LogPosition } from '../segment/log-position.js'
import type { Segment } from '../segment/segment.js'
import { CurrentSegment } from './current-segment.js'
import { RecordBuffer } from './record-buffer.js'
import { NO_SEGMENT_ID } from './segment-creation.js'
import { nothingToDo } from './nothing-to-do.js'
import { SyncedValues } from './synced-values.js'
import type { TailCopy } from './tail-copy.js'
import { WalCounters } from './wal-counters.js'
import { undoWrite, WriteFailure } from './write-failure.js'

/**
 * Appends, flushes and syncs the records of a log. Invariants:
 * - (1) syncedLsn ≤ flushedLsn ≤ endLsn, and flushedLsn + buffered bytes = endLsn.
 * - (2) The newest segment begins at or below syncedLsn: a segment is synced before its successor is created.
 * - (3) A segment found at open is never appended to (W1).
 * - (4) During a rotation, records of the new segment stay in the buffer until its file is renamed.
 * - (5) syncedLsn is not above the first record of type 6 whose values may not be on the device.
 * - (6) After the first failed write or sync nothing more is written, except the truncation that undoes the failed write.
 */
export class LogWriter {
  endLsn: number
  flushedLsn: number
  syncedLsn: number
  lastSeq: number
  seqFloor: number
  readonly counters: WalCounters
  readonly #values: SyncedValues
  readonly #segmentBytes: number
  readonly #buffer: RecordBuffer
  readonly #current: CurrentSegment
  readonly #failure: WriteFailure
  #chainHash: ChainHash

  /** @param end - end of the log; all records before it are on the device, or {@link LogWriter.begin} copies them. */
  constructor(
    vfs: Vfs,
    directory: string,
    options: ResolvedWalOptions,
    segments: SegmentList,
    end: LogPosition,
    seqFloor: number,
  ) {
    this.endLsn = end.lsn
    this.flushedLsn = end.lsn
    this.syncedLsn = end.lsn
    this.lastSeq = end.lastSeq
    this.seqFloor = Math.max(seqFloor, end.lastSeq)
    this.counters = new WalCounters()
    this.#values = new SyncedValues(options.values)
    this.#segmentBytes = options.segmentBytes
    this.#buffer = new RecordBuffer(options.bufferBytes)
    this.#failure = new WriteFailure()
    this.#current = new CurrentSegment(
      vfs,
      directory,
      options,
      segments,
      this.counters,
      this.#failure,
      (lsn) => {
        this.syncedLsn = lsn
        this.#values.noteSynced(lsn)
      },
    )
    this.#chainHash = end.chainHash.copy()
  }

  /** True after a failed write or sync. */
  get isPoisoned(): boolean {
    return this.#failure.isSet
  }

  /** True when this opening has created a segment. */
  get hasCreatedSegment(): boolean {
    return this.#current.file !== undefined
  }

  /** True when a segment of this opening exists. */
  get hasSegment(): boolean {
    return this.#current.segment !== undefined
  }

  /** @throws {@link LdbError} LDB_POISONED after a failed write or sync. */
  assertUsable(): void {
    this.#failure.assertNone()
  }

  /** Records the first failure. Nothing is written after it. */
  poison(cause: unknown): void {
    this.#failure.set(cause)
  }

  /** Appends a record to the buffer and returns its lsn. A borrowed payload must not change until the next flush has returned. */
  append(payload: Uint8Array, type: number, seq: number, isBorrowed = false): number {
    this.assertUsable()
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `a record of the log may hold ${PAYLOAD_BYTES_MAX} bytes`, {
        details: { expected: PAYLOAD_BYTES_MAX, actual: payload.length },
      })
    }
    const segment = this.#segmentFor(payload.length)
    const recordBytes = segment.recordBytesOf(payload.length)
    if (recordBytes > Number.MAX_SAFE_INTEGER - this.endLsn) {
      throw new LdbError('LDB_TOO_LARGE', 'the log has no positions left')
    }
    if (!this.#buffer.fits(recordBytes)) this.flush()
    const lsn = this.endLsn
    // (2, 4) All records before the segment are synced by the time this record is written.
    const unsyncedBytes = lsn - Math.max(this.syncedLsn, segment.baseLsn)
    this.#buffer.append(payload, type, seq, lsn, unsyncedBytes, segment, this.#chainHash, isBorrowed)
    this.endLsn = lsn + recordBytes
    this.#values.noteAppended(type, lsn)
    this.lastSeq = seq
    if (seq > this.seqFloor) this.seqFloor = seq
    this.counters.recordCount++
    this.counters.recordBytes += recordBytes
    return lsn
  }

  /** Writes all buffered records to the operating system. */
  flush(): void {
    this.#flush()
    this.#current.pollSealing()
  }

  #flush(): void {
    this.assertUsable()
    const { byteCount } = this.#buffer
    if (byteCount === 0) return
    this.#current.rotation?.sync()
    const { file } = this.#current
    assert(file !== undefined, 'buffered records have a segment')
    try {
      file.write(this.#buffer, this.flushedLsn)
    } catch (error) {
      throw undoWrite(file, this.flushedLsn, this.#failure, error)
    }
    this.flushedLsn += byteCount
    this.#buffer.clear()
    this.counters.flushCount++
    assert(this.flushedLsn === this.endLsn, 'a flush must reach the end of the log')
  }

  /** As {@link LogWriter.flush}, but completes a rotation off this thread first. */
  async flushAsync(): Promise<void> {
    await this.#flushAsync()
    void this.#current.continueSealing()
  }

  async #flushAsync(): Promise<void> {
    this.assertUsable()
    while (this.#current.rotation !== undefined) await this.#current.rotation.syncAsync()
    this.#flush()
  }

  /** Requests a sync of all flushed records by another thread; `undefined` where there is none, and while values are not synced. */
  requestSync(noticeMs: number, delayMs: number): DeadlineSync | undefined {
    this.assertUsable()
    this.noteSyncs()
    this.#assertNoFailedSync()
    if (!this.#values.isSynced) return undefined
    this.#values.noteSynced(this.endLsn)
    return this.#current.file?.requestSync(noticeMs, delayMs, this.flushedLsn)
  }

  /** Records the syncs that another thread has completed. */
  noteSyncs(): void {
    const { file } = this.#current
    const syncs = file?.deadlineSync
    if (file === undefined || syncs === undefined || this.#failure.isSet || syncs.failure !== undefined)
      return
    this.counters.syncCount += syncs.takeSyncCount()
    // (5) That thread does not sync values.
    this.syncedLsn = Math.max(this.syncedLsn, Math.min(file.deadlineSyncedLsn, this.#values.unsyncedLsn))
  }

  #assertNoFailedSync(): void {
    const failure = this.#current.file?.deadlineSync?.failure
    if (failure !== undefined) throw this.#failure.setBySync(failure)
  }

  /** Flushes all records and syncs them. */
  sync(): void {
    this.assertUsable()
    this.#current.rotation?.sync()
    this.#flush()
    this.noteSyncs()
    this.#assertNoFailedSync()
    if (this.syncedLsn < this.flushedLsn) this.#syncFile(false)
    this.#current.pollSealing()
  }

  /**
   * Begins a sync of all records by another thread, for a caller that polls the result. Syncs where there is none, and when its success
   * would prove nothing.
   */
  beginSync(): SyncPoll {
    this.assertUsable()
    this.#current.rotation?.sync()
    this.#flush()
    const end = this.flushedLsn
    const syncs = this.requestSync(0, 0)
    return () => {
      this.assertUsable()
      this.noteSyncs()
      this.#assertNoFailedSync()
      if (this.syncedLsn >= end) return true
      if (syncs?.isServed === true && this.#current.file?.hasUnknownWriteback === false) return false
      this.sync()
      return true
    }
  }

  /** As {@link LogWriter.sync}, off this thread. Does not cover records appended after the call. */
  async syncAsync(): Promise<void> {
    // Without a rotation, the sync has started when this call returns, and the caller can work while it runs.
    if (this.#current.rotation === undefined) this.#flush()
    else await this.#flushAsync()
    const covered = this.flushedLsn
    const { file } = this.#current
    if (this.syncedLsn >= covered || file === undefined) return
    try {
      file.allocateAhead(covered)
      this.counters.syncCount++
      await this.#values.syncAsync(file.syncAsync())
    } catch (error) {
      throw this.#failure.setBySync(error)
    }
    // If another write or sync has failed meanwhile, the success of this sync proves nothing.
    if (this.#failure.isSet) throw this.#failure.setBySync(this.#failure.cause)
    if (covered > this.syncedLsn) this.syncedLsn = covered
    this.#values.noteSynced(covered)
    void this.#current.continueSealing()
    file.fillAhead(this.flushedLsn).catch((error: unknown) => {
      // That sync may have reported the failed write-back of records.
      this.#failure.setBySync(error)
    })
  }

  /**
   * Starts a rotation unless the current segment is empty. Records appended from now on belong to the new segment; the
   * returned task creates its file.
   */
  rotate(): ResumableTask {
    this.assertUsable()
    this.noteSyncs()
    const current = this.#current
    current.rotation?.sync()
    if (current.segment !== undefined && current.segment.baseLsn >= this.endLsn) {
      return nothingToDo()
    }
    this.#flush()
    return current.rotate(this.#endPosition(), this.seqFloor, this.syncedLsn === this.flushedLsn)
  }

  /** The sealing of the segment before the current one, while it is not on the device. */
  get sealing(): ResumableTask | undefined {
    return this.#current.sealing
  }

  /** Returns the space of preallocated zeros to the device. Returns false when there are none. */
  releasePreallocated(): boolean {
    const { file, rotation } = this.#current
    if (file === undefined || rotation !== undefined || this.isPoisoned) return false
    return file.releaseAhead(this.flushedLsn)
  }

  /** Creates the first segment of this opening at `start`, with a copy of `tail`. */
  begin(start: LogPosition, tail: TailCopy | undefined): void {
    this.#chainHash = this.#current.create(start, this.seqFloor, tail)
  }

  /** Continues the only segment of a log, which this process has created and synced. */
  continueSegment(segment: Segment): void {
    this.#current.continue(segment)
  }

  /** Syncs all records and seals the log: the next open treats any missing record as corruption. */
  closeCleanly(): void {
    this.#current.rotation?.sync()
    this.#current.sealing?.sync()
    const { file } = this.#current
    if (file === undefined) return
    this.#flush()
    try {
      // Zeros that were preallocated may come back after a crash: what follows the end in the seal means nothing.
      file.truncateTo(this.flushedLsn)
      this.noteSyncs()
      this.#assertNoFailedSync()
      if (this.syncedLsn < this.flushedLsn) this.#syncFile(true)
      const { lsn, lastSeq, chainHash } = this.#endPosition()
      file.writeSeal({ kind: SealKind.closed, endLsn: lsn, lastSeq, chainHash, successorId: NO_SEGMENT_ID })
      file.sync()
    } catch (error) {
      this.poison(error)
      throw error
    }
  }

  /** Closes the files without a write. */
  release(): void {
    this.#current.release()
  }

  /** Returns the segment for the next record, after a rotation if the current one is full. */
  #segmentFor(payloadBytes: number): Segment {
    const { segment } = this.#current
    if (segment !== undefined) {
      const usedBytes = this.endLsn - segment.baseLsn
      // A record larger than a segment gets a segment of its own (W4).
      if (usedBytes === 0 || segment.recordBytesOf(payloadBytes) <= this.#segmentBytes - usedBytes)
        return segment
    }
    // The next flush or sync runs the task, off the thread if it is asynchronous.
    this.rotate()
    const next = this.#current.segment
    assert(next !== undefined, 'a rotation sets the segment')
    return next
  }

  #endPosition(): LogPosition {
    assert(this.flushedLsn === this.endLsn, 'the end position requires an empty buffer')
    return { lsn: this.endLsn, lastSeq: this.lastSeq, chainHash: this.#chainHash.copy() }
  }

  /** @param isExact - true when no space may be allocated after the last record. */
  #syncFile(isExact: boolean): void {
    const { file } = this.#current
    assert(file !== undefined, 'a sync of records requires a segment')
    try {
      if (!isExact) file.allocateAhead(this.flushedLsn)
      this.counters.syncCount++
      this.#values.sync()
      file.sync()
    } catch (error) {
      throw this.#failure.setBySync(error)
    }
    this.syncedLsn = this.flushedLsn
    this.#values.noteSynced(this.flushedLsn)
  }
}
