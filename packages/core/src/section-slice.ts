import { copyWords } from '@ldb/base'
import type { BatchSection } from '@ldb/base'

/** Room grows by this much more than it must. */
const ROOM_BYTES = 262_144

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
