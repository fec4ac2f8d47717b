/**
 * A pseudorandom bijection of [0, count) that costs a few nanoseconds: odd multiplications and shifts modulo the
 * smallest power of two that is not below `count`, repeated until the result is in range (cycle walking).
 */
export class Permutation {
  readonly count: number
  readonly #mask: number
  readonly #shift: number

  /** @param count - 1 to 2^30. */
  constructor(count: number) {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 30)
      throw new RangeError(`a permutation of ${count} numbers is not supported`)
    const bits = Math.max(1, 32 - Math.clz32(count - 1))
    this.count = count
    this.#mask = 2 ** bits - 1
    this.#shift = Math.max(1, bits >> 1)
  }

  /** Returns the number in [0, count) that `index` maps to. */
  at(index: number): number {
    const mask = this.#mask
    const shift = this.#shift
    let x = index
    do {
      x = Math.imul(x ^ (x >>> shift), 0x7feb352d) & mask
      x = Math.imul(x ^ (x >>> shift), 0x046ca68b) & mask
      x = (x ^ (x >>> shift)) & mask
    } while (x >= this.count)
    return x
  }
}
