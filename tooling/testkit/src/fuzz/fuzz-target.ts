import type { LdbErrorCode } from '@ldb/base'
import type { TestRandom } from '../test-random.js'

/** Code that reads bytes which anybody may have written. */
export interface FuzzTarget {
  readonly name: string
  /** Inputs that are right, to begin with; always the same ones. */
  readonly samples: () => readonly Uint8Array[]
  /** Longest input. */
  readonly bytesMax: number
  /** Codes of the errors that it may throw. */
  readonly codes: readonly LdbErrorCode[]
  /** Inputs that one case tries. */
  readonly inputsPerCase: number
  /**
   * Reads an input, and everything in it.
   *
   * @throws LdbError when it is not right, Violation when what was read is wrong, anything else by mistake.
   */
  run(input: Uint8Array): void
  /** Makes checksums right again, in place, so that what lies behind them is reached. */
  readonly repair?: (input: Uint8Array) => void
  /** Changes something that has a meaning. */
  readonly mutate?: (input: Uint8Array, random: TestRandom) => void
}
