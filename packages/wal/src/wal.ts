import { assert, corruption, invalidArgument, LdbError, ResumableTask, toLsn, toSeq } from '@ldb/base'
import type { DeviceSteps, Lsn, Seq, VerifySink } from '@ldb/base'
import { directoryOf } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { sealFoundSegment } from './write/active-segment.js'
import { GroupSync } from './write/group-sync.js'
import { listLogDirectory, removeUnfinished } from './segment/log-directory.js'
import type { LogDirectory } from './segment/log-directory.js'
import { LogWriter } from './write/log-writer.js'
import { recoverLog } from './read/recovery.js'
import type { UnsealedSegment } from './read/recovery.js'
import { FIRST_PLACE } from './write/segment-creation.js'
import { SegmentList } from './segment/list.js'
import { removalSteps } from './segment/removal.js'
import { verifyWal } from './verify.js'
import { resolveWalOptions } from './options.js'
import type { ResolvedWalOptions, WalOptions } from './options.js'
import { checkReadPosition, WalReader } from './read/reader.js'

/** What is said of a record besides its payload. @category Log */
export interface AppendOptions {
  /** The caller's own mark, 0 to 255. Default 0. */
  readonly type?: number
  /** Number of the commit; never below that of the record before. Default that of the record before. */
  readonly seq?: Seq | number
  /**
   * The payload is lent until the next `flush`, `flushAsync`, `sync` or `syncAsync` is done, with 32 bytes in front of it and 7 behind it in its buffer,
   * which the log may change: a large one is then written from where it lies. Without that room it is copied. Default false.
   */
  readonly isBorrowed?: boolean
}

/** What a log can say of itself. Counts run from the opening on. @category Log */
export interface WalStats {
  /** Segments there are. */
  readonly segmentCount: number
  /** Bytes of records from the first to the last that can be read, headers included. */
  readonly logBytes: number
  /** Bytes appended that are not yet known to be on the device. */
  readonly unsyncedBytes: number
  readonly appendedRecordCount: number
  readonly appendedBytes: number
  /** Writes of records to a file. */
  readonly flushCount: number
  /** Syncs of records to the device. */
  readonly syncCount: number
  /** Segments begun, that of the opening included. */
  readonly begunSegmentCount: number
}

/**
 * A write-ahead log: records go in at the end, survive what they were promised to survive, and come out in order.
 *
 * @remarks Rules: a segment found at open is never appended to (W1); a bad record below what is known to have been
 * synced is corruption, above it the end (W2); opening reads until it writes one new segment (W3); no record is split
 * (W4); only whole segments are cut off (W5). FORMAT.md tells how. By one owner: it takes no lock.
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
  /** True when the log was found closed, and whole; false when it is new, or was left open. */
  readonly openedClean: boolean
  readonly #directory: string
  readonly #writer: LogWriter
  readonly #groupSync: GroupSync
  readonly #readers: Set<WalReader>
  #closed: boolean

  private constructor(
    vfs: Vfs,
    directory: string,
    segments: SegmentList,
    writer: LogWriter,
    openedClean: boolean,
  ) {
    this.vfs = vfs
    this.segments = segments
    this.openedClean = openedClean
    this.#directory = directory
    this.#writer = writer
    this.#groupSync = new GroupSync(() => this.#syncShared())
    this.#readers = new Set()
    this.#closed = false
  }

  /**
   * Opens the log in a directory, or makes one. Reads the newest segment; when the log was not closed, then writes a
   * new one that holds again what may not have reached the device. A closed log is not written to until the first
   * append.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when there is no log and `create` is false; LDB_CORRUPTION when there is
   * none and `mustExist` is true, when a synced record is bad or missing, or a segment is, or is somebody else's; LDB_FORMAT when a newer
   * version wrote it; LDB_IO, LDB_NO_SPACE, LDB_READ_ONLY; LDB_INVALID_ARGUMENT for a bad option.
   */
  static open(vfs: Vfs, directory: string, options: WalOptions = {}): Wal {
    const resolved = resolveWalOptions(options)
    const found = listLogDirectory(vfs, directory)
    if (found === undefined || found.segmentNumbers.length === 0) {
      return Wal.#createLog(vfs, directory, resolved, found)
    }
    const recovered = recoverLog(vfs, directory, found.segmentNumbers, resolved.ownerId)
    const segments = new SegmentList(recovered.segments, found.nextNumber)
    const writer = new LogWriter(vfs, directory, resolved, segments, recovered.end, recovered.seqFloor)
    if (!recovered.clean) {
      const source = segments.newest
      assert(source !== undefined, 'a recovered log has segments')
      const { synced, end } = recovered
      begin(writer, () => {
        resolved.beforeWriting?.sync()
        sealFound(vfs, directory, recovered.unsealed)
        writer.begin(synced, synced.lsn < end.lsn ? { source, endLsn: end.lsn } : undefined)
      })
      removeUnfinished(vfs, directory, found.unfinishedNames)
    }
    return new Wal(vfs, directory, segments, writer, recovered.clean)
  }

  static #createLog(
    vfs: Vfs,
    directory: string,
    options: ResolvedWalOptions,
    found: LogDirectory | undefined,
  ): Wal {
    if (options.mustExist) throw corruption(directory, 0, 'the log that must be here has no segment')
    if (!options.create) throw new LdbError('LDB_NOT_FOUND', `there is no log in ${directory}`)
    if (found === undefined) vfs.makeDirectory(directory)
    // A directory that is there already may be one whose maker failed before this.
    vfs.syncDirectory(directoryOf(directory))
    const segments = new SegmentList([], found?.nextNumber ?? 1)
    const writer = new LogWriter(vfs, directory, options, segments, FIRST_PLACE, 0)
    begin(writer, () => writer.begin(FIRST_PLACE, undefined))
    removeUnfinished(vfs, directory, found?.unfinishedNames ?? [])
    return new Wal(vfs, directory, segments, writer, false)
  }

  /** Position of the oldest record that can be read; `endLsn` when there is none. */
  get firstLsn(): Lsn {
    return toLsn(this.segments.firstLsn)
  }

  /** Position behind the newest record: that of the next one. */
  get endLsn(): Lsn {
    return toLsn(this.#writer.endLsn)
  }

  /** Records below this were handed to the operating system, and can be read. */
  get flushedLsn(): Lsn {
    return toLsn(this.#writer.flushedLsn)
  }

  /** Records below this are on the device. */
  get syncedLsn(): Lsn {
    return toLsn(this.#writer.syncedLsn)
  }

  /** Seq of the newest record; 0 when there was never one. */
  get lastSeq(): Seq {
    return toSeq(this.#writer.lastSeq)
  }

  /** Greatest seq seen in any record, dropped ones included: new ones must be greater to be new. */
  get seqFloor(): Seq {
    return toSeq(this.#writer.seqFloor)
  }

  /** Seq of the last record that was cut off, or 0: records from the one behind it on can be read. */
  get cutSeq(): Seq {
    return toSeq(this.segments.oldest?.header.lastSeq ?? 0)
  }

  /**
   * Puts a record behind the others and gives its position. It is in memory only, until `flush` or `sync`.
   *
   * @remarks Copies the payload once, unless it is lent, and allocates nothing. Does I/O only where the buffer is full, which flushes it. Where the
   * segment is, the next flush or sync begins another one.
   * @param payload - up to 1 GiB and 16 MiB; may be changed on return, unless it is lent.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_TOO_LARGE: nothing has happened. LDB_POISONED after an earlier
   * failure. LDB_IO, LDB_NO_SPACE, LDB_COMMIT_UNKNOWN as `flush` and `sync` do.
   */
  append(payload: Uint8Array, options?: AppendOptions): Lsn {
    this.assertOpen()
    const writer = this.#writer
    const type = options?.type ?? 0
    const seq = options?.seq ?? writer.lastSeq
    if (!(payload instanceof Uint8Array))
      throw invalidArgument('the payload of a record must be a Uint8Array')
    if (!Number.isInteger(type) || type < 0 || type > 255) {
      throw invalidArgument('the type of a record must be an integer from 0 to 255')
    }
    if (!Number.isSafeInteger(seq) || seq < writer.lastSeq) {
      throw invalidArgument('the seq of a record must not be below that of the record before it', {
        expected: writer.lastSeq,
        actual: seq,
      })
    }
    return toLsn(writer.append(payload, type, seq, options?.isBorrowed))
  }

  /**
   * Hands everything appended to the operating system, in one write and one more for each record that is lent: it then survives the end of the process.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE: what was to be written is in no file and will not come back.
   * LDB_COMMIT_UNKNOWN when that cannot be said. LDB_POISONED from then on.
   */
  flush(): void {
    this.assertOpen()
    this.#writer.flush()
  }

  /** As `flush`, without blocking while a rotation is under way. */
  async flushAsync(): Promise<void> {
    this.assertOpen()
    await this.#writer.flushAsync()
  }

  /**
   * Flushes, and waits until everything is on the device: it then survives the loss of power. Costs nothing when it
   * is there already.
   *
   * @throws {@link LdbError} as `flush`; LDB_COMMIT_UNKNOWN when the sync failed. LDB_POISONED from then on.
   */
  sync(): void {
    this.assertOpen()
    this.#writer.sync()
  }

  /**
   * As `sync`, without blocking. All who wait share one sync: those who come while one runs, the next. Covers
   * everything appended before the call.
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
   * Returns a reader that stands before the record at `from`.
   *
   * @param from - position of a record, or `endLsn`.
   * @throws {@link LdbError} LDB_NOT_FOUND when it was cut off; LDB_INVALID_ARGUMENT when it is no position.
   */
  read(from: Lsn | number): WalReader {
    this.assertOpen()
    checkReadPosition(this, from, this.#writer.endLsn)
    const reader = new WalReader(this, from)
    this.#readers.add(reader)
    return reader
  }

  /** Begins a new segment, unless the present one is empty: `truncateBefore` then reaches up to here. Syncs. */
  rotate(): void {
    this.beginRotation().sync()
  }

  /**
   * As `rotate`, in steps: records appended from now on go to the new segment, and are flushed and synced when the work that is
   * given is done.
   */
  beginRotation(): ResumableTask {
    this.assertOpen()
    return this.#writer.rotate()
  }

  /**
   * Removes the segments that hold no record at or behind `lsn` (W5). The oldest goes first, and is gone for good
   * before the next: a crash leaves no gap.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the log does not reach that far; LDB_POISONED; LDB_IO.
   */
  truncateBefore(lsn: Lsn | number): void {
    this.beginTruncation(lsn).sync()
  }

  /** As `truncateBefore`, in steps. */
  beginTruncation(lsn: Lsn | number): ResumableTask {
    this.assertOpen()
    this.#writer.assertUsable()
    if (!Number.isSafeInteger(lsn) || lsn < 0 || lsn > this.#writer.endLsn) {
      throw invalidArgument(`${lsn} is not a position in the log`)
    }
    return new ResumableTask(this.#truncate(lsn))
  }

  *#truncate(lsn: number): DeviceSteps {
    try {
      yield* removalSteps(this.vfs, this.#directory, this.segments, lsn, () => {
        this.assertOpen()
        this.#writer.assertUsable()
      })
    } catch (error) {
      this.#writer.poison(error)
      throw error
    }
  }

  /**
   * Checks every record that was flushed, against the files; reports what it finds and goes on.
   *
   * @throws {@link LdbError} LDB_CLOSED; and whatever the sink throws.
   */
  verify(sink: VerifySink): void {
    this.assertOpen()
    verifyWal(this.vfs, this.#directory, sink, this.#writer.flushedLsn, this.segments.newest?.header.ownerId)
  }

  /** Returns figures about the log; costs no I/O. */
  stats(): WalStats {
    this.assertOpen()
    const { counters, endLsn, syncedLsn } = this.#writer
    return {
      segmentCount: this.segments.all.length,
      logBytes: endLsn - this.segments.firstLsn,
      unsyncedBytes: endLsn - syncedLsn,
      appendedRecordCount: counters.recordCount,
      appendedBytes: counters.recordBytes,
      flushCount: counters.flushCount,
      syncCount: counters.syncCount,
      begunSegmentCount: counters.segmentCount,
    }
  }

  /**
   * Closes the log. Idempotent.
   *
   * @param options - `clean` (default true): sync, and write down that this is the end. Otherwise nothing more is
   * written, and what was not flushed is lost. A poisoned log is never closed cleanly.
   * @throws {@link LdbError} as `sync`; the files are given back even so.
   */
  close(options: { readonly clean?: boolean } = {}): void {
    if (this.#closed) return
    this.#closed = true
    try {
      if (options.clean !== false && !this.#writer.failed) this.#writer.closeCleanly()
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

  async #syncShared(): Promise<void> {
    // A clean close in the meantime has synced what this was to sync.
    if (this.#closed && this.#writer.syncedLsn === this.#writer.endLsn) return
    this.assertOpen()
    await this.#writer.syncAsync()
  }
}

/**
 * Makes sure of the seals that may not be on the device, before one more segment follows and nobody looks at them again.
 * The names of the segments come first: whoever wrote them may have failed before that.
 */
function sealFound(vfs: Vfs, directory: string, unsealed: readonly UnsealedSegment[]): void {
  if (unsealed.length === 0) return
  vfs.syncDirectory(directory)
  for (const { segment, seal } of unsealed) sealFoundSegment(vfs, segment, seal)
}

/** Begins a segment while the log is being opened; after a failure there is no log to close. */
function begin(writer: LogWriter, step: () => void): void {
  try {
    step()
  } catch (error) {
    writer.release()
    throw error
  }
}
