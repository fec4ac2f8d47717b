import { copyWords } from '@ldb/base'
import type { BatchSection } from '@ldb/base'

/** Room grows by this much more than it must. */
const ROOM_BYTES = 262_144
const OPERATIONS_MIN = 4096

/** A section that is put together from operations on single keys that ascend. */
export class SectionSlice implements BatchSection {
  bytes: Uint8Array = new Uint8Array(0)
  readonly start = 0
  end = 0
  operationCount = 0
  readonly isSorted = true
  #view = new DataView(this.bytes.buffer)

  /** Takes a copy of an operation. */
  add(source: DataView, start: number, byteCount: number): void {
    const { end } = this
    if (byteCount > this.bytes.length - end) this.#grow(byteCount)
    copyWords(source, start, this.#view, end, byteCount)
    this.end = end + byteCount
    this.operationCount++
  }

  /** Forgets the operations. */
  clear(): void {
    this.end = 0
    this.operationCount = 0
  }

  #grow(byteCount: number): void {
    const grown = new Uint8Array(Math.max(2 * this.end, this.end + byteCount) + ROOM_BYTES)
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** A section of operations on single keys that ascend, which stay where they are. */
export class SectionByReference implements BatchSection {
  bytes: Uint8Array = new Uint8Array(0)
  readonly start = 0
  operationCount = 0
  starts: Int32Array = new Int32Array(0)
  readonly isSorted = true

  get end(): number {
    return this.bytes.length
  }

  /** Takes the operation that begins at `start`. */
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

  /** Forgets the operations. */
  clear(): void {
    this.operationCount = 0
  }
}
