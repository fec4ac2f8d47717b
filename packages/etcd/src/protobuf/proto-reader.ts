import { decodeUtf8 } from '@ldb/base'

import { malformedMessage } from './malformed-message.js'
import { WireType } from './proto-writer.js'

const VARINT_BYTES_MAX = 10

/**
 * Decodes one protobuf message field by field.
 *
 * @remarks Lengths are checked before they are used. Fields that the caller does not know are skipped by {@link ProtoReader.next}.
 * @throws an `LdbError` with `LDB_IO` when the bytes are not a message.
 */
export class ProtoReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #offset: number
  #wireType = -1
  /** Number of the current field. */
  field = 0

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#offset = start
    this.#end = end
  }

  /** Moves to the next field. The previous one is skipped if it was not read. @returns `false` at the end. */
  next(): boolean {
    if (this.#wireType !== -1) this.#skip()
    if (this.#offset === this.#end) return false
    const tag = this.#varint()
    this.#wireType = tag % 8
    this.field = Math.floor(tag / 8)
    if (this.field === 0) throw malformedMessage('a field has number 0')
    return true
  }

  /** Reads an integer from 0 to 2^53 - 1. */
  integer(): number {
    this.#take(WireType.VARINT)
    return this.#varint()
  }

  /** Reads a boolean. */
  boolean(): boolean {
    return this.integer() !== 0
  }

  /** Reads an integer of 64 bits without a sign. */
  integer64(): bigint {
    this.#take(WireType.VARINT)
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw malformedMessage('an integer has more than 10 bytes')
  }

  /** Reads bytes: a view of the message, which stays in memory with it. */
  bytes(): Uint8Array {
    const start = this.#begin()
    return this.#bytes.subarray(start, this.#offset)
  }

  /** Reads a text. */
  text(): string {
    return decodeUtf8(this.bytes())
  }

  /** Returns a reader of the message that is the field's value. */
  message(): ProtoReader {
    const start = this.#begin()
    return new ProtoReader(this.#bytes, start, this.#offset)
  }

  /** Moves behind a length-delimited field, and returns where its value starts. */
  #begin(): number {
    this.#take(WireType.BYTES)
    const byteCount = this.#varint()
    if (byteCount > this.#end - this.#offset) throw malformedMessage('a field ends behind its message')
    const start = this.#offset
    this.#offset += byteCount
    return start
  }

  #take(wireType: number): void {
    if (this.#wireType !== wireType) {
      throw malformedMessage(`field ${this.field} has wire type ${this.#wireType} instead of ${wireType}`)
    }
    this.#wireType = -1
  }

  #skip(): void {
    const wireType = this.#wireType
    if (wireType === WireType.VARINT) this.#skipVarint()
    else if (wireType === WireType.BYTES) this.#begin()
    else if (wireType === WireType.FIXED32) this.#advance(4)
    else if (wireType === WireType.FIXED64) this.#advance(8)
    else throw malformedMessage(`field ${this.field} has unknown wire type ${wireType}`)
    this.#wireType = -1
  }

  #advance(byteCount: number): void {
    if (byteCount > this.#end - this.#offset) throw malformedMessage('a field ends behind its message')
    this.#offset += byteCount
  }

  #skipVarint(): void {
    for (let count = 0; count < VARINT_BYTES_MAX; count++) if (this.#byte() < 0x80) return
    throw malformedMessage('an integer has more than 10 bytes')
  }

  #varint(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    let value = first - 0x80
    let weight = 0x80
    for (let count = 1; count < 8; count++) {
      const byte = this.#byte()
      value += (byte % 0x80) * weight
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      weight *= 0x80
    }
    throw malformedMessage('an integer is over 2^53 - 1')
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw malformedMessage('it ends within a field')
    return this.#bytes[this.#offset++] as number
  }
}
