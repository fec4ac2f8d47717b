const BYTES_MIN = 65_536
/** Room grows by this factor: memory that is not touched costs nothing, moving what is there does. */
const GROWTH = 8
/** Beyond this it grows at once to all that it may take. */
const GROWN_BYTES_MAX = 33_554_432

/** Long operations, one behind the other: to move them about with the short ones would cost more than it saves. */
export class OutOfLineOperations {
  bytes: Uint8Array = new Uint8Array(0)
  /** Of {@link OutOfLineOperations.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  byteCount = 0
  readonly #bytesMax: number

  /** @param bytesMax - about as many bytes as it will hold at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes a copy of an operation and gives the offset where it stands. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.byteCount
    const needed = offset + end - start
    if (needed > this.bytes.length) this.#grow(needed)
    this.bytes.set(bytes.subarray(start, end), offset)
    this.byteCount = needed
    return offset
  }

  /** Forgets the operations. */
  clear(): void {
    this.byteCount = 0
  }

  #grow(needed: number): void {
    const { length } = this.bytes
    const next = length < GROWN_BYTES_MAX ? Math.max(BYTES_MIN, GROWTH * length) : this.#bytesMax
    const grown = new Uint8Array(Math.max(needed, Math.min(next, this.#bytesMax)))
    grown.set(this.bytes.subarray(0, this.byteCount))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}
