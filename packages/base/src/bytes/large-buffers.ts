/** Buffers from this size on are kept; smaller ones cost less to make than to keep. */
const BYTES_MIN = 1_048_576
/** A buffer up to this size is kept for good; a larger one, until memory is needed. */
const BYTES_HELD_MAX = 4_194_304
const LOOSE_MAX = 4
/** Whoever needs less than this part of a buffer does not get it: a small batch that lives long would keep a large one. */
const PART_MIN = 1 / 32

/**
 * Buffers that nobody uses any more, for whoever needs one as large: memory that is touched for the first time costs more than what is
 * then written to it.
 *
 * @remarks At most one buffer, of at most 4 MiB, is held; up to four more, of any size, go when the garbage is collected.
 * @internal
 */
export class LargeBuffers {
  #held: Uint8Array | undefined = undefined
  #loose: WeakRef<Uint8Array>[] = []

  /**
   * Returns a buffer of at least `byteCount` bytes, and not very many more, with anything in it; `undefined` when there is none. The
   * caller owns it.
   */
  take(byteCount: number): Uint8Array | undefined {
    const held = this.#held
    if (held !== undefined && isFitting(held, byteCount)) {
      this.#held = undefined
      return held
    }
    const kept = this.#loose
    this.#loose = []
    let taken: Uint8Array | undefined
    for (const reference of kept) {
      const buffer = reference.deref()
      if (buffer === undefined) continue
      if (taken === undefined && isFitting(buffer, byteCount)) taken = buffer
      else this.#loose.push(reference)
    }
    return taken
  }

  /** Takes a buffer that nobody will look at again. */
  give(buffer: Uint8Array): void {
    if (buffer.length < BYTES_MIN) return
    const held = this.#held
    if (buffer.length > BYTES_HELD_MAX) this.#loosen(buffer)
    else if (held === undefined) this.#held = buffer
    else if (buffer.length <= held.length) this.#loosen(buffer)
    else {
      this.#held = buffer
      this.#loosen(held)
    }
  }

  #loosen(buffer: Uint8Array): void {
    // Some engines have none.
    if (typeof WeakRef !== 'function') return
    if (this.#loose.length === LOOSE_MAX) this.#loose.shift()
    this.#loose.push(new WeakRef(buffer))
  }
}

function isFitting(buffer: Uint8Array, byteCount: number): boolean {
  return byteCount <= buffer.length && byteCount >= buffer.length * PART_MIN
}

/** Buffers of all batches of the process. @internal */
export const largeBuffers: LargeBuffers = new LargeBuffers()
