import { decodeVarint, varintBytes } from '@ldb/base'
import { decodeLongVarint, longVarintBytes } from './long-varint.js'

/** The lengths in front of a record of a block, and its stamp. Reused for many records. */
export class RecordHeader {
  /** Bytes of the key behind the prefix of the block. */
  restBytes = 0
  /** Stamp of the entry minus that of the block. */
  stampDelta = 0
  valueBytes = 0
  /** Offset of the rest of the key; the value follows it. */
  rest = 0

  /**
   * Reads the header of a record.
   *
   * @param offset - of the record, within `bytes`.
   * @returns false when it is malformed; the fields are then unspecified. Whether key and value lie within `bytes` is not checked.
   */
  read(bytes: Uint8Array, offset: number): boolean {
    const end = bytes.length
    let at = offset + 1
    // Most headers have seven bytes or fewer; a header at the end of the block takes the slow path.
    if (at + 8 <= end) {
      let restBytes = bytes[at++]!
      if (restBytes >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80 || second === 0) return this.#readSlowly(bytes, offset)
        restBytes = (restBytes & 0x7f) | (second << 7)
      }
      let stampDelta = bytes[at++]!
      if (stampDelta >= 0x80) {
        const second = bytes[at++]!
        stampDelta = (stampDelta & 0x7f) | ((second & 0x7f) << 7)
        if (second >= 0x80) {
          const third = bytes[at++]!
          if (third >= 0x80 || third === 0) return this.#readSlowly(bytes, offset)
          stampDelta |= third << 14
        } else if (second === 0) return false
      }
      let valueBytes = bytes[at++]!
      if (valueBytes >= 0x80) {
        const second = bytes[at++]!
        if (second >= 0x80 || second === 0) return this.#readSlowly(bytes, offset)
        valueBytes = (valueBytes & 0x7f) | (second << 7)
      }
      this.restBytes = restBytes
      this.stampDelta = stampDelta
      this.valueBytes = valueBytes
      this.rest = at
      return true
    }
    return this.#readSlowly(bytes, offset)
  }

  #readSlowly(bytes: Uint8Array, offset: number): boolean {
    const end = bytes.length
    const restBytes = decodeVarint(bytes, offset + 1, end)
    if (restBytes < 0) return false
    const stampOffset = offset + 1 + varintBytes(restBytes)
    const stampDelta = decodeLongVarint(bytes, stampOffset, end)
    if (stampDelta < 0) return false
    const valueOffset = stampOffset + longVarintBytes(stampDelta)
    const valueBytes = decodeVarint(bytes, valueOffset, end)
    if (valueBytes < 0) return false
    this.restBytes = restBytes
    this.stampDelta = stampDelta
    this.valueBytes = valueBytes
    this.rest = valueOffset + varintBytes(valueBytes)
    return true
  }
}
