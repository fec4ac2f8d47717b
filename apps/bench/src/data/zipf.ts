import { Permutation } from './permutation.js'
import { PICK_COUNT, Xorshift } from './random-picks.js'

/**
 * Draws ranks with a Zipf distribution: rank r has a probability proportional to 1 / (r + 1)^theta.
 *
 * @see Gray et al., "Quickly generating billion-record synthetic databases", 1994
 */
export class Zipf {
  readonly #count: number
  readonly #theta: number
  readonly #random: Xorshift
  readonly #zeta: number
  readonly #alpha: number
  readonly #eta: number

  /** @param theta - in (0, 1): the larger, the more skewed. */
  constructor(count: number, theta: number, seed: number) {
    let zeta = 0
    for (let rank = 1; rank <= count; rank++) zeta += rank ** -theta
    this.#count = count
    this.#theta = theta
    this.#random = new Xorshift(seed)
    this.#zeta = zeta
    this.#alpha = 1 / (1 - theta)
    this.#eta = (1 - (2 / count) ** (1 - theta)) / (1 - (1 + 0.5 ** theta) / zeta)
  }

  /** Returns a rank in [0, count), 0 being the most popular. */
  next(): number {
    const draw = this.#random.next()
    const scaled = draw * this.#zeta
    if (scaled < 1) return 0
    if (scaled < 1 + 0.5 ** this.#theta) return 1
    const rank = Math.floor(this.#count * (this.#eta * draw - this.#eta + 1) ** this.#alpha)
    return Math.min(this.#count - 1, rank)
  }
}

/**
 * Returns a table of numbers in [0, count) with a Zipf distribution; the popular ones are spread over the whole range.
 */
export function zipfPicks(count: number, theta: number, seed: number): Int32Array {
  const zipf = new Zipf(count, theta, seed)
  const permutation = new Permutation(count)
  const picks = new Int32Array(PICK_COUNT)
  for (let i = 0; i < PICK_COUNT; i++) picks[i] = permutation.at(zipf.next())
  return picks
}
