/** Entries of a table of picks: a power of two, so that an index wraps by a mask. */
export const PICK_COUNT: number = 2 ** 20

/** Mask that wraps an index into a table of picks. */
export const PICK_MASK: number = PICK_COUNT - 1

/** A 32-bit xorshift generator; the same seed gives the same sequence. */
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

/** Returns a table of numbers in [0, count), uniformly distributed. */
export function uniformPicks(count: number, seed: number): Int32Array {
  const random = new Xorshift(seed)
  const picks = new Int32Array(PICK_COUNT)
  for (let i = 0; i < PICK_COUNT; i++) picks[i] = Math.floor(random.next() * count)
  return picks
}
