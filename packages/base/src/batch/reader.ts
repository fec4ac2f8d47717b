import { OperationKind } from './section.js'
import type { BatchSection } from './section.js'
import { compareByteRanges, copyBytes } from '../bytes/bytes.js'
import { corruption } from '../ldb-error.js'
import type { LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.js'
import { decodeVarint, varintBytes } from '../bytes/varint.js'

const NO_BYTES = new Uint8Array(0)
const IN_MEMORY = { file: '(batch in memory)', offset: 0 } as const

/**
 * Walks over the operations of a section without allocating. It checks each operation before it shows it, and that
 * together they fill the section exactly, or begin where it says.
 *
 * @example
 * ```ts
 * import { BatchReader, OperationKind, WriteBatch } from '@ldb/base'
 *
 * const batch = new WriteBatch()
 * batch.put(1, Uint8Array.of(1), Uint8Array.of(2, 3))
 * const reader = new BatchReader()
 * for (const section of batch.sections()) {
 *   reader.reset(section)
 *   while (reader.next()) {
 *     if (reader.kind === OperationKind.Put) console.log(reader.valueEnd - reader.valueStart) // 2
 *   }
 * }
 * ```
 * @category Batches
 */
export class BatchReader {
  /** The bytes that the offsets below are in; borrowed from the section. */
  bytes: Uint8Array
  /** Kind of the operation; 0 before the first and behind the last. */
  kind: OperationKind | 0
  /** Offset of the key, or of the lower bound. */
  keyStart: number
  /** Offset behind the key, or the lower bound. */
  keyEnd: number
  /** Offset of the value, or of the upper bound; `keyEnd` where there is none. */
  valueStart: number
  /** Offset behind the value, or the upper bound; `keyEnd` where there is none. */
  valueEnd: number
  private section: BatchSection | undefined
  private starts: Int32Array | undefined
  private at: number
  private end: number
  private remaining: number

  constructor() {
    this.bytes = NO_BYTES
    this.kind = 0
    this.keyStart = 0
    this.keyEnd = 0
    this.valueStart = 0
    this.valueEnd = 0
    this.section = undefined
    this.starts = undefined
    this.at = 0
    this.end = 0
    this.remaining = 0
  }

  /**
   * Goes to before the first operation of a section.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the section does not lie within its bytes.
   */
  reset(section: BatchSection): void {
    const { bytes, start, end, operationCount } = section
    this.section = section
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw this.fault(start, 'a section lies outside its batch')
    }
    this.bytes = bytes
    this.starts = section.starts
    this.at = start
    this.end = end
    this.remaining = operationCount
    this.leave()
  }

  /**
   * Goes on to the next operation; false when there is none.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when there is none that is well formed, or the operations do not fill the
   * section exactly. The origin of the section gives file and offset.
   */
  next(): boolean {
    if (this.remaining === 0) {
      if (this.starts === undefined && this.at !== this.end)
        throw this.fault(this.at, 'bytes follow the last operation of a section')
      this.leave()
      return false
    }
    const { bytes, end, starts } = this
    const start = starts === undefined ? this.at : this.startIn(starts)
    if (start >= end) throw this.fault(start, 'a section ends before its last operation')
    const kind = bytes[start]!
    if (kind < OperationKind.Put || kind > OperationKind.Expire) {
      throw this.fault(start, 'unknown kind of operation', kind)
    }
    const keyBytes = decodeVarint(bytes, start + 1, end)
    if (keyBytes < 0 || keyBytes > KEY_BYTES_MAX) throw this.fault(start + 1, 'bad length of a key', keyBytes)
    const keyStart = start + 1 + varintBytes(keyBytes)
    if (keyBytes > end - keyStart) throw this.fault(start + 1, 'a key runs over its section', keyBytes)
    const keyEnd = keyStart + keyBytes
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    if (kind === OperationKind.Put) this.readValue(keyEnd, VALUE_BYTES_MAX)
    else if (kind === OperationKind.DeleteRange) this.readUpper(keyStart, keyEnd)
    else this.valueStart = this.valueEnd = keyEnd
    this.at = this.valueEnd
    this.kind = kind as OperationKind
    this.remaining--
    return true
  }

  /** Returns a copy of the key, or of the lower bound. */
  key(): Uint8Array {
    return copyBytes(this.bytes, this.keyStart, this.keyEnd)
  }

  /** Returns a copy of the value, or of the upper bound; empty where there is none. */
  value(): Uint8Array {
    return copyBytes(this.bytes, this.valueStart, this.valueEnd)
  }

  /** Lets the section go, so that a reader that is kept does not keep its bytes; what was shown is no longer valid. */
  release(): void {
    this.bytes = NO_BYTES
    this.section = undefined
    this.starts = undefined
    this.at = 0
    this.end = 0
    this.remaining = 0
    this.leave()
  }

  private startIn(starts: Int32Array): number {
    const { section, remaining } = this
    const start = starts[(section?.operationCount ?? 0) - remaining] ?? -1
    if (start < (section?.start ?? 0)) throw this.fault(start, 'an operation lies outside its section')
    return start
  }

  private readValue(offset: number, bytesMax: number): void {
    const valueBytes = decodeVarint(this.bytes, offset, this.end)
    if (valueBytes < 0 || valueBytes > bytesMax) throw this.fault(offset, 'bad length of a value', valueBytes)
    const valueStart = offset + varintBytes(valueBytes)
    if (valueBytes > this.end - valueStart) {
      throw this.fault(offset, 'a value runs over its section', valueBytes)
    }
    this.valueStart = valueStart
    this.valueEnd = valueStart + valueBytes
  }

  private readUpper(keyStart: number, keyEnd: number): void {
    const { bytes } = this
    this.readValue(keyEnd, KEY_BYTES_MAX)
    if (compareByteRanges(bytes, keyStart, keyEnd, bytes, this.valueStart, this.valueEnd) >= 0) {
      throw this.fault(keyStart, 'the bounds of a range are inverted')
    }
  }

  private leave(): void {
    this.kind = 0
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = this.at
  }

  private fault(position: number, message: string, actual?: number): LdbError {
    const origin = this.section?.origin ?? IN_MEMORY
    // Nothing of a section that is at fault is shown any more, however often next() is called.
    this.kind = 0
    return corruption(origin.file, origin.offset + position, message, actual === undefined ? {} : { actual })
  }
}
