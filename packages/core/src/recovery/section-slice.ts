import { copyWords } from '@ldb/base'
import type { BatchSection } from '@ldb/base'

/** Additional bytes of a grown buffer. */
const GROWTH_BYTES = 262_144
const OPERATIONS_MIN = 4096

/** A section of copied operations on single keys, in ascending order. */
export class SectionSlice implements BatchSection {
  bytes: Uint8Array = new Uint8Array(0)
  readonly start = 0
  end = 0
  operationCount = 0
  readonly isSorted = true
  readonly starts = undefined
  readonly origin = undefined
  #view = new DataView(this.bytes.buffer)

  /** Appends a copy of an operation. */
  add(source: DataView, start: number, byteCount: number): void {
    const { end } = this
    if (byteCount > this.bytes.length - end) this.#grow(byteCount)
    copyWords(source, start, this.#view, end, byteCount)
    this.end = end + byteCount
    this.operationCount++
  }

  /** Removes all operations. */
  clear(): void {
    this.end = 0
    this.operationCount = 0
  }

  #grow(byteCount: number): void {
    const grown = new Uint8Array(Math.max(2 * this.end, this.end + byteCount) + GROWTH_BYTES)
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** A section of operations on single keys, in ascending order, that are referenced instead of copied. */
export class SectionByReference implements BatchSection {
  bytes: Uint8Array = new Uint8Array(0)
  readonly start = 0
  operationCount = 0
  starts: Int32Array = new Int32Array(0)
  readonly isSorted = true
  readonly origin = undefined

  get end(): number {
    return this.bytes.length
  }

  /** Appends the operation at `start`. */
  add(start: number): void {
    const count = this.operationCount
    if (count === this.starts.length) {
      const grown = new Int32Array(2 * count + OPERATIONS_MIN)
      grown.set(this.starts)
      this.starts = grown
    }
    this.starts[count] = start
    this.operationCount = count + 1
  }

  /** Removes all operations. */
  clear(): void {
    this.operationCount = 0
  }
}
