/**
 * A 64-bit seed as two halves. Make one for each file or segment and keep it: what a native hash needs of it is
 * worked out once and stored with it.
 *
 * @category Checksums
 */
export class Seed64 {
  /** Low half, as a signed 32-bit integer. */
  readonly low: number
  /** High half, as a signed 32-bit integer. */
  readonly high: number
  /** The seed in the form a native hash takes; filled at the first use of one. @internal */
  native: bigint | undefined

  constructor(low: number, high: number) {
    this.low = low | 0
    this.high = high | 0
    this.native = undefined
  }
}

/**
 * Makes a {@link Seed64} of two 32-bit halves, signed or unsigned.
 *
 * @category Checksums
 */
export function createSeed64(low: number, high: number): Seed64 {
  return new Seed64(low, high)
}

/**
 * The seed 0.
 *
 * @category Checksums
 */
export const SEED_ZERO: Seed64 = new Seed64(0, 0)
