import { createKeyGenerator } from './keys.js'
import type { Key, KeyGenerator, KeyShape } from './keys.js'
import { Permutation } from './permutation.js'
import { PICK_COUNT, PICK_MASK, uniformPicks } from './random-picks.js'
import { entryIndexOf, ValueGenerator } from './values.js'
import { Zipf, zipfPicks } from './zipf.js'

const ZIPF_THETA = 0.99
const UNIFORM_SEED = 2_463_534_242
const HOT_SEED = 88_675_123
const ZIPF_SEED = 521_288_629
/** Keys in the hot set. */
const HOT_KEYS = 1000

/** The entries of a scenario: their number, keys and values, and the orders in which workloads access them. */
export class BenchData {
  readonly entryCount: number
  readonly valueBytes: number
  readonly keyShape: KeyShape
  readonly keys: KeyGenerator
  readonly values: ValueGenerator
  /** The order of loading. */
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

  /** Entry indexes, uniformly distributed. */
  get uniform(): Int32Array {
    this.#uniform ??= uniformPicks(this.entryCount, UNIFORM_SEED)
    return this.#uniform
  }

  /** Entry indexes with a Zipf distribution. */
  get zipf(): Int32Array {
    this.#zipf ??= zipfPicks(this.entryCount, ZIPF_THETA, ZIPF_SEED)
    return this.#zipf
  }

  /** Returns a rank with a Zipf distribution, 0 being the most popular; the same rank for the same index. */
  zipfRank(pickIndex: number): number {
    if (this.#ranks === undefined) {
      const zipf = new Zipf(this.entryCount, ZIPF_THETA, ZIPF_SEED)
      this.#ranks = new Int32Array(PICK_COUNT).map(() => zipf.next())
    }
    return this.#ranks[pickIndex & PICK_MASK]!
  }

  /** Entry indexes drawn from a thousand entries that are spread over the whole key range. */
  get hot(): Int32Array {
    const count = Math.min(HOT_KEYS, this.entryCount)
    this.#hot ??= uniformPicks(count, HOT_SEED).map((pick) => this.order.at(pick))
    return this.#hot
  }

  /** Returns a copy of an entry's key, which later calls do not overwrite. */
  copyKey(index: number): Key {
    const key = this.keys.of(index)
    if (!(key instanceof Uint8Array)) return key
    return Buffer.isBuffer(key) ? Buffer.from(key) : key.slice()
  }

  /** Throws unless `value` is the value of the entry. */
  verifyValue(index: number, value: Uint8Array | undefined): void {
    if (value === undefined) throw new Error(`entry ${index} is missing`)
    if (value.length !== this.valueBytes || entryIndexOf(value) !== index) {
      throw new Error(
        `entry ${index} has the value of entry ${entryIndexOf(value)}, of ${value.length} bytes`,
      )
    }
  }
}
