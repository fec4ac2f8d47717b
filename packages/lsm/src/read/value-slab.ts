import { copyBytes, PREVENTS_TRANSFER, sharedBytes, uninitializedBytes } from '@ldb/base'

const SLAB_BYTES = 65_536
/** Longer values get a buffer of their own, and all values where the transfer of one could empty the others. */
const SLICE_BYTES_MAX = PREVENTS_TRANSFER ? 8192 : -1
/** V8 allocates arrays up to this length on its heap, at less than a view of a slab. */
const HEAP_BYTES_MAX = 64
const NO_BYTES = new Uint8Array(0)

/**
 * Copies values, many into one buffer.
 *
 * @remarks V8 allocates typed arrays above 64 bytes outside of its heap, which takes longer than the lookup of a cached entry. One live
 * value keeps its slab of 64 KiB alive.
 */
export class ValueSlab {
  #bytes = NO_BYTES
  #used = 0

  /** Copies `source[start, end)`. The caller owns the returned array. */
  copy(source: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start
    if (length <= HEAP_BYTES_MAX) return copyBytes(source, start, end)
    if (length > SLICE_BYTES_MAX) {
      const own = uninitializedBytes(length)
      own.set(source.subarray(start, end))
      return own
    }
    if (length > this.#bytes.length - this.#used) {
      this.#bytes = sharedBytes(SLAB_BYTES)
      this.#used = 0
    }
    const bytes = this.#bytes
    const used = this.#used
    this.#used = used + length
    bytes.set(source.subarray(start, end), used)
    return bytes.subarray(used, used + length)
  }
}
