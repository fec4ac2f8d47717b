/**
 * A 64-bit seed as two halves, of which the low one comes first.
 *
 * @category Checksums
 */
export interface Seed64 {
  readonly low: number
  readonly high: number
}
