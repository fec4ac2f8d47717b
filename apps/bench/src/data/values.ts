import { Xorshift } from './random-picks.js'

const SEED = 20_250_101

/**
 * Generates values: pseudorandom bytes whose first four contain the entry index. They share one buffer, which the next
 * call overwrites.
 */
export class ValueGenerator {
  readonly #bytes: Uint8Array
  readonly #header: DataView

  /**
   * @param valueBytes - at least 4.
   * @param asBuffer - whether values are Node's `Buffer`s instead of plain `Uint8Array`s.
   */
  constructor(valueBytes: number, asBuffer: boolean) {
    const memory = new ArrayBuffer(valueBytes)
    this.#bytes = asBuffer ? Buffer.from(memory) : new Uint8Array(memory)
    this.#header = new DataView(memory)
    const random = new Xorshift(SEED)
    for (let i = 0; i < valueBytes; i++) this.#bytes[i] = random.next() * 256
  }

  /** Returns the value of an entry. */
  of(index: number): Uint8Array {
    this.#header.setInt32(0, index, true)
    return this.#bytes
  }
}

/** Returns the index of the entry that a value belongs to. */
export function entryIndexOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true)
}
