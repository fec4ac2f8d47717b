import { INVARIANTS, sharedBytes } from '@ldb/base'

/** Lengths are multiples of this. */
const UNIT_BYTES = 512
/** Longer buffers are not kept. */
const KEPT_BYTES_MAX = 32 * 1024
/** Bytes of spare buffers that are kept. */
const SPARE_BYTES_MAX = 1024 * 1024

/** Memory of one block. @category Block cache */
export interface BlockBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same memory as words. */
  readonly words: Int32Array
}

/**
 * The buffers of evicted blocks, for the next blocks.
 *
 * @remarks A new buffer of 4 KiB costs more than a third of a read that misses the cache: its memory is allocated and zeroed outside of the
 * heap of V8, and collected later.
 * @category Block cache
 */
export class BlockBuffers {
  /** By length in units. */
  readonly #spare: BlockBuffer[][] = []
  #spareBytes = 0

  /** Returns a buffer of `byteCount` bytes or a few more, with any content. */
  take(byteCount: number): BlockBuffer {
    const units = Math.ceil(byteCount / UNIT_BYTES)
    const spare = this.#spare[units]?.pop()
    if (spare !== undefined) {
      this.#spareBytes -= spare.bytes.length
      return spare
    }
    const bytes = sharedBytes(units * UNIT_BYTES)
    return { bytes, words: new Int32Array(bytes.buffer) }
  }

  /** Takes a buffer that nothing uses any more. */
  give(buffer: BlockBuffer): void {
    const { bytes } = buffer
    if (INVARIANTS) bytes.fill(0xdb)
    if (bytes.length > KEPT_BYTES_MAX || this.#spareBytes + bytes.length > SPARE_BYTES_MAX) return
    const units = bytes.length / UNIT_BYTES
    while (this.#spare.length <= units) this.#spare.push([])
    this.#spare[units]?.push(buffer)
    this.#spareBytes += bytes.length
  }
}
