/**
 * A 64-bit hash seed as two 32-bit halves. Create one per file or segment and keep it: the native hash converts the seed
 * to a `bigint` once and caches it here.
 *
 * @category Checksums
 */
export class Seed64 {
  /** Low half, as a signed 32-bit integer. */
  readonly low: number
  /** High half, as a signed 32-bit integer. */
  readonly high: number
  /** The seed as a `bigint` for the native hash; `undefined` until its first use. @internal */
  native: bigint | undefined

  constructor(low: number, high: number) {
    this.low = low | 0
    this.high = high | 0
    this.native = undefined
  }
}

/**
 * Creates a {@link Seed64} from two 32-bit halves, signed or unsigned.
 *
 * @category Checksums
 */
export function createSeed64(low: number, high: number): Seed64 {
  return new Seed64(low, high)
}

/**
 * The seed 0, for checksums of files that have no file id.
 *
 * @category Checksums
 */
export const SEED_ZERO: Seed64 = new Seed64(0, 0)
