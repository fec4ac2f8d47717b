import { assert } from '@ldb/base'
import type { RandomSource } from './environment.js'

/**
 * Generates pseudorandom bytes: the same seed yields the same bytes on every platform.
 *
 * @remarks Not cryptographically secure. The generator is sfc32 (Chris Doty-Humphrey, PractRand).
 * @category Environment
 */
export class SeededRandom implements RandomSource {
  readonly #state: Uint32Array

  /** @param seed - a safe integer, of which the lowest 32 bits are used. */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), 'a seed must be a safe integer')
    this.#state = new Uint32Array([0x9e3779b9, 0x243f6a88, seed, 1])
    for (let round = 0; round < 15; round++) this.#next()
  }

  fill(target: Uint8Array): Uint8Array {
    for (let start = 0; start < target.length; start += 4) {
      const word = this.#next()
      const end = Math.min(start + 4, target.length)
      for (let index = start; index < end; index++) target[index] = word >>> (8 * (index - start))
    }
    return target
  }

  #next(): number {
    const state = this.#state
    const [a = 0, b = 0, c = 0, counter = 0] = state
    const word = (a + b + counter) >>> 0
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + word
    state[3] = counter + 1
    return word
  }
}
