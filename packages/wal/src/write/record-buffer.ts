import { INVARIANTS } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import type { ChainHash } from '../segment/chain-hash.js'
import { kindOfRecord } from '../segment/record-type.js'
import type { Segment } from '../segment/segment.js'
import {
  RECORD_CHECKSUM,
  RECORD_HEADER_BYTES,
  RECORD_HEADER_CHECK,
  RECORD_PAYLOAD_BYTES,
  RECORD_SEQ,
  RECORD_TYPE,
  RECORD_UNSYNCED_BYTES,
  recordBytesOf,
} from '../format.js'

const TWO_POW_32 = 2 ** 32
const PER_2_32 = 2 ** -32
const INITIAL_BYTES = 64 * 1024
/**
 * A borrowed payload is written without a copy from 1/BORROW_DIVISOR of the buffer size on: below it, the extra write costs as much as
 * the copy. Test builds borrow small payloads too.
 */
const BORROW_DIVISOR = INVARIANTS ? 4096 : 16
const halves = new Int32Array(2)

/** Writes a chunk of records after the previous chunk. */
export type ChunkWriter = (bytes: Uint8Array, start: number, byteCount: number) => void

/** A record in the memory of the caller. `at` is the number of buffered bytes that precede it in the log. */
interface BorrowedRecord {
  readonly record: Uint8Array
  readonly at: number
}

/**
 * Encoded records that are not flushed yet, in the order of the log.
 *
 * @remarks In steady state an append allocates nothing: it copies the payload once and hashes it in the buffer. The
 * buffer doubles up to its maximum. A larger record gets a larger buffer, which is released by the next clear. A large borrowed payload
 * is not copied: its header and padding are written around it in the memory of the caller. In an encrypted segment every payload is copied,
 * because the memory of the caller must stay plain.
 */
export class RecordBuffer {
  /** Bytes of all records in the buffer. */
  byteCount: number
  /** The copied records. */
  #bytes: Uint8Array
  #view: DataView
  #copiedBytes: number
  readonly #borrowed: BorrowedRecord[]
  readonly #retainedBytesMax: number

  constructor(retainedBytesMax: number) {
    this.byteCount = 0
    this.#bytes = new Uint8Array(Math.min(INITIAL_BYTES, retainedBytesMax))
    this.#view = viewOf(this.#bytes)
    this.#copiedBytes = 0
    this.#borrowed = []
    this.#retainedBytesMax = retainedBytesMax
  }

  /** Reports whether a record of `recordBytes` fits without a buffer larger than the maximum. */
  fits(recordBytes: number): boolean {
    return recordBytes <= this.#retainedBytesMax - this.byteCount
  }

  /**
   * Encodes a record after the others, adds its checksum to the chain hash, and returns the bytes of the record.
   *
   * @param isBorrowed - the payload and its margins do not change until {@link RecordBuffer.clear}; the buffer may overwrite the margins.
   */
  append(
    payload: Uint8Array,
    type: number,
    seq: number,
    lsn: number,
    unsyncedBytes: number,
    segment: Segment,
    chain: ChainHash,
    isBorrowed = false,
  ): number {
    const { codec } = segment
    const storedBytes = payload.length + codec.trailerBytes
    const recordBytes = recordBytesOf(storedBytes)
    let bytes: Uint8Array
    let view: DataView
    let at = 0
    if (
      isBorrowed &&
      codec.cipher === undefined &&
      payload.length >= this.#retainedBytesMax / BORROW_DIVISOR &&
      hasMarginsFor(payload, recordBytes)
    ) {
      bytes = new Uint8Array(payload.buffer, payload.byteOffset - RECORD_HEADER_BYTES, recordBytes)
      view = viewOf(bytes)
      this.#borrowed.push({ record: bytes, at: this.#copiedBytes })
    } else {
      at = this.#copiedBytes
      if (recordBytes > this.#bytes.length - at) this.#grow(at + recordBytes)
      bytes = this.#bytes
      view = this.#view
      bytes.set(payload, at + RECORD_HEADER_BYTES)
      this.#copiedBytes = at + recordBytes
    }
    const payloadIndex = at + RECORD_HEADER_BYTES
    if (codec.cipher !== undefined) {
      codec.encode(kindOfRecord(type), lsn, seq, bytes, payloadIndex, storedBytes, bytes, payloadIndex)
    }
    encodeRecord(bytes, view, at, storedBytes, type, seq, lsn, unsyncedBytes, segment.frame)
    chain.add(view.getInt32(at + RECORD_CHECKSUM, true), view.getInt32(at + RECORD_CHECKSUM + 4, true))
    this.byteCount += recordBytes
    return recordBytes
  }

  /** Passes all records to `write` in order, one chunk for each contiguous range in memory. */
  writeTo(write: ChunkWriter): void {
    let start = 0
    for (const { record, at } of this.#borrowed) {
      if (at > start) write(this.#bytes, start, at - start)
      write(record, 0, record.length)
      start = at
    }
    if (this.#copiedBytes > start) write(this.#bytes, start, this.#copiedBytes - start)
  }

  /** Removes all records. Releases a buffer larger than the maximum. */
  clear(): void {
    this.byteCount = 0
    this.#copiedBytes = 0
    if (this.#borrowed.length > 0) this.#borrowed.length = 0
    if (this.#bytes.length > this.#retainedBytesMax)
      this.#replaceBytes(new Uint8Array(this.#retainedBytesMax))
  }

  #grow(bytesNeeded: number): void {
    let capacity = this.#bytes.length
    while (capacity < bytesNeeded && capacity < this.#retainedBytesMax) capacity *= 2
    const grown = new Uint8Array(Math.max(Math.min(capacity, this.#retainedBytesMax), bytesNeeded))
    grown.set(this.#bytes.subarray(0, this.#copiedBytes))
    this.#replaceBytes(grown)
  }

  #replaceBytes(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** Reports whether the memory around a payload has the margins for its record: a header before it and padding after it. */
function hasMarginsFor({ byteOffset, buffer }: Uint8Array, recordBytes: number): boolean {
  return (
    byteOffset >= RECORD_HEADER_BYTES && recordBytes <= buffer.byteLength - (byteOffset - RECORD_HEADER_BYTES)
  )
}

/** Encodes the header and the padding of the record at `bytes[at]`, whose payload is already there. */
function encodeRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  payloadBytes: number,
  type: number,
  seq: number,
  lsn: number,
  unsyncedBytes: number,
  frame: UnitCodec,
): void {
  const seqHigh = Math.floor(seq * PER_2_32)
  view.setUint32(at + RECORD_PAYLOAD_BYTES, payloadBytes, true)
  view.setUint32(at + RECORD_SEQ, seq - seqHigh * TWO_POW_32, true)
  view.setUint32(at + RECORD_SEQ + 4, seqHigh, true)
  view.setUint32(at + RECORD_UNSYNCED_BYTES, unsyncedBytes, true)
  // Also zeroes the reserved bytes after the type.
  view.setUint32(at + RECORD_TYPE, type, true)
  const payloadEnd = at + RECORD_HEADER_BYTES + payloadBytes
  for (let index = payloadEnd; index < at + recordBytesOf(payloadBytes); index++) bytes[index] = 0

  const lsnHigh = Math.floor(lsn * PER_2_32)
  const lsnLow = lsn - lsnHigh * TWO_POW_32
  frame.checksum(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, halves)
  view.setInt32(at + RECORD_HEADER_CHECK, halves[0]! ^ lsnLow, true)
  frame.checksum(bytes, at + RECORD_HEADER_CHECK, payloadEnd, halves)
  view.setInt32(at + RECORD_CHECKSUM, halves[0]! ^ lsnLow, true)
  view.setInt32(at + RECORD_CHECKSUM + 4, halves[1]! ^ lsnHigh, true)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
