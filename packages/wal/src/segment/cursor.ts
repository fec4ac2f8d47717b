import { corruption } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import { FileWindow } from './file-window.js'
import { formatError } from './format-error.js'
import {
  PAYLOAD_BYTES_MAX,
  RECORD_ALIGNMENT,
  RECORD_CHECKSUM,
  RECORD_HEADER_BYTES,
  RECORD_HEADER_CHECK,
  RECORD_PAYLOAD_BYTES,
  RECORD_SEQ,
  RECORD_TYPE,
  RECORD_UNSYNCED_BYTES,
  recordBytesOf,
} from '../format.js'
import { kindOfRecord, unreadableTypeReason } from './record-type.js'
import type { Segment } from './segment.js'

const TWO_POW_32 = 2 ** 32
const PER_2_32 = 2 ** -32
/** Above this, the high half belongs to a number beyond 2^53 − 1. */
const SAFE_HIGH_MAX = 0x1f_ffff
const halves = new Int32Array(2)

/** Reads and validates the records of one segment at given positions. */
export class SegmentCursor {
  readonly segment: Segment
  /** Fields of the record header; valid after a read that found a good header. `storedBytes` includes the trailer of a cipher. */
  lsn: number
  storedBytes: number
  type: number
  /** Bytes after the type; zero in every record that this build understands. */
  reserved: number
  seq: number
  syncedLsn: number
  /** The stored checksum; valid after a read that found a good record. */
  checksumLow: number
  checksumHigh: number
  readonly #window: FileWindow
  #payloadIndex: number

  constructor(segment: Segment, file: VfsFile) {
    this.segment = segment
    this.lsn = 0
    this.storedBytes = 0
    this.type = 0
    this.reserved = 0
    this.seq = 0
    this.syncedLsn = 0
    this.checksumLow = 0
    this.checksumHigh = 0
    this.#window = new FileWindow(file)
    this.#payloadIndex = 0
  }

  /** Bytes of the record, header and padding included. */
  get recordBytes(): number {
    return recordBytesOf(this.storedBytes)
  }

  /** Length of the payload. */
  get payloadBytes(): number {
    return Math.max(0, this.storedBytes - this.segment.codec.trailerBytes)
  }

  /**
   * Payload of the last good record; borrowed until the next read.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when an encrypted payload fails authentication.
   */
  get payload(): Uint8Array {
    const { stored } = this
    return this.segment.codec.cipher === undefined ? stored : this.#decrypt(stored)
  }

  /** Payload of the last good record as it is stored; borrowed until the next read. */
  get stored(): Uint8Array {
    return this.#window.bytes.subarray(this.#payloadIndex, this.#payloadIndex + this.storedBytes)
  }

  /** Bytes of the last good record, header and padding included; borrowed until the next read. */
  get record(): Uint8Array {
    const start = this.#payloadIndex - RECORD_HEADER_BYTES
    return this.#window.bytes.subarray(start, start + this.recordBytes)
  }

  /**
   * Decodes the record header at `lsn` and reports whether it is good: its check matches, and the record fits the limits and ends
   * before `endLsn`.
   *
   * @param endLsn - bytes from this position on are not part of the log.
   */
  readHeader(lsn: number, endLsn: number): boolean {
    const { segment } = this
    const offset = segment.fileOffsetOf(lsn)
    const at = this.#window.fetch(offset, RECORD_HEADER_BYTES, segment.fileOffsetOf(endLsn))
    if (at < 0) return false
    const { bytes, view } = this.#window
    const payloadBytes = view.getUint32(at + RECORD_PAYLOAD_BYTES, true)
    if (payloadBytes > PAYLOAD_BYTES_MAX + segment.codec.trailerBytes) return false
    if (recordBytesOf(payloadBytes) > endLsn - lsn) return false
    const unsyncedBytes = view.getUint32(at + RECORD_UNSYNCED_BYTES, true)
    if (unsyncedBytes > lsn - segment.baseLsn) return false
    const check = view.getInt32(at + RECORD_HEADER_CHECK, true)
    // Preallocated zeros: by far the most frequent bytes that are no record. They need no hash.
    if (check === 0 && payloadBytes === 0 && view.getInt32(at + RECORD_CHECKSUM, true) === 0) return false
    const seqHigh = view.getUint32(at + RECORD_SEQ + 4, true)
    if (seqHigh > SAFE_HIGH_MAX) return false
    segment.frame.checksum(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, halves)
    const lsnLow = lsn - Math.floor(lsn * PER_2_32) * TWO_POW_32
    if (((halves[0] as number) ^ lsnLow) !== check) return false
    this.#decode(at, lsn)
    return true
  }

  /** Decodes the record at `lsn` and reports whether it is good. */
  readRecord(lsn: number, endLsn: number): boolean {
    if (!this.readHeader(lsn, endLsn)) return false
    const { segment } = this
    const recordBytes = recordBytesOf(this.storedBytes)
    const at = this.#window.fetch(segment.fileOffsetOf(lsn), recordBytes, segment.fileOffsetOf(endLsn))
    if (at < 0) return false
    const { bytes, view } = this.#window
    const payloadIndex = at + RECORD_HEADER_BYTES
    const payloadEnd = payloadIndex + this.storedBytes
    for (let index = payloadEnd; index < at + recordBytes; index++) {
      if (bytes[index] !== 0) return false
    }
    const lsnHigh = Math.floor(lsn * PER_2_32)
    const low = view.getInt32(at + RECORD_CHECKSUM, true) ^ (lsn - lsnHigh * TWO_POW_32)
    const high = view.getInt32(at + RECORD_CHECKSUM + 4, true) ^ lsnHigh
    if (!segment.frame.isIntact(bytes, at + RECORD_HEADER_CHECK, payloadEnd, low, high)) return false
    this.#decodeChecksum(at)
    this.#payloadIndex = payloadIndex
    return true
  }

  /** Decodes a record that an earlier read found good, without computing its checksum again. */
  readVerifiedRecord(lsn: number, endLsn: number): boolean {
    const { segment } = this
    const at = this.#window.fetch(
      segment.fileOffsetOf(lsn),
      RECORD_HEADER_BYTES,
      segment.fileOffsetOf(endLsn),
    )
    if (at < 0) return false
    this.#decode(at, lsn)
    this.#decodeChecksum(at)
    return true
  }

  /**
   * Decodes the record at `lsn`.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when there is no good record.
   */
  requireRecord(lsn: number, endLsn: number): void {
    if (this.readRecord(lsn, endLsn)) return
    const { segment } = this
    throw corruption(
      segment.path,
      segment.fileOffsetOf(lsn),
      'a record of the log does not match its checksum',
    )
  }

  /**
   * Refuses a good record or header with reserved bytes: its checksum proves that a writer set them, with a meaning that this build does not
   * know.
   *
   * @throws {@link LdbError} LDB_FORMAT.
   */
  checkReserved(): void {
    if (this.reserved !== 0)
      throw this.#formatError('a record of the log has reserved bytes that this build does not know')
  }

  /**
   * Refuses a good record that this build can neither read nor skip.
   *
   * @throws {@link LdbError} LDB_FORMAT.
   */
  checkReadable(): void {
    this.checkReserved()
    const reason = unreadableTypeReason(this.type)
    if (reason !== undefined) throw this.#formatError(reason)
  }

  /**
   * Searches for the first good record at or after `lsn` and returns its lsn, or −1. Takes time proportional to the bytes searched,
   * whatever they hold: header checks are seeded with a random id, so that a payload cannot contain forged headers whose
   * supposed payloads would have to be hashed.
   */
  findRecord(lsn: number, endLsn: number): number {
    const last = endLsn - RECORD_HEADER_BYTES
    for (let candidate = lsn; candidate <= last; candidate += RECORD_ALIGNMENT) {
      candidate += this.#zeroHeaderBytes(candidate, endLsn)
      if (candidate <= last && this.readRecord(candidate, endLsn)) return candidate
    }
    return -1
  }

  /** Returns the distance from `lsn` to the first position whose header is not all zeros, which no header is. */
  #zeroHeaderBytes(lsn: number, endLsn: number): number {
    const { segment } = this
    const at = this.#window.fetch(
      segment.fileOffsetOf(lsn),
      RECORD_HEADER_BYTES,
      segment.fileOffsetOf(endLsn),
    )
    const headers = at < 0 ? -1 : this.#window.zeroBytesFrom(at) - RECORD_HEADER_BYTES
    return headers < 0 ? 0 : headers - (headers % RECORD_ALIGNMENT) + RECORD_ALIGNMENT
  }

  close(): void {
    this.#window.close()
  }

  #formatError(message: string): LdbError {
    const { segment, lsn } = this
    return formatError(segment.path, segment.fileOffsetOf(lsn), message, { actual: this.type })
  }

  /** Decrypts a copy: the window must keep the stored bytes, which may be read again. */
  #decrypt(stored: Uint8Array): Uint8Array {
    const { segment, lsn, seq, type, payloadBytes } = this
    const bytes = stored.slice()
    const isComplete = bytes.length >= segment.codec.trailerBytes
    if (!isComplete || !segment.codec.decode(kindOfRecord(type), lsn, seq, bytes, 0, bytes.length)) {
      const offset = segment.fileOffsetOf(lsn)
      throw corruption(segment.path, offset, 'the payload of a log record fails authentication')
    }
    return bytes.subarray(0, payloadBytes)
  }

  #decode(at: number, lsn: number): void {
    const { view } = this.#window
    const typeWord = view.getUint32(at + RECORD_TYPE, true)
    this.lsn = lsn
    this.storedBytes = view.getUint32(at + RECORD_PAYLOAD_BYTES, true)
    this.type = typeWord & 0xff
    this.reserved = typeWord >>> 8
    this.seq = view.getUint32(at + RECORD_SEQ + 4, true) * TWO_POW_32 + view.getUint32(at + RECORD_SEQ, true)
    this.syncedLsn = lsn - view.getUint32(at + RECORD_UNSYNCED_BYTES, true)
  }

  #decodeChecksum(at: number): void {
    const { view } = this.#window
    this.checksumLow = view.getInt32(at + RECORD_CHECKSUM, true)
    this.checksumHigh = view.getInt32(at + RECORD_CHECKSUM + 4, true)
  }
}
