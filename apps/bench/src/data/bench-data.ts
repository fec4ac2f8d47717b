import { createKeyGenerator, KEY_BYTES } from './keys.js'
import type { Key, KeyGenerator, KeyShape } from './keys.js'
import { Permutation } from './permutation.js'
import { PICK_COUNT, PICK_MASK, uniformPicks } from './random-picks.js'
import { entryIndexOf, ValueGenerator } from './values.js'
import { Zipf, zipfPicks } from './zipf.js'

const ZIPF_THETA = 0.99
const UNIFORM_SEED = 2_463_534_242
const HOT_SEED = 88_675_123
const ZIPF_SEED = 521_288_629
/** How many keys the hot set has. */
export const HOT_KEYS = 1000

/** The entries of a run: how many, what they look like, and in which order they are visited. */
export class BenchData {
  readonly entryCount: number
  readonly valueBytes: number
  readonly keyShape: KeyShape
  readonly keys: KeyGenerator
  readonly values: ValueGenerator
  /** Order in which they are loaded. */
  readonly order: Permutation
  #uniform: Int32Array | undefined
  #zipf: Int32Array | undefined
  #hot: Int32Array | undefined
  #ranks: Int32Array | undefined

  constructor(entryCount: number, keyShape: KeyShape, valueBytes: number, asBuffer: boolean) {
    this.entryCount = entryCount
    this.valueBytes = valueBytes
    this.keyShape = keyShape
    this.keys = createKeyGenerator(keyShape, asBuffer)
    this.values = new ValueGenerator(valueBytes, asBuffer)
    this.order = new Permutation(entryCount)
  }

  /** Bytes of keys and values of all entries; a tuple counts as sixteen. */
  get logicalBytes(): number {
    return this.entryCount * ((KEY_BYTES[this.keyShape] || 16) + this.valueBytes)
  }

  /** Entries, all equally likely. */
  get uniform(): Int32Array {
    this.#uniform ??= uniformPicks(this.entryCount, UNIFORM_SEED)
    return this.#uniform
  }

  /** Entries by Zipf's law. */
  get zipf(): Int32Array {
    this.#zipf ??= zipfPicks(this.entryCount, ZIPF_THETA, ZIPF_SEED)
    return this.#zipf
  }

  /** Returns a rank by Zipf's law, 0 being the most popular; the same for the same place. */
  zipfRank(place: number): number {
    if (this.#ranks === undefined) {
      const zipf = new Zipf(this.entryCount, ZIPF_THETA, ZIPF_SEED)
      this.#ranks = new Int32Array(PICK_COUNT).map(() => zipf.next())
    }
    return this.#ranks[place & PICK_MASK]!
  }

  /** A thousand entries from everywhere, in random order. */
  get hot(): Int32Array {
    const count = Math.min(HOT_KEYS, this.entryCount)
    this.#hot ??= uniformPicks(count, HOT_SEED).map((pick) => this.order.at(pick))
    return this.#hot
  }

  /** Returns a key that is not overwritten. */
  copyKey(index: number): Key {
    const key = this.keys.of(index)
    if (!(key instanceof Uint8Array)) return key
    return Buffer.isBuffer(key) ? Buffer.from(key) : key.slice()
  }

  /** Throws unless a value is that of an entry. */
  verifyValue(index: number, value: Uint8Array | undefined): void {
    if (value === undefined) throw new Error(`entry ${index} is not there`)
    if (value.length !== this.valueBytes || entryIndexOf(value) !== index) {
      throw new Error(`entry ${index} has the value of ${entryIndexOf(value)}, of ${value.length} bytes`)
    }
  }
}
