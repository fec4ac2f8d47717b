import type { LdbErrorCode } from '@ldb/base'
import type { TestRandom } from '../../base/test-random.js'

/** Code that decodes untrusted bytes. */
export interface FuzzTarget {
  readonly name: string
  /** Returns valid inputs to start from; always the same ones. */
  readonly samples: () => readonly Uint8Array[]
  /** Maximum length of an input. */
  readonly bytesMax: number
  /** Error codes with which it may reject an input. */
  readonly codes: readonly LdbErrorCode[]
  /** Number of inputs of one case. */
  readonly inputsPerCase: number
  /**
   * Decodes an input completely.
   *
   * @throws LdbError when the input is invalid; Violation when decoded data are wrong. Any other error is a bug.
   */
  run(input: Uint8Array): void
  /** Recomputes checksums in place, so that code after the checksum checks is reached. */
  readonly repair?: (input: Uint8Array) => void
  /** Changes a meaningful field. */
  readonly mutate?: (input: Uint8Array, random: TestRandom) => void
}
