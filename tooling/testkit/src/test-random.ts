import { SeededRandom } from '@ldb/vfs'

/**
 * Choices that a seed decides: one seed, one run.
 *
 * @category Randomness
 */
export class TestRandom {
  readonly seed: number
  readonly #source: SeededRandom
  readonly #words: Uint32Array = new Uint32Array(64)
  readonly #bytes: Uint8Array = new Uint8Array(this.#words.buffer)
  #next = 64

  /** @param seed - an integer; its lowest 32 bits count. */
  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#source = new SeededRandom(this.seed)
  }

  /** A whole number from 0 to 2^32 − 1. */
  word(): number {
    if (this.#next === this.#words.length) {
      this.#source.fill(this.#bytes)
      this.#next = 0
    }
    return this.#words[this.#next++] ?? 0
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit)
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (items.length === 0) throw new RangeError('there is nothing to pick from')
    return item as T
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[]
    let rest = this.below(names.reduce((sum, name) => sum + weights[name], 0))
    for (const name of names) {
      rest -= weights[name]
      if (rest < 0) return name
    }
    throw new RangeError('no name has a weight')
  }

  /** Random bytes in a new array. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count)
    for (let index = 0; index < count; index++) bytes[index] = this.word()
    return bytes
  }

  /** Another source of choices, so that what draws from it does not disturb what draws from this. */
  fork(): TestRandom {
    return new TestRandom(this.word())
  }
}

/** Returns choices decided by a seed. @category Randomness */
export function seededRandom(seed: number): TestRandom {
  return new TestRandom(seed)
}
