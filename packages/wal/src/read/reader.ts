import { invalidArgument, isLdbError, LdbError, toLsn, toSeq } from '@ldb/base'
import type { Lsn, Seq } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { RECORD_ALIGNMENT } from '../format.js'
import { SegmentCursor } from '../segment/cursor.js'
import type { SegmentList } from '../segment/list.js'

/** What a reader needs to know of its log. */
export interface ReadableLog {
  readonly vfs: Vfs
  readonly segments: SegmentList
  /** Records below this can be read from files. */
  readonly flushedLsn: number
  assertOpen(): void
  forgetReader(reader: WalReader): void
}

/**
 * A place in a log that moves on record by record, over segments, and may be asked again after it has come to the
 * present end. Made by `Wal.read`.
 *
 * @remarks Reads files in large pieces, checks every record, and allocates nothing per record but what the getter of
 * `payload` gives. Sees what was flushed, whether or not it was synced.
 * @category Log
 */
export class WalReader {
  readonly #log: ReadableLog
  readonly #from: number
  #lsn: number
  #nextLsn: number
  #cursor: SegmentCursor | undefined
  #closed: boolean

  /** @internal */
  constructor(log: ReadableLog, from: number) {
    this.#log = log
    this.#from = from
    this.#lsn = -1
    this.#nextLsn = from
    this.#cursor = undefined
    this.#closed = false
  }

  /** Position of the record the reader stands on. */
  get lsn(): Lsn {
    this.#standing()
    return toLsn(this.#lsn)
  }

  /** Position of the record behind it; where `next` goes on. */
  get nextLsn(): Lsn {
    return toLsn(this.#nextLsn)
  }

  /** Type that the record was appended with. */
  get type(): number {
    return this.#standing().type
  }

  /** Seq that the record was appended with. */
  get seq(): Seq {
    return toSeq(this.#standing().seq)
  }

  /** Position up to which the log was known to be synced when the record was appended. */
  get syncedLsn(): Lsn {
    return toLsn(this.#standing().syncedLsn)
  }

  /** Length of the payload, without making a view of it. */
  get payloadBytes(): number {
    return this.#standing().payloadBytes
  }

  /** Payload of the record: borrowed, until the next move or close. */
  get payload(): Uint8Array {
    return this.#standing().payload
  }

  /**
   * Moves to the next record; false at the present end, and the reader then stays on the record it stands on.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the log was cut beyond the next record; LDB_CORRUPTION when the record
   * is bad, now and at every later call; LDB_INVALID_ARGUMENT when no record begins where the reader was to start;
   * LDB_IO; LDB_CLOSED.
   */
  next(): boolean {
    const log = this.#log
    log.assertOpen()
    if (this.#closed) throw new LdbError('LDB_CLOSED', 'the reader of the log is closed')
    const lsn = this.#nextLsn
    if (lsn < log.segments.firstLsn) {
      throw new LdbError('LDB_NOT_FOUND', `the log was cut beyond position ${lsn}`)
    }
    const { flushedLsn } = log
    if (lsn >= flushedLsn) return false
    let cursor = this.#cursor
    if (cursor === undefined || lsn >= (cursor.segment.endLsn ?? flushedLsn))
      cursor = this.#enterSegmentOf(lsn)
    const endLsn = cursor.segment.endLsn ?? flushedLsn
    try {
      cursor.mustReadRecord(lsn, endLsn)
    } catch (error) {
      this.#lsn = -1
      if (lsn === this.#from && isLdbError(error, 'LDB_CORRUPTION')) checkBoundary(cursor, lsn, endLsn)
      throw error
    }
    this.#lsn = lsn
    this.#nextLsn = lsn + cursor.recordBytes
    return true
  }

  /** Gives the file back. Idempotent. */
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

  #standing(): SegmentCursor {
    if (this.#lsn < 0 || this.#cursor === undefined) throw invalidArgument('the reader stands on no record')
    return this.#cursor
  }

  #enterSegmentOf(lsn: number): SegmentCursor {
    this.#lsn = -1
    this.#cursor?.close()
    this.#cursor = undefined
    const segment = this.#log.segments.find(lsn)
    if (segment === undefined) throw new LdbError('LDB_NOT_FOUND', `the log does not reach back to ${lsn}`)
    this.#cursor = new SegmentCursor(segment, this.#log.vfs.open(segment.path, 'read'))
    return this.#cursor
  }
}

/** Tells a caller who asked for a position within a record from a bad record, by walking to it from the front. */
function checkBoundary(cursor: SegmentCursor, from: number, endLsn: number): void {
  let lsn = cursor.segment.baseLsn
  while (lsn < from && cursor.readRecord(lsn, endLsn)) lsn += cursor.recordBytes
  if (lsn > from) throw invalidArgument(`no record of the log begins at position ${from}`)
}

/** Checks a position to read from, before any file is looked at. */
export function checkReadPosition(log: ReadableLog, from: number, endLsn: number): void {
  if (!Number.isSafeInteger(from) || from < 0 || from > endLsn || from % RECORD_ALIGNMENT !== 0) {
    throw invalidArgument(`${from} is not a position in the log`)
  }
  if (from < log.segments.firstLsn) {
    throw new LdbError('LDB_NOT_FOUND', `the log was cut beyond position ${from}`)
  }
}
