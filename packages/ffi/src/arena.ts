/** Bytes of an arena at its creation, to which it returns after large values. */
const INITIAL_BYTES = 65_536
/** Capacity above which an arena shrinks once the caller has copied its content. */
const RETAINED_BYTES = 4 * 1024 * 1024

/**
 * The memory through which the bytes of arguments and results pass. The engine owns it, because some engines accept no memory of the
 * host; the host writes into it and reads from it between the calls.
 */
export class Arena {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  readonly #onReplaced: (bytes: Uint8Array) => void

  /** @param onReplaced - receives the memory, now and whenever it is replaced. */
  constructor(onReplaced: (bytes: Uint8Array) => void) {
    this.#onReplaced = onReplaced
    this.#replace(INITIAL_BYTES)
  }

  /** Makes room for `byteCount` bytes. The content is kept. */
  reserve(byteCount: number): void {
    const { bytes } = this
    if (byteCount <= bytes.length) return
    this.#replace(Math.max(byteCount, Math.min(bytes.length * 2, RETAINED_BYTES)))
    this.bytes.set(bytes)
  }

  /** Releases the memory of a large value. The content is lost. */
  shrink(): void {
    if (this.bytes.length > RETAINED_BYTES) this.#replace(INITIAL_BYTES)
  }

  /** Returns a copy of bytes of the arena. */
  copy(start: number, byteCount: number): Uint8Array {
    return this.bytes.slice(start, start + byteCount)
  }

  #replace(byteCount: number): void {
    this.bytes = new Uint8Array(byteCount)
    this.view = new DataView(this.bytes.buffer)
    this.#onReplaced(this.bytes)
  }
}
