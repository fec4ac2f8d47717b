/** How many picks a table holds: a power of two, so that going round is a mask. */
export const PICK_COUNT: number = 2 ** 20

/** Mask that goes round a table of picks. */
export const PICK_MASK: number = PICK_COUNT - 1

/** A 32-bit xorshift generator, so that every run picks the same. */
export class Xorshift {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** Returns a number in [0, 1). */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) / 2 ** 32
  }
}

/** Returns a table of places in [0, count), all equally likely. */
export function uniformPicks(count: number, seed: number): Int32Array {
  const random = new Xorshift(seed)
  const picks = new Int32Array(PICK_COUNT)
  for (let i = 0; i < PICK_COUNT; i++) picks[i] = Math.floor(random.next() * count)
  return picks
}
