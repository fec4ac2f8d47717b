/** Bytes of one slab. */
const SLAB_BYTES = 65_536

/** Values longer than this get an array of their own. */
const SLICE_BYTES_MAX = 8192

/** Values up to this size are copied by a loop: a `set` needs a view, which costs more than the copy. */
const LOOP_BYTES_MAX = 96

/**
 * Copies values out of pages, many into one buffer.
 *
 * @remarks V8 keeps typed arrays above 64 bytes outside of its heap, at 400 to 600 ns each; a view of a shared slab costs
 * a tenth of it. Price: a value that is kept alive keeps its slab of 64 KiB alive.
 * @internal
 */
export class ValueSlab {
  #bytes = new Uint8Array(SLAB_BYTES)
  #used = 0

  /** Gives `source[start .. start + length)` as an array that nobody else writes to. */
  copy(source: Uint8Array, start: number, length: number): Uint8Array {
    if (length > SLICE_BYTES_MAX) return source.slice(start, start + length)
    if (length > SLAB_BYTES - this.#used) {
      this.#bytes = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    const bytes = this.#bytes
    const used = this.#used
    this.#used = used + length
    if (length <= LOOP_BYTES_MAX) {
      for (let index = 0; index < length; index += 1) bytes[used + index] = source[start + index] as number
    } else {
      bytes.set(source.subarray(start, start + length), used)
    }
    return new Uint8Array(bytes.buffer, used, length)
  }
}
