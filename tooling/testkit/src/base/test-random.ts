import { SeededRandom } from '@ldb/vfs'

/**
 * Pseudo-random choices that a seed determines.
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

  /** Returns an integer from 0 to 2^32 − 1. */
  word(): number {
    if (this.#next === this.#words.length) {
      this.#source.fill(this.#bytes)
      this.#next = 0
    }
    return this.#words[this.#next++] ?? 0
  }

  /** Returns an integer from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit)
  }

  /** Returns an integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** Returns true with the given probability. */
  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32
  }

  /** Returns one of the items. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (items.length === 0) throw new RangeError('there is nothing to pick from')
    return item as T
  }

  /** Returns one of the names, with a probability proportional to its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[]
    let rest = this.below(names.reduce((sum, name) => sum + weights[name], 0))
    for (const name of names) {
      rest -= weights[name]
      if (rest < 0) return name
    }
    throw new RangeError('no name has a weight')
  }

  /** Returns random bytes in a new array. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count)
    for (let index = 0; index < count; index++) bytes[index] = this.word()
    return bytes
  }

  /** Returns a new source seeded from this one. Draws from it do not change later draws from this one. */
  fork(): TestRandom {
    return new TestRandom(this.word())
  }
}

/** Returns a source of choices for a seed. @category Randomness */
export function seededRandom(seed: number): TestRandom {
  return new TestRandom(seed)
}
