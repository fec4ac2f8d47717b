import { readU32, writeU32 } from '@ldb/base'
import {
  FILTER_HEADER_BYTES,
  FILTER_LINE_BYTES,
  FILTER_LINES_OFFSET,
  FILTER_PROBES_OFFSET,
  FILTER_RESERVED_OFFSET,
  FILTER_SEED_OFFSET,
} from '../format.js'
import { hashKey } from '../key-hash.js'

const LINE_BITS: number = FILTER_LINE_BYTES * 8
const LINE_WORDS: number = FILTER_LINE_BYTES / 4
const TWO_POW_32 = 2 ** 32
const PROBES_MAX = 16
const LINES_MAX = 2 ** 24

/** Collects the hashes of the keys of a table and builds its filter: a Bloom filter whose bits for one key lie in one line. */
export class FilterBuilder {
  readonly #seed: number
  readonly #bitsPerKey: number
  readonly #probes: number
  #hashes: Int32Array = new Int32Array(1024)
  #count = 0

  /** @param seed - random, and secret: keys cannot be chosen so that the filter takes them for each other. */
  constructor(seed: number, bitsPerKey: number) {
    this.#seed = seed
    this.#bitsPerKey = bitsPerKey
    // Fewer than the optimum of an undivided filter: the bits of a line are uneven anyway.
    this.#probes = Math.min(PROBES_MAX, Math.round(bitsPerKey / 2) + 1)
  }

  /** Adds a key. Keys arrive in order; the same key twice counts once. */
  add(key: Uint8Array, start: number, end: number): void {
    const hash = hashKey(key, start, end, this.#seed)
    if (this.#count > 0 && this.#hashes[this.#count - 1] === hash) return
    if (this.#count === this.#hashes.length) {
      const grown = new Int32Array(2 * this.#hashes.length)
      grown.set(this.#hashes)
      this.#hashes = grown
    }
    this.#hashes[this.#count++] = hash
  }

  /** Bytes of the payload. */
  get byteCount(): number {
    return FILTER_HEADER_BYTES + this.#lines * FILTER_LINE_BYTES
  }

  get #lines(): number {
    return Math.min(LINES_MAX, Math.max(1, Math.ceil((this.#count * this.#bitsPerKey) / LINE_BITS)))
  }

  /** Writes the payload to `target` at `start` and returns its end. */
  finish(target: Uint8Array, start: number): number {
    const lines = this.#lines
    const probes = this.#probes
    const words = new Int32Array(lines * LINE_WORDS)
    for (let index = 0; index < this.#count; index++) {
      const hash = this.#hashes[index]!
      const line = lineOf(hash, lines) * LINE_WORDS
      let bit = firstBit(hash)
      const step = stepOf(hash)
      for (let probe = 0; probe < probes; probe++) {
        words[line + (bit >>> 5)]! |= 1 << (bit & 31)
        bit = (bit + step) & (LINE_BITS - 1)
      }
    }
    writeU32(target, start + FILTER_SEED_OFFSET, this.#seed >>> 0)
    writeU32(target, start + FILTER_PROBES_OFFSET, probes)
    writeU32(target, start + FILTER_LINES_OFFSET, lines)
    writeU32(target, start + FILTER_RESERVED_OFFSET, 0)
    target.set(new Uint8Array(words.buffer), start + FILTER_HEADER_BYTES)
    return start + FILTER_HEADER_BYTES + words.byteLength
  }
}

/** The filter of a table: reports which keys the table cannot contain. */
export class Filter {
  readonly #seed: number
  readonly #probes: number
  readonly #lines: number
  readonly #words: Int32Array

  private constructor(seed: number, probes: number, lines: number, words: Int32Array) {
    this.#seed = seed
    this.#probes = probes
    this.#lines = lines
    this.#words = words
  }

  /** Decodes a payload that begins at a multiple of four in its buffer. Returns `undefined` when it is malformed. */
  static decode(bytes: Uint8Array): Filter | undefined {
    if (bytes.length < FILTER_HEADER_BYTES) return undefined
    const probes = readU32(bytes, FILTER_PROBES_OFFSET)
    const lines = readU32(bytes, FILTER_LINES_OFFSET)
    if (probes === 0 || probes > PROBES_MAX || lines === 0 || lines > LINES_MAX) return undefined
    if (readU32(bytes, FILTER_RESERVED_OFFSET) !== 0) return undefined
    if (bytes.length !== FILTER_HEADER_BYTES + lines * FILTER_LINE_BYTES) return undefined
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + FILTER_HEADER_BYTES, lines * LINE_WORDS)
    return new Filter(readU32(bytes, FILTER_SEED_OFFSET) | 0, probes, lines, words)
  }

  /** Returns false when the table does not contain the key. */
  mayContain(key: Uint8Array, start: number, end: number): boolean {
    const hash = hashKey(key, start, end, this.#seed)
    const words = this.#words
    const line = lineOf(hash, this.#lines) * LINE_WORDS
    let bit = firstBit(hash)
    const step = stepOf(hash)
    for (let probe = 0; probe < this.#probes; probe++) {
      if ((words[line + (bit >>> 5)]! & (1 << (bit & 31))) === 0) return false
      bit = (bit + step) & (LINE_BITS - 1)
    }
    return true
  }
}

/** Maps the hash to a line by its high bits. */
function lineOf(hash: number, lines: number): number {
  return Math.floor(((hash >>> 0) * lines) / TWO_POW_32)
}

/** The hash mixed again: within a line its high bits are used up. */
function firstBit(hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 23) & (LINE_BITS - 1)
}

/** An odd step reaches every bit of a line. */
function stepOf(hash: number): number {
  return ((Math.imul(hash, 0x85ebca6b) >>> 22) & (LINE_BITS - 1)) | 1
}
