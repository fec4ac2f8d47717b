import { INVARIANTS } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { ChainHash } from '../segment/chain-hash.js'
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
 * Part of the usual maximum from which on a payload that is lent is not copied: one more write costs as much as copying it. A small one
 * where invariants are checked.
 */
const LENT_PART = INVARIANTS ? 4096 : 16
const halves = new Int32Array(2)

/** Takes a piece of what is to be written behind the one before. */
export type PieceWriter = (bytes: Uint8Array, start: number, byteCount: number) => void

/** A record that lies in memory of the caller, between those in the buffer: behind so many bytes of them. */
interface BorrowedRecord {
  readonly record: Uint8Array
  readonly at: number
}

/**
 * Encoded records that wait to be handed to the operating system, one behind the other as they will lie in the file.
 *
 * @remarks In steady state an append allocates nothing: the bytes are copied once, and hashed where they lie. The
 * buffer doubles up to its usual maximum; a record beyond that gets a larger one, which is let go when it is clear. A large payload
 * that is lent is not copied: its record is made around it.
 */
export class RecordBuffer {
  /** Bytes of all records that wait. */
  byteCount: number
  /** Records that were copied. */
  #bytes: Uint8Array
  #view: DataView
  #copiedBytes: number
  readonly #borrowed: BorrowedRecord[]
  readonly #usualBytesMax: number

  constructor(usualBytesMax: number) {
    this.byteCount = 0
    this.#bytes = new Uint8Array(Math.min(INITIAL_BYTES, usualBytesMax))
    this.#view = viewOf(this.#bytes)
    this.#copiedBytes = 0
    this.#borrowed = []
    this.#usualBytesMax = usualBytesMax
  }

  /** Reports whether a record of so many bytes fits behind those that are here, without a larger buffer than usual. */
  hasRoomFor(recordBytes: number): boolean {
    return recordBytes <= this.#usualBytesMax - this.byteCount
  }

  /**
   * Encodes a record behind the others and takes it into the chain; gives the bytes it took.
   *
   * @param isBorrowed - payload and the room around it stay as they are until {@link RecordBuffer.clear}; the room is the record's.
   */
  append(
    payload: Uint8Array,
    type: number,
    seq: number,
    lsn: number,
    unsyncedBytes: number,
    seed: Seed64,
    chain: ChainHash,
    isBorrowed = false,
  ): number {
    const recordBytes = recordBytesOf(payload.length)
    let bytes: Uint8Array
    let view: DataView
    let at = 0
    if (
      isBorrowed &&
      payload.length >= this.#usualBytesMax / LENT_PART &&
      hasRoomAround(payload, recordBytes)
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
    encodeRecord(bytes, view, at, payload.length, type, seq, lsn, unsyncedBytes, seed)
    chain.add(view.getInt32(at + RECORD_CHECKSUM, true), view.getInt32(at + RECORD_CHECKSUM + 4, true))
    this.byteCount += recordBytes
    return recordBytes
  }

  /** Returns the records to `write`, in their order, in as few pieces as they lie in. */
  writeTo(write: PieceWriter): void {
    let start = 0
    for (const { record, at } of this.#borrowed) {
      if (at > start) write(this.#bytes, start, at - start)
      write(record, 0, record.length)
      start = at
    }
    if (this.#copiedBytes > start) write(this.#bytes, start, this.#copiedBytes - start)
  }

  /** Forgets the records; a buffer larger than usual is given back. */
  clear(): void {
    this.byteCount = 0
    this.#copiedBytes = 0
    if (this.#borrowed.length > 0) this.#borrowed.length = 0
    if (this.#bytes.length > this.#usualBytesMax) this.#replaceBytes(new Uint8Array(this.#usualBytesMax))
  }

  #grow(bytesNeeded: number): void {
    let capacity = this.#bytes.length
    while (capacity < bytesNeeded && capacity < this.#usualBytesMax) capacity *= 2
    const grown = new Uint8Array(Math.max(Math.min(capacity, this.#usualBytesMax), bytesNeeded))
    grown.set(this.#bytes.subarray(0, this.#copiedBytes))
    this.#replaceBytes(grown)
  }

  #replaceBytes(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** Reports whether a record of so many bytes can be made around a payload, in the buffer that it lies in. */
function hasRoomAround({ byteOffset, buffer }: Uint8Array, recordBytes: number): boolean {
  return (
    byteOffset >= RECORD_HEADER_BYTES && recordBytes <= buffer.byteLength - (byteOffset - RECORD_HEADER_BYTES)
  )
}

/** Makes the record at `bytes[at]` complete, whose payload is in its place. */
function encodeRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  payloadBytes: number,
  type: number,
  seq: number,
  lsn: number,
  unsyncedBytes: number,
  seed: Seed64,
): void {
  const seqHigh = Math.floor(seq * PER_2_32)
  view.setUint32(at + RECORD_PAYLOAD_BYTES, payloadBytes, true)
  view.setUint32(at + RECORD_SEQ, seq - seqHigh * TWO_POW_32, true)
  view.setUint32(at + RECORD_SEQ + 4, seqHigh, true)
  view.setUint32(at + RECORD_UNSYNCED_BYTES, unsyncedBytes, true)
  // The reserved bytes behind the type become zero with it.
  view.setUint32(at + RECORD_TYPE, type, true)
  const payloadEnd = at + RECORD_HEADER_BYTES + payloadBytes
  for (let index = payloadEnd; index < at + recordBytesOf(payloadBytes); index++) bytes[index] = 0

  const lsnHigh = Math.floor(lsn * PER_2_32)
  const lsnLow = lsn - lsnHigh * TWO_POW_32
  xxHash64(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, seed, halves)
  view.setInt32(at + RECORD_HEADER_CHECK, halves[0]! ^ lsnLow, true)
  xxHash64(bytes, at + RECORD_HEADER_CHECK, payloadEnd, seed, halves)
  view.setInt32(at + RECORD_CHECKSUM, halves[0]! ^ lsnLow, true)
  view.setInt32(at + RECORD_CHECKSUM + 4, halves[1]! ^ lsnHigh, true)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
