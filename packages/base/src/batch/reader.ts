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
 * Iterates over the operations of a section without allocating. Validates every operation before it exposes it, and that the
 * operations fill the section exactly, or start at the section's `starts`.
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
  /** Buffer of the following offsets; borrowed from the section. */
  bytes: Uint8Array
  /** Kind of the operation; 0 before the first and after the last. */
  kind: OperationKind | 0
  /** Offset of the key, or of the lower bound. */
  keyStart: number
  /** Offset of the end of the key, or of the lower bound. */
  keyEnd: number
  /** Offset of the value, or of the upper bound; `keyEnd` without one. */
  valueStart: number
  /** Offset of the end of the value, or of the upper bound; `keyEnd` without one. */
  valueEnd: number
  private section: BatchSection | undefined
  private starts: Int32Array | undefined
  private position: number
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
    this.position = 0
    this.end = 0
    this.remaining = 0
  }

  /**
   * Positions the reader before the first operation of a section.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the section does not lie within its bytes.
   */
  reset(section: BatchSection): void {
    const { bytes, start, end, operationCount } = section
    this.section = section
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw this.fault(start, 'section lies outside its batch')
    }
    this.bytes = bytes
    this.starts = section.starts
    this.position = start
    this.end = end
    this.remaining = operationCount
    this.clearOperation()
  }

  /**
   * Advances to the next operation. Returns false after the last one.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when the operation is malformed, or the operations do not fill the section exactly. The
   * origin of the section supplies file and offset.
   */
  next(): boolean {
    if (this.remaining === 0) {
      if (this.starts === undefined && this.position !== this.end)
        throw this.fault(this.position, 'bytes follow the last operation of the section')
      this.clearOperation()
      return false
    }
    const { bytes, end, starts } = this
    const start = starts === undefined ? this.position : this.nextStart(starts)
    if (start >= end) throw this.fault(start, 'section ends before its last operation')
    const kind = bytes[start]!
    if (kind < OperationKind.Put || kind > OperationKind.Expire) {
      throw this.fault(start, 'unknown operation kind', kind)
    }
    const keyBytes = decodeVarint(bytes, start + 1, end)
    if (keyBytes < 0 || keyBytes > KEY_BYTES_MAX) throw this.fault(start + 1, 'invalid key length', keyBytes)
    const keyStart = start + 1 + varintBytes(keyBytes)
    if (keyBytes > end - keyStart) throw this.fault(start + 1, 'key exceeds its section', keyBytes)
    const keyEnd = keyStart + keyBytes
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    if (kind === OperationKind.Put) this.readValue(keyEnd, VALUE_BYTES_MAX)
    else if (kind === OperationKind.DeleteRange) this.readUpper(keyStart, keyEnd)
    else this.valueStart = this.valueEnd = keyEnd
    this.position = this.valueEnd
    this.kind = kind as OperationKind
    this.remaining--
    return true
  }

  /** Returns a copy of the key, or of the lower bound. */
  key(): Uint8Array {
    return copyBytes(this.bytes, this.keyStart, this.keyEnd)
  }

  /** Returns a copy of the value, or of the upper bound; empty without one. */
  value(): Uint8Array {
    return copyBytes(this.bytes, this.valueStart, this.valueEnd)
  }

  /** Drops the reference to the section, so that the reader does not retain its buffer. Invalidates the current operation. */
  release(): void {
    this.bytes = NO_BYTES
    this.section = undefined
    this.starts = undefined
    this.position = 0
    this.end = 0
    this.remaining = 0
    this.clearOperation()
  }

  private nextStart(starts: Int32Array): number {
    const { section, remaining } = this
    const start = starts[(section?.operationCount ?? 0) - remaining] ?? -1
    if (start < (section?.start ?? 0)) throw this.fault(start, 'operation lies outside its section')
    return start
  }

  private readValue(offset: number, bytesMax: number): void {
    const valueBytes = decodeVarint(this.bytes, offset, this.end)
    if (valueBytes < 0 || valueBytes > bytesMax) throw this.fault(offset, 'invalid value length', valueBytes)
    const valueStart = offset + varintBytes(valueBytes)
    if (valueBytes > this.end - valueStart) {
      throw this.fault(offset, 'value exceeds its section', valueBytes)
    }
    this.valueStart = valueStart
    this.valueEnd = valueStart + valueBytes
  }

  private readUpper(keyStart: number, keyEnd: number): void {
    const { bytes } = this
    this.readValue(keyEnd, KEY_BYTES_MAX)
    if (compareByteRanges(bytes, keyStart, keyEnd, bytes, this.valueStart, this.valueEnd) >= 0) {
      throw this.fault(keyStart, 'range has inverted bounds')
    }
  }

  private clearOperation(): void {
    this.kind = 0
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = this.position
  }

  private fault(position: number, message: string, actual?: number): LdbError {
    const origin = this.section?.origin ?? IN_MEMORY
    // A corrupt section exposes no further operation, however often next() is called.
    this.kind = 0
    return corruption(origin.file, origin.offset + position, message, actual === undefined ? {} : { actual })
  }
}
