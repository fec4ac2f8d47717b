/** Counts of a suite by name: images, injected errors, kills, operations. */
export type SuiteCounts = Readonly<Record<string, number>>

/**
 * A suite of any number of cases, each determined by its seed.
 *
 * @remarks Both the deep runner and the CI-size test of a suite use this interface. A case takes from milliseconds to a few
 * seconds, releases its resources, and throws a `Violation`, or any other error, when a guarantee is violated.
 */
export interface Suite {
  /** Name on the command line: lower-case words with hyphens. */
  readonly name: string
  /** Number of steps of a case, if the suite supports fewer: the runner then retries a failing case with fewer steps. */
  readonly stepCount?: number
  /**
   * Runs the case of a seed and returns its counts.
   *
   * @param stepCount - number of steps to run instead of the default; only for a suite that supports fewer.
   */
  runCase(seed: number, stepCount?: number): Promise<SuiteCounts>
  /** Releases resources shared between cases, at the end of a run. */
  end?(): Promise<void>
}
