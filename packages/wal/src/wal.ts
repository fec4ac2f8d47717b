import { invalidArgument, LdbError, ownOptions, ownProperty, ResumableTask } from '@ldb/base'
import { runVerifySteps, toLsn, toSeq } from '@ldb/base'
import type { TaskSteps, Lsn, Seq, SyncPoll, VerifySink, VerifySteps } from '@ldb/base'
import { InternalVfs, OwnedVfs, resolvePath } from '@ldb/vfs'
import type { DeadlineSync, FilePath, Vfs } from '@ldb/vfs'
import { checkRecord } from './append-options.js'
import type { AppendOptions } from './append-options.js'
import { openLog } from './open-log.js'
import type { OpenedLog } from './open-log.js'
import { resolveWalOptions } from './options.js'
import type { WalOptions } from './options.js'
import { checkReadPosition, WalReader } from './read/reader.js'
import { LogHistory } from './log-history.js'
import type { SegmentList } from './segment/list.js'
import { removalSteps } from './segment/removal.js'
import { verifyOpenLog } from './verify.js'
import { collectStats } from './wal-stats.js'
import type { WalStats } from './wal-stats.js'
import { GroupSync } from './write/group-sync.js'
import type { LogWriter } from './write/log-writer.js'

/**
 * A write-ahead log: an append-only sequence of records with explicit durability and exact recovery.
 *
 * @remarks Invariants: a segment found at open is never appended to (W1); a bad record below the position known to be synced is
 * corruption, above it the end of the log (W2); opening only reads until it writes one new segment (W3); no record is split
 * (W4); truncation removes whole segments only (W5). FORMAT.md specifies the bytes. The log takes no lock: one owner uses it.
 * @example
 * ```ts
 * import { Wal } from '@ldb/wal'
 * import { MemoryVfs } from '@ldb/vfs'
 *
 * const wal = Wal.open(new MemoryVfs(), 'log')
 * wal.append(new Uint8Array([1, 2, 3]))
 * wal.sync()
 * const reader = wal.read(wal.firstLsn)
 * while (reader.next()) console.log(reader.lsn, reader.payload)
 * wal.close()
 * ```
 * @category Log
 */
export class Wal {
  /** @internal */
  readonly vfs: Vfs
  /** @internal */
  readonly segments: SegmentList
  /** True when the log was closed cleanly and is complete; false when it is new or was left open. */
  readonly openedClean: boolean
  /** What identifies the log among those of copies of its directory. */
  readonly history: LogHistory
  readonly #directory: string
  readonly #writer: LogWriter
  readonly #groupSync: GroupSync
  readonly #readers = new Set<WalReader>()
  #closed: boolean

  private constructor(vfs: Vfs, directory: string, opened: OpenedLog) {
    this.vfs = vfs
    this.segments = opened.segments
    this.openedClean = opened.isClean
    this.#directory = directory
    this.#writer = opened.writer
    this.history = new LogHistory(vfs, opened.segments, opened.writer)
    this.#groupSync = new GroupSync(() => this.#syncGroup())
    this.#closed = false
  }

  /**
   * Opens the log in a directory, or creates one. Reads the newest segment in full. If the log was not closed cleanly, writes a
   * new segment that repeats the records which may not have reached the device. A log that was closed cleanly is not written to until the
   * first append.
   *
   * @remarks A relative path is resolved once, here. The log notices before each operation by name when its directory was moved or
   * replaced, and is then `LDB_POISONED`: it neither creates nor removes anything in the directory that took its place.
   * @param directory - path, or `file:` URL. Missing parents are created.
   * @throws {@link LdbError} LDB_NOT_FOUND when there is no log and `create` is false; LDB_CORRUPTION when there is
   * none and `mustExist` is true, when a synced record or a segment is bad or missing, or when a segment belongs to another owner; LDB_FORMAT
   * when this build does not read the format; LDB_IO, LDB_NO_SPACE, LDB_READ_ONLY; LDB_INVALID_ARGUMENT for a bad option.
   */
  static open(vfs: Vfs, directory: FilePath, options?: WalOptions): Wal {
    const path = resolvePath(vfs, directory)
    const owned = OwnedVfs.over(vfs instanceof OwnedVfs ? vfs : InternalVfs.over(vfs), path)
    return new Wal(owned, path, openLog(owned, path, resolveWalOptions(options)))
  }

  /** Position of the oldest readable record; `endLsn` when there is none. */
  get firstLsn(): Lsn {
    return toLsn(this.segments.firstLsn)
  }

  /** Position after the newest record, where the next one is appended. */
  get endLsn(): Lsn {
    return toLsn(this.#writer.endLsn)
  }

  /** Records below this position are written to the operating system and can be read. */
  get flushedLsn(): Lsn {
    return toLsn(this.#writer.flushedLsn)
  }

  /** Records below this position are on the device. */
  get syncedLsn(): Lsn {
    this.#writer.noteSyncs()
    return toLsn(this.#writer.syncedLsn)
  }

  /** True after a failed write or sync, which every later write refuses. */
  get isPoisoned(): boolean {
    return this.#writer.isPoisoned
  }

  /** Seq of the newest record; 0 in an empty log. */
  get lastSeq(): Seq {
    return toSeq(this.#writer.lastSeq)
  }

  /** Greatest seq seen in any record, including records dropped as a torn tail. A new seq must be greater than this one. */
  get seqFloor(): Seq {
    return toSeq(this.#writer.seqFloor)
  }

  /** Seq of the last truncated record, or 0. Records after it can be read. */
  get truncatedSeq(): Seq {
    return toSeq(this.segments.oldest?.header.lastSeq ?? 0)
  }

  /**
   * Appends a record to the buffer and returns its position. The record is in memory only until `flush` or `sync`.
   *
   * @remarks Copies the payload once unless it is borrowed, and allocates nothing. Flushes when the buffer is full. When the segment is full,
   * the next flush or sync creates the next segment.
   * @param payload - up to 1 GiB and 16 MiB. The caller may change it after the call, unless it is borrowed.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_TOO_LARGE: nothing was appended. LDB_POISONED after an earlier
   * failure. LDB_IO, LDB_NO_SPACE, LDB_COMMIT_UNKNOWN as `flush` and `sync`.
   */
  append(payload: Uint8Array, options?: AppendOptions): Lsn {
    this.assertOpen()
    const writer = this.#writer
    const type = (options === undefined ? undefined : ownProperty(options, 'type')) ?? 0
    const seq = (options === undefined ? undefined : ownProperty(options, 'seq')) ?? writer.lastSeq
    const isBorrowed = options === undefined ? undefined : ownProperty(options, 'isBorrowed')
    checkRecord(payload, type, seq, writer.lastSeq)
    return toLsn(writer.append(payload, type, seq, isBorrowed))
  }

  /**
   * Writes all buffered records to the operating system, in one write plus one for each borrowed record. They then survive the
   * end of the process.
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE: the buffered records are in no file and will not reappear.
   * LDB_COMMIT_UNKNOWN when the log cannot guarantee that. LDB_POISONED from then on.
   */
  flush(): void {
    this.assertOpen()
    this.#writer.flush()
  }

  /** As `flush`, without blocking the thread during a rotation. */
  async flushAsync(): Promise<void> {
    this.assertOpen()
    await this.#writer.flushAsync()
  }

  /**
   * Flushes, and waits until every record is on the device. The records then survive power loss. Does no I/O when they are
   * on the device already.
   * @throws {@link LdbError} as `flush`; LDB_COMMIT_UNKNOWN when the sync failed. LDB_POISONED from then on.
   */
  sync(): void {
    this.assertOpen()
    this.#writer.sync()
  }

  /**
   * As `sync`, without blocking the thread. Concurrent callers share one sync; callers that arrive while a sync runs share the next one.
   * Covers every record appended before the call.
   *
   * @throws {@link LdbError} as `sync`, as a rejection.
   */
  async syncAsync(): Promise<void> {
    this.assertOpen()
    const { syncedLsn, endLsn } = this.#writer
    if (syncedLsn === endLsn) this.#writer.assertUsable()
    else await this.#groupSync.request()
  }

  /**
   * Begins a sync by another thread, of all records appended before the call, for a caller that does not yield to the event loop.
   *
   * @throws {@link LdbError} as `sync`; so does the poll.
   */
  beginSync(): SyncPoll {
    this.assertOpen()
    return this.#writer.beginSync()
  }

  /**
   * Flushes, and begins a sync off the thread before it returns, where no rotation is in progress: it runs even if the thread does not
   * yield. Otherwise as `syncAsync`.
   */
  async startSync(): Promise<void> {
    this.assertOpen()
    await this.#writer.syncAsync()
  }

  /**
   * Requests that another thread begins a sync of all flushed records within `delayMs` milliseconds, even if this thread does not
   * yield. See `DeadlineSync.request` of `@ldb/vfs`.
   *
   * @param noticeMs - time until `isWaiting` of the result turns false, at most `delayMs`: the next flush may still precede the sync.
   * @returns the syncs of the current segment; `undefined` where no other thread can sync.
   * @throws {@link LdbError} LDB_COMMIT_UNKNOWN when an earlier requested sync has failed. LDB_POISONED from then on.
   */
  requestSync(noticeMs: number, delayMs: number): DeadlineSync | undefined {
    this.assertOpen()
    return this.#writer.requestSync(noticeMs, delayMs)
  }

  /**
   * Returns a reader positioned before the record at `from`.
   *
   * @param from - position of a record, or `endLsn`.
   * @throws {@link LdbError} LDB_NOT_FOUND when the record was truncated; LDB_INVALID_ARGUMENT when `from` is not a position.
   */
  read(from: Lsn | number): WalReader {
    this.assertOpen()
    checkReadPosition(this, from, this.#writer.endLsn)
    const reader = new WalReader(this, from)
    this.#readers.add(reader)
    return reader
  }

  /**
   * Rotates the log: starts a new segment unless the current one is empty. `truncateBefore` can then remove all records
   * appended before the call. Syncs.
   */
  rotate(): void {
    this.beginRotation().sync()
    this.#writer.sealing?.sync()
  }

  /**
   * As `rotate`, as a resumable task that leaves the seal of the previous segment to later calls. Records appended after this call belong
   * to the new segment, and are flushed and synced only after the task has ended.
   */
  beginRotation(): ResumableTask {
    this.assertOpen()
    return this.#writer.rotate()
  }

  /**
   * Returns the space of preallocated zeros to the device, for other files. The current segment gets no more of them.
   *
   * @returns false when there were none.
   * @throws {@link LdbError} LDB_IO, LDB_CLOSED.
   */
  releasePreallocated(): boolean {
    this.assertOpen()
    return this.#writer.releasePreallocated()
  }

  /**
   * Removes the segments that hold no record at or after `lsn` (W5), oldest first, each durably before the next one: a crash leaves no gap.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `lsn` is beyond the end of the log; LDB_POISONED; LDB_IO.
   */
  truncateBefore(lsn: Lsn | number): void {
    this.beginTruncation(lsn).sync()
  }

  /** As `truncateBefore`, as a resumable task. */
  beginTruncation(lsn: Lsn | number): ResumableTask {
    this.assertOpen()
    this.#writer.assertUsable()
    if (!Number.isSafeInteger(lsn) || lsn < 0 || lsn > this.#writer.endLsn) {
      throw invalidArgument(`${lsn} is not a position in the log`)
    }
    return new ResumableTask(this.#truncate(lsn))
  }

  *#truncate(lsn: number): TaskSteps {
    try {
      // Another thread opens a file that it syncs by its name.
      if (this.#writer.sealing !== undefined) yield this.#writer.sealing
      yield* removalSteps(this.vfs, this.#directory, this.segments, lsn, () => {
        this.assertOpen()
        this.#writer.assertUsable()
      })
    } catch (error) {
      this.#writer.poison(error)
      throw error
    }
  }

  /** As `verifyWal`, up to the last flushed record. @throws {@link LdbError} LDB_CLOSED; what the sink throws. */
  verify(sink: VerifySink): void {
    this.assertOpen()
    runVerifySteps(this.verifySteps(sink))
  }

  /** As {@link Wal.verify}, in steps of about a millisecond, between which the log may be written to and truncated. */
  verifySteps(sink: VerifySink): VerifySteps {
    return verifyOpenLog(this, this.#directory, this.#writer, sink)
  }

  /** Returns statistics of the log. Does no I/O. */
  stats(): WalStats {
    this.assertOpen()
    return collectStats(this.segments, this.#writer)
  }

  /**
   * Closes the log. Idempotent.
   * @param options - `clean` (default true): syncs all records and writes the seal that marks a clean end. Otherwise writes
   * nothing, and unflushed records are lost. A poisoned log is never closed cleanly.
   * @throws {@link LdbError} as `sync`; the files are closed even then.
   */
  close(options?: { readonly clean?: boolean }): void {
    if (this.#closed) return
    const { clean } = ownOptions(options, ['clean'])
    this.#closed = true
    try {
      if (clean !== false && !this.#writer.isPoisoned) this.#writer.closeCleanly()
    } finally {
      for (const reader of this.#readers) reader.close()
      this.#writer.release()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  assertOpen(): void {
    if (this.#closed) throw new LdbError('LDB_CLOSED', 'the log is closed')
  }

  /** @internal */
  forgetReader(reader: WalReader): void {
    this.#readers.delete(reader)
  }

  async #syncGroup(): Promise<void> {
    // A clean close since the request has synced every record.
    if (this.#closed && this.#writer.syncedLsn === this.#writer.endLsn) return
    this.assertOpen()
    await this.#writer.syncAsync()
  }
}
