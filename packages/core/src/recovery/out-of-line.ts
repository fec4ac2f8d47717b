const BYTES_MIN = 65_536
/** Growth factor of the buffer: a copy costs more than untouched memory. */
const GROWTH = 8
/** A larger buffer grows to the maximum at once. */
const GROWN_BYTES_MAX = 33_554_432

/** Long operations, stored consecutively. To sort them together with the short ones would cost more copies than it saves. */
export class OutOfLineOperations {
  bytes: Uint8Array = new Uint8Array(0)
  /** View of {@link OutOfLineOperations.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  byteCount = 0
  readonly #bytesMax: number

  /** @param bytesMax - expected maximum size. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Appends a copy of an operation, and returns its offset. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.byteCount
    const needed = offset + end - start
    if (needed > this.bytes.length) this.#grow(needed)
    this.bytes.set(bytes.subarray(start, end), offset)
    this.byteCount = needed
    return offset
  }

  /** Removes all operations. */
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
