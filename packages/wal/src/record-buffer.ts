import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { ChainHash } from './chain-hash.js'
import {
  RECORD_CHECKSUM,
  RECORD_HEADER_BYTES,
  RECORD_HEADER_CHECK,
  RECORD_PAYLOAD_BYTES,
  RECORD_SEQ,
  RECORD_TYPE,
  RECORD_UNSYNCED_BYTES,
  recordBytesOf,
} from './format.js'

const TWO_POW_32 = 2 ** 32
const PER_2_32 = 2 ** -32
const INITIAL_BYTES = 64 * 1024
const halves = new Int32Array(2)

/**
 * Encoded records that wait to be handed to the operating system, one behind the other as they will lie in the file.
 *
 * @remarks In steady state an append allocates nothing: the bytes are copied once, and hashed where they lie. The
 * buffer doubles up to its usual maximum; a record beyond that gets a larger one, which is let go when it is clear.
 */
export class RecordBuffer {
  /** Valid up to {@link RecordBuffer.byteCount}. */
  bytes: Uint8Array
  byteCount: number
  #view: DataView
  readonly #usualBytesMax: number

  constructor(usualBytesMax: number) {
    this.bytes = new Uint8Array(Math.min(INITIAL_BYTES, usualBytesMax))
    this.byteCount = 0
    this.#view = viewOf(this.bytes)
    this.#usualBytesMax = usualBytesMax
  }

  /** Tells whether a record of so many bytes fits behind those that are here, without a larger buffer than usual. */
  hasRoomFor(recordBytes: number): boolean {
    return recordBytes <= this.#usualBytesMax - this.byteCount
  }

  /** Encodes a record behind the others and takes it into the chain; gives the bytes it took. */
  append(
    payload: Uint8Array,
    type: number,
    seq: number,
    lsn: number,
    unsyncedBytes: number,
    seed: Seed64,
    chain: ChainHash,
  ): number {
    const payloadBytes = payload.length
    const recordBytes = recordBytesOf(payloadBytes)
    const at = this.byteCount
    if (recordBytes > this.bytes.length - at) this.#grow(at + recordBytes)
    const { bytes } = this
    const view = this.#view
    const seqHigh = Math.floor(seq * PER_2_32)
    view.setUint32(at + RECORD_PAYLOAD_BYTES, payloadBytes, true)
    view.setUint32(at + RECORD_SEQ, seq - seqHigh * TWO_POW_32, true)
    view.setUint32(at + RECORD_SEQ + 4, seqHigh, true)
    view.setUint32(at + RECORD_UNSYNCED_BYTES, unsyncedBytes, true)
    // The reserved bytes behind the type become zero with it.
    view.setUint32(at + RECORD_TYPE, type, true)
    const payloadEnd = at + RECORD_HEADER_BYTES + payloadBytes
    bytes.set(payload, at + RECORD_HEADER_BYTES)
    for (let index = payloadEnd; index < at + recordBytes; index++) bytes[index] = 0

    const lsnHigh = Math.floor(lsn * PER_2_32)
    const lsnLow = lsn - lsnHigh * TWO_POW_32
    xxHash64(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, seed, halves)
    view.setInt32(at + RECORD_HEADER_CHECK, halves[0]! ^ lsnLow, true)
    xxHash64(bytes, at + RECORD_HEADER_CHECK, payloadEnd, seed, halves)
    const checksumLow = halves[0]! ^ lsnLow
    const checksumHigh = halves[1]! ^ lsnHigh
    view.setInt32(at + RECORD_CHECKSUM, checksumLow, true)
    view.setInt32(at + RECORD_CHECKSUM + 4, checksumHigh, true)
    chain.add(checksumLow, checksumHigh)
    this.byteCount = at + recordBytes
    return recordBytes
  }

  /** Forgets the records; a buffer larger than usual is given back. */
  clear(): void {
    this.byteCount = 0
    if (this.bytes.length > this.#usualBytesMax) this.#replaceBytes(new Uint8Array(this.#usualBytesMax))
  }

  #grow(bytesNeeded: number): void {
    let capacity = this.bytes.length
    while (capacity < bytesNeeded && capacity < this.#usualBytesMax) capacity *= 2
    const grown = new Uint8Array(Math.max(Math.min(capacity, this.#usualBytesMax), bytesNeeded))
    grown.set(this.bytes.subarray(0, this.byteCount))
    this.#replaceBytes(grown)
  }

  #replaceBytes(bytes: Uint8Array): void {
    this.bytes = bytes
    this.#view = viewOf(bytes)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
