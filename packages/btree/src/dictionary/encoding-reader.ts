import { BatchReader, OperationKind, uninitializedBytes } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import { ENCODED_BYTES_MIN } from './value-encoder.js'
import type { ValueEncoder } from './value-encoder.js'

/** A larger buffer is dropped after its batch. */
const BUFFER_BYTES_KEPT = 1 << 20
const NO_BYTES = new Uint8Array(0)

/**
 * Iterates over a copy of a section, and encodes its values: those that are encoded follow the section in the copy, so that their positions
 * are at or above {@link EncodingReader.encodedFrom}.
 *
 * @internal
 */
export class EncodingReader extends BatchReader {
  /** Values at or above this position are encoded. */
  encodedFrom = 0
  readonly #encoder: ValueEncoder
  /** Finds the ends of operations that are not contiguous. */
  readonly #walker: BatchReader = new BatchReader()
  #buffer: Uint8Array = NO_BYTES
  /** End of the encoded values. */
  #end = 0

  constructor(encoder: ValueEncoder) {
    super()
    this.#encoder = encoder
  }

  override reset(section: BatchSection): void {
    const end = section.starts === undefined ? this.#copy(section) : this.#gather(section, section.starts)
    // An empty value at the end of the section begins at `end`.
    this.encodedFrom = this.#end = end + 1
    const { operationCount, origin } = section
    super.reset({ bytes: this.#buffer, start: 0, end, operationCount, origin })
  }

  override next(): boolean {
    if (!super.next()) return false
    if (this.kind !== OperationKind.Put || this.valueEnd - this.valueStart < ENCODED_BYTES_MIN) return true
    const length = this.#encoder.encode(this.bytes, this.valueStart, this.valueEnd, this.bytes, this.#end)
    if (length === 0) return true
    this.valueStart = this.#end
    this.#end += length
    this.valueEnd = this.#end
    return true
  }

  override release(): void {
    super.release()
    this.#walker.release()
    if (this.#buffer.length > BUFFER_BYTES_KEPT) this.#buffer = NO_BYTES
  }

  /** Copies contiguous operations. Returns their end in the buffer. */
  #copy({ bytes, start, end }: BatchSection): number {
    const byteCount = end - start
    this.#allocate(byteCount)
    this.#buffer.set(byteCount === bytes.length ? bytes : bytes.subarray(start, end))
    return byteCount
  }

  /** Copies operations that other bytes may separate: in a replay, one section of many of the same bytes. */
  #gather(section: BatchSection, starts: Int32Array): number {
    const walker = this.#walker
    let byteCount = 0
    walker.reset(section)
    for (let index = 0; walker.next(); index += 1) byteCount += walker.valueEnd - (starts[index] as number)
    this.#allocate(byteCount)
    let at = 0
    walker.reset(section)
    for (let index = 0; walker.next(); index += 1) {
      const start = starts[index] as number
      this.#buffer.set(section.bytes.subarray(start, walker.valueEnd), at)
      at += walker.valueEnd - start
    }
    return at
  }

  /** Provides space for a section and its encoded values, each of which is shorter than the value. */
  #allocate(sectionBytes: number): void {
    const needed = 2 * sectionBytes + 1
    if (this.#buffer.length < needed) this.#buffer = uninitializedBytes(Math.max(4096, needed))
  }
}
