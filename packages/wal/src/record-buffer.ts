import { writeU32, writeU64 } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { ChainHash } from './chain-hash.js'
import {
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
  readonly #usualBytesMax: number

  constructor(usualBytesMax: number) {
    this.bytes = new Uint8Array(Math.min(INITIAL_BYTES, usualBytesMax))
    this.byteCount = 0
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
    writeU32(bytes, at + RECORD_PAYLOAD_BYTES, payloadBytes)
    writeU64(bytes, at + RECORD_SEQ, seq)
    writeU32(bytes, at + RECORD_UNSYNCED_BYTES, unsyncedBytes)
    bytes[at + RECORD_TYPE] = type
    bytes.fill(0, at + RECORD_RESERVED, at + RECORD_HEADER_BYTES)
    const payloadEnd = at + RECORD_HEADER_BYTES + payloadBytes
    bytes.set(payload, at + RECORD_HEADER_BYTES)
    bytes.fill(0, payloadEnd, at + recordBytes)

    const lsnHigh = Math.floor(lsn * PER_2_32)
    const lsnLow = lsn - lsnHigh * 0x1_0000_0000
    xxHash64(bytes, at + RECORD_PAYLOAD_BYTES, at + RECORD_HEADER_BYTES, seed, halves)
    writeU32(bytes, at + RECORD_HEADER_CHECK, (halves[0]! ^ lsnLow) >>> 0)
    xxHash64(bytes, at + RECORD_HEADER_CHECK, payloadEnd, seed, halves)
    const checksumLow = halves[0]! ^ lsnLow
    const checksumHigh = halves[1]! ^ lsnHigh
    writeU32(bytes, at + RECORD_CHECKSUM, checksumLow >>> 0)
    writeU32(bytes, at + RECORD_CHECKSUM + 4, checksumHigh >>> 0)
    chain.add(checksumLow, checksumHigh)
    this.byteCount = at + recordBytes
    return recordBytes
  }

  /** Forgets the records; a buffer larger than usual is given back. */
  clear(): void {
    this.byteCount = 0
    if (this.bytes.length > this.#usualBytesMax) this.bytes = new Uint8Array(this.#usualBytesMax)
  }

  #grow(bytesNeeded: number): void {
    let capacity = this.bytes.length
    while (capacity < bytesNeeded && capacity < this.#usualBytesMax) capacity *= 2
    const grown = new Uint8Array(Math.max(Math.min(capacity, this.#usualBytesMax), bytesNeeded))
    grown.set(this.bytes.subarray(0, this.byteCount))
    this.bytes = grown
  }
}
