/** The shapes of keys. Keys of each shape are ordered, and after each key there is an absent key. */
export const KEY_SHAPES = ['decimal', 'binary', 'url', 'tuple'] as const

/** Name of a key shape. */
export type KeyShape = (typeof KEY_SHAPES)[number]

/** A key as a store accepts it: bytes, or the elements of a tuple. */
export type Key = Uint8Array | readonly (string | number)[]

/**
 * Generates keys from entry indexes. Byte keys are written into one small buffer, which the next call overwrites: a
 * table of a million keys would cost two cache misses per access and hide what is measured.
 */
export interface KeyGenerator {
  /** Returns the key of an entry. */
  of(index: number): Key
  /** Returns a key that sorts directly after that of an entry and belongs to no entry. */
  absent(index: number): Key
}

/** Bytes of a key, by shape; 0 for tuples, whose size depends on the encoding. */
export const KEY_BYTES: Readonly<Record<KeyShape, number>> = { decimal: 16, binary: 16, url: 40, tuple: 0 }

/**
 * Returns a key generator.
 *
 * @param asBuffer - whether keys are Node's `Buffer`s instead of plain `Uint8Array`s.
 */
export function createKeyGenerator(shape: KeyShape, asBuffer: boolean): KeyGenerator {
  switch (shape) {
    case 'decimal':
      return new DigitKeys(16, '', asBuffer)
    case 'url':
      return new DigitKeys(40, 'https://www.example.com/item', asBuffer)
    case 'binary':
      return new BinaryKeys(asBuffer)
    case 'tuple':
      return new TupleKeys()
  }
}

/** Allocates bytes that are alone in their `ArrayBuffer`. */
function scratch(bytes: number, asBuffer: boolean): Uint8Array {
  const memory = new ArrayBuffer(bytes)
  return asBuffer ? Buffer.from(memory) : new Uint8Array(memory)
}

/** Decimal digits after a common prefix; ten digits vary, two are written at a time. */
class DigitKeys implements KeyGenerator {
  readonly #bytes: Uint8Array
  readonly #pairs: Uint16Array
  readonly #digits: Uint16Array = new Uint16Array(100)
  readonly #end: number

  constructor(keyBytes: number, prefix: string, asBuffer: boolean) {
    this.#bytes = scratch(keyBytes, asBuffer)
    this.#pairs = new Uint16Array(this.#bytes.buffer)
    this.#end = keyBytes / 2
    this.#bytes.fill(0x30)
    for (let i = 0; i < prefix.length; i++) this.#bytes[i] = prefix.charCodeAt(i)
    const digits = new Uint8Array(this.#digits.buffer)
    for (let i = 0; i < 100; i++) {
      digits[2 * i] = 0x30 + Math.floor(i / 10)
      digits[2 * i + 1] = 0x30 + (i % 10)
    }
  }

  of(index: number): Uint8Array {
    return this.#write(index * 2)
  }

  absent(index: number): Uint8Array {
    return this.#write(index * 2 + 1)
  }

  #write(number: number): Uint8Array {
    const pairs = this.#pairs
    const digits = this.#digits
    let rest = number
    for (let pairIndex = this.#end - 1; pairIndex >= this.#end - 5; pairIndex--) {
      const next = (rest / 100) | 0
      pairs[pairIndex] = digits[rest - next * 100] ?? 0
      rest = next
    }
    return this.#bytes
  }
}

/** Sixteen pseudorandom bytes; the last bit distinguishes present from absent keys. */
class BinaryKeys implements KeyGenerator {
  readonly #bytes: Uint8Array
  readonly #words: Int32Array

  constructor(asBuffer: boolean) {
    this.#bytes = scratch(16, asBuffer)
    this.#words = new Int32Array(this.#bytes.buffer)
  }

  of(index: number): Uint8Array {
    return this.#write(index, 0)
  }

  absent(index: number): Uint8Array {
    return this.#write(index, 1)
  }

  #write(index: number, last: number): Uint8Array {
    const words = this.#words
    words[0] = mix(index)
    words[1] = mix(index + 0x3c6ef372)
    words[2] = mix(index ^ 0x1b873593)
    words[3] = (index << 1) | last
    return this.#bytes
  }
}

/** A bijection of 32-bit numbers: the finalizer of MurmurHash3. */
function mix(number: number): number {
  let x = number
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** A string and a number. */
class TupleKeys implements KeyGenerator {
  of(index: number): Key {
    return ['place', index * 2]
  }

  absent(index: number): Key {
    return ['place', index * 2 + 1]
  }
}
