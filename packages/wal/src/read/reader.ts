import { invalidArgument, isLdbError, LdbError, toLsn, toSeq } from '@ldb/base'
import type { Lsn, Seq } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { RECORD_ALIGNMENT } from '../format.js'
import { SegmentCursor } from '../segment/cursor.js'
import { isSkippedType } from '../segment/record-type.js'
import type { SegmentList } from '../segment/list.js'

/** The part of a log that its readers use. */
export interface ReadableLog {
  readonly vfs: Vfs
  readonly segments: SegmentList
  /** Records below this position can be read from the files. */
  readonly flushedLsn: number
  assertOpen(): void
  forgetReader(reader: WalReader): void
}

/**
 * A forward reader over the records of a log, across segments. `Wal.read` creates it. After it has reached the end, `next` can be
 * called again to read records flushed since.
 *
 * @remarks Reads files in large blocks and validates every record. Only the `payload` getter allocates. Returns
 * all flushed records, synced or not.
 * @category Log
 */
export class WalReader {
  readonly #log: ReadableLog
  readonly #from: number
  #lsn: number
  #nextLsn: number
  #cursor: SegmentCursor | undefined
  #skippedRecordCount: number
  #closed: boolean

  /** @internal */
  constructor(log: ReadableLog, from: number) {
    this.#log = log
    this.#from = from
    this.#lsn = -1
    this.#nextLsn = from
    this.#cursor = undefined
    this.#skippedRecordCount = 0
    this.#closed = false
  }

  /** Position of the current record. */
  get lsn(): Lsn {
    this.#current()
    return toLsn(this.#lsn)
  }

  /** Position of the record that `next` reads. */
  get nextLsn(): Lsn {
    return toLsn(this.#nextLsn)
  }

  /** Type of the current record. */
  get type(): number {
    return this.#current().type
  }

  /** Seq of the current record. */
  get seq(): Seq {
    return toSeq(this.#current().seq)
  }

  /** Position up to which the log was known to be synced when the current record was appended. */
  get syncedLsn(): Lsn {
    return toLsn(this.#current().syncedLsn)
  }

  /** Length of the payload. Does not allocate a view. */
  get payloadBytes(): number {
    return this.#current().payloadBytes
  }

  /** Number of skippable records that `next` has passed. */
  get skippedRecordCount(): number {
    return this.#skippedRecordCount
  }

  /** Payload of the current record; borrowed until the next call of `next` or `close`. */
  get payload(): Uint8Array {
    return this.#current().payload
  }

  /**
   * Moves to the next record, past records of skippable types. Returns false at the current end of the log; the reader then stays on its current
   * record, or has none if it has passed skippable records.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the next record was truncated; LDB_CORRUPTION when the record
   * is bad, and LDB_FORMAT when this build does not read records of its type, now and at every later call; LDB_INVALID_ARGUMENT when no
   * record begins at the start position of the reader; LDB_IO; LDB_CLOSED.
   */
  next(): boolean {
    const log = this.#log
    log.assertOpen()
    if (this.#closed) throw new LdbError('LDB_CLOSED', 'the reader of the log is closed')
    const lsn = this.#nextLsn
    if (lsn < log.segments.firstLsn) {
      throw new LdbError('LDB_NOT_FOUND', `position ${lsn} of the log was truncated`)
    }
    const { flushedLsn } = log
    while (this.#nextLsn < flushedLsn) {
      const cursor = this.#readNext(flushedLsn)
      if (!isSkippedType(cursor.type)) return true
      this.#lsn = -1
      this.#skippedRecordCount++
    }
    return false
  }

  /** Moves to the next record, whatever its type. */
  #readNext(flushedLsn: number): SegmentCursor {
    const lsn = this.#nextLsn
    let cursor = this.#cursor
    if (cursor === undefined || lsn >= (cursor.segment.endLsn ?? flushedLsn))
      cursor = this.#openSegmentOf(lsn)
    const endLsn = cursor.segment.endLsn ?? flushedLsn
    // A bad record leaves the reader without a current record.
    this.#lsn = -1
    try {
      cursor.requireRecord(lsn, endLsn)
    } catch (error) {
      if (lsn === this.#from && isLdbError(error, 'LDB_CORRUPTION')) checkBoundary(cursor, lsn, endLsn)
      throw error
    }
    cursor.checkReadable()
    this.#lsn = lsn
    this.#nextLsn = lsn + cursor.recordBytes
    return cursor
  }

  /** Closes the file. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#lsn = -1
    this.#cursor?.close()
    this.#cursor = undefined
    this.#log.forgetReader(this)
  }

  /** Closes. */
  [Symbol.dispose](): void {
    this.close()
  }

  #current(): SegmentCursor {
    if (this.#lsn < 0 || this.#cursor === undefined) throw invalidArgument('the reader has no current record')
    return this.#cursor
  }

  #openSegmentOf(lsn: number): SegmentCursor {
    this.#lsn = -1
    this.#cursor?.close()
    this.#cursor = undefined
    const segment = this.#log.segments.find(lsn)
    if (segment === undefined) throw new LdbError('LDB_NOT_FOUND', `position ${lsn} of the log was truncated`)
    this.#cursor = new SegmentCursor(segment, this.#log.vfs.open(segment.path, 'read'))
    return this.#cursor
  }
}

/** Throws LDB_INVALID_ARGUMENT when `from` lies within a record, by reading the segment from its start. */
function checkBoundary(cursor: SegmentCursor, from: number, endLsn: number): void {
  let lsn = cursor.segment.baseLsn
  while (lsn < from && cursor.readRecord(lsn, endLsn)) lsn += cursor.recordBytes
  if (lsn > from) throw invalidArgument(`no record of the log begins at position ${from}`)
}

/** Validates a position to read from, before any file is opened. */
export function checkReadPosition(log: ReadableLog, from: number, endLsn: number): void {
  if (!Number.isSafeInteger(from) || from < 0 || from > endLsn || from % RECORD_ALIGNMENT !== 0) {
    throw invalidArgument(`${from} is not a position in the log`)
  }
  if (from < log.segments.firstLsn) {
    throw new LdbError('LDB_NOT_FOUND', `position ${from} of the log was truncated`)
  }
}
