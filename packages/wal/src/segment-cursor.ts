import { corruption, readU32, readU64 } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { FileWindow } from './file-window.js'
import {
  PAYLOAD_BYTES_MAX,
  RECORD_ALIGNMENT,
  RECORD_CHECKSUM,
  RECORD_HEADER_BYTES,
  RECORD_HEADER_CHECK,
  RECORD_PAYLOAD_BYTES,
  RECORD_RESERVED,
  RECORD_SEQ,
  RECORD_TYPE,
  RECORD_UNSYNCED_BYTES,
  recordBytesOf,
} from './format.js'
import type { Segment } from './segment.js'

const PER_2_32 = 2 ** -32
const halves = new Int32Array(2)

/** Reads and checks the records of one segment, wherever it is told to look. */
export class SegmentCursor {
  readonly segment: Segment
  /** What the header of the record says; meaningful when the last look found its header good. */
  payloadBytes: number
  type: number
  seq: number
  syncedLsn: number
  /** The stored checksum; meaningful when the last look found the whole record good. */
  checksumLow: number
  checksumHigh: number
  readonly #window: FileWindow
  #payloadIndex: number

  constructor(segment: Segment, file: VfsFile) {
    this.segment = segment
    this.payloadBytes = 0
    this.type = 0
    this.seq = 0
    this.syncedLsn = 0
    this.checksumLow = 0
    this.checksumHigh = 0
    this.#window = new FileWindow(file)
    this.#payloadIndex = 0
  }

  /** Bytes of the record, header and padding included. */
  get recordBytes(): number {
    return recordBytesOf(this.payloadBytes)
  }

  /** The payload of the record found last: borrowed, until the next look. */
  get payload(): Uint8Array {
    return this.#window.bytes.subarray(this.#payloadIndex, this.#payloadIndex + this.payloadBytes)
  }

  /**
   * Tells whether a good header stands at `lsn`, and decodes it. All lengths are then within limits and the file.
   *
   * @param endLsn - nothing from here on belongs to the log.
   */
  readHeader(lsn: number, endLsn: number): boolean {
    const { segment } = this
    const offset = segment.fileOffsetOf(lsn)
    const at = this.#window.fetch(offset, RECORD_HEADER_BYTES, segment.fileOffsetOf(endLsn))
    if (at < 0) return false
    const { bytes } = this.#window
    const payloadBytes = readU32(bytes, at + RECORD_PAYLOAD_BYTES)
    if (payloadBytes > PAYLOAD_BYTES_MAX) return false
    if (recordBytesOf(payloadBytes) > endLsn - lsn) return false
    const unsyncedBytes = readU32(bytes, at + RECORD_UNSYNCED_BYTES)
    if (unsyncedBytes > lsn - segment.baseLsn) return false
    const check = readU32(bytes, at + RECORD_HEADER_CHECK)
    // Preallocated zeros, by far the most frequent thing that is not a record.
    if (check === 0 && payloadBytes === 0 && readU32(bytes, at + RECORD_CHECKSUM) === 0) return false
    const seq = readU64(bytes, at + RECORD_SEQ)
    if (seq < 0) return false
    for (let index = at + RECORD_RESERVED; index < at + RECORD_HEADER_BYTES; index++) {
      if (bytes[index] !== 0) return false
    }
    xxHash64(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, segment.seed, halves)
    const lsnLow = lsn - Math.floor(lsn * PER_2_32) * 0x1_0000_0000
    if ((halves[0]! ^ lsnLow) >>> 0 !== check) return false
    this.payloadBytes = payloadBytes
    this.type = bytes[at + RECORD_TYPE]!
    this.seq = seq
    this.syncedLsn = lsn - unsyncedBytes
    return true
  }

  /** Tells whether a good record stands at `lsn`, and decodes it. */
  readRecord(lsn: number, endLsn: number): boolean {
    if (!this.readHeader(lsn, endLsn)) return false
    const { segment } = this
    const recordBytes = recordBytesOf(this.payloadBytes)
    const at = this.#window.fetch(segment.fileOffsetOf(lsn), recordBytes, segment.fileOffsetOf(endLsn))
    if (at < 0) return false
    const { bytes } = this.#window
    const payloadIndex = at + RECORD_HEADER_BYTES
    const payloadEnd = payloadIndex + this.payloadBytes
    for (let index = payloadEnd; index < at + recordBytes; index++) {
      if (bytes[index] !== 0) return false
    }
    xxHash64(bytes, at + RECORD_HEADER_CHECK, payloadEnd, segment.seed, halves)
    const lsnHigh = Math.floor(lsn * PER_2_32)
    const checksumLow = halves[0]! ^ (lsn - lsnHigh * 0x1_0000_0000)
    const checksumHigh = halves[1]! ^ lsnHigh
    if (
      checksumLow >>> 0 !== readU32(bytes, at + RECORD_CHECKSUM) ||
      checksumHigh >>> 0 !== readU32(bytes, at + RECORD_CHECKSUM + 4)
    ) {
      return false
    }
    this.checksumLow = checksumLow
    this.checksumHigh = checksumHigh
    this.#payloadIndex = payloadIndex
    return true
  }

  /**
   * Decodes the record at `lsn`, where one must be.
   *
   * @throws {@link LdbError} LDB_CORRUPTION.
   */
  mustReadRecord(lsn: number, endLsn: number): void {
    if (this.readRecord(lsn, endLsn)) return
    const { segment } = this
    throw corruption(
      segment.path,
      segment.fileOffsetOf(lsn),
      'a record of the log does not match its checksum',
    )
  }

  /**
   * Looks for the first good record at or behind `lsn` and gives its lsn, or −1. Costs time in proportion to the
   * bytes looked through, whatever they hold: headers are salted with a random id, so that no payload can hold
   * something that looks like one and makes its supposed payload be hashed.
   */
  findRecord(lsn: number, endLsn: number): number {
    const last = endLsn - RECORD_HEADER_BYTES
    for (let candidate = lsn; candidate <= last; candidate += RECORD_ALIGNMENT) {
      if (this.readRecord(candidate, endLsn)) return candidate
    }
    return -1
  }

  close(): void {
    this.#window.close()
  }
}
