import { PREVENTS_TRANSFER, sharedBytes, uninitializedBytes } from '@ldb/base'
import type { PageMemory } from '../page/memory.js'

/** Bytes of one slab. */
const SLAB_BYTES = 65_536

const NO_BYTES = new Uint8Array(0)

/** Longer values get a buffer of their own, and all values where the transfer of one could empty the others. */
const SLICE_BYTES_MAX = PREVENTS_TRANSFER ? 8192 : -1

/** Values up to this size are copied word by word: `set` needs a view, which costs more than the copy. */
const LOOP_BYTES_MAX = 160

/**
 * Copies values out of pages, many into one buffer.
 *
 * @remarks V8 allocates typed arrays above 64 bytes outside of its heap, at 400 to 600 ns each. A view of a shared slab costs
 * a tenth of that. The price: one live value keeps its slab of 64 KiB alive, and no value of a slab can be transferred.
 * @internal
 */
export class ValueSlab {
  /** Allocated by the first copy. */
  #bytes = NO_BYTES
  #buffer = NO_BYTES.buffer
  #words = new Int32Array(NO_BYTES.buffer)
  /** A multiple of four. No value, however short, fits into the first slab. */
  #used = SLAB_BYTES + 4

  /** Returns `length` bytes with any content, which the caller owns. */
  take(length: number): Uint8Array {
    if (length > SLICE_BYTES_MAX) return uninitializedBytes(length)
    const start = this.#allocate(length)
    return new Uint8Array(this.#buffer, start, length)
  }

  /** Copies `length` bytes at `start` of a memory. The caller owns the returned array. */
  copy(source: PageMemory, start: number, length: number): Uint8Array {
    if (length > SLICE_BYTES_MAX) {
      const own = uninitializedBytes(length)
      own.set(new Uint8Array(source.buffer, source.bytes.byteOffset + start, length))
      return own
    }
    const used = this.#allocate(length)
    const bytes = this.#bytes
    if (length <= LOOP_BYTES_MAX) {
      const { view } = source
      const words = this.#words
      const whole = length & ~3
      for (let index = 0; index < whole; index += 4) {
        words[(used + index) >> 2] = view.getInt32(start + index, true)
      }
      for (let index = whole; index < length; index += 1) {
        bytes[used + index] = source.bytes[start + index] as number
      }
    } else {
      bytes.set(new Uint8Array(source.buffer, source.bytes.byteOffset + start, length), used)
    }
    return new Uint8Array(this.#buffer, used, length)
  }

  /** Returns the start of `length` bytes of the slab; of a new one if the present one has too few left. */
  #allocate(length: number): number {
    if (length > SLAB_BYTES - this.#used) {
      this.#bytes = sharedBytes(SLAB_BYTES)
      this.#buffer = this.#bytes.buffer
      this.#words = new Int32Array(this.#buffer)
      this.#used = 0
    }
    const start = this.#used
    this.#used = (start + length + 3) & ~3
    return start
  }
}
