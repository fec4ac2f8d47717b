/** Smallest buffer that the pool retains, in bytes; a smaller one is cheaper to allocate than to retain. */
const BYTES_MIN = 1_048_576
/** Largest buffer that the pool references strongly, in bytes; it references a larger one weakly. */
const STRONG_BYTES_MAX = 4_194_304
/** Greatest number of weakly referenced buffers. */
const WEAK_COUNT_MAX = 4
/** Smallest fraction of a buffer that a request must need: a long-lived small batch must not retain a large buffer. */
const USED_FRACTION_MIN = 1 / 32

/**
 * A pool of unused large buffers. First-touch page faults of new memory cost more than the writes to it.
 *
 * @remarks Retains at most one buffer, of at most 4 MiB, and up to four more of any size until the next garbage collection.
 * @internal
 */
export class BufferPool {
  #strong: Uint8Array | undefined = undefined
  #weak: WeakRef<Uint8Array>[] = []

  /**
   * Removes a buffer of at least `byteCount` and at most 32 times as many bytes from the pool and returns it; `undefined` when there is
   * none. Its content is arbitrary. The caller owns it.
   */
  acquire(byteCount: number): Uint8Array | undefined {
    const strong = this.#strong
    if (strong !== undefined && isFitting(strong, byteCount)) {
      this.#strong = undefined
      return strong
    }
    const references = this.#weak
    this.#weak = []
    let acquired: Uint8Array | undefined
    for (const reference of references) {
      const buffer = reference.deref()
      if (buffer === undefined) continue
      if (acquired === undefined && isFitting(buffer, byteCount)) acquired = buffer
      else this.#weak.push(reference)
    }
    return acquired
  }

  /** Adds a buffer to the pool. The caller must not use it afterwards. */
  release(buffer: Uint8Array): void {
    if (buffer.length < BYTES_MIN) return
    const strong = this.#strong
    if (buffer.length > STRONG_BYTES_MAX) this.#addWeak(buffer)
    else if (strong === undefined) this.#strong = buffer
    else if (buffer.length <= strong.length) this.#addWeak(buffer)
    else {
      this.#strong = buffer
      this.#addWeak(strong)
    }
  }

  #addWeak(buffer: Uint8Array): void {
    // Some JavaScript engines do not have weak references.
    if (typeof WeakRef !== 'function') return
    if (this.#weak.length === WEAK_COUNT_MAX) this.#weak.shift()
    this.#weak.push(new WeakRef(buffer))
  }
}

function isFitting(buffer: Uint8Array, byteCount: number): boolean {
  return byteCount <= buffer.length && byteCount >= buffer.length * USED_FRACTION_MIN
}

/** The buffer pool of all batches of the process. @internal */
export const bufferPool: BufferPool = new BufferPool()
