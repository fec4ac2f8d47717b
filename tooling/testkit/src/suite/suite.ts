/** What a suite counts: images, injected errors, kills, operations; by name. */
export type SuiteCounts = Readonly<Record<string, number>>

/**
 * A suite that can run for any length of time: case after case, each decided by its seed alone.
 *
 * @remarks The deep runner and the CI-size test of a suite both go through this. A case takes from milliseconds to a few
 * seconds, cleans up after itself, and throws a `Violation`, or whatever else went wrong, when a promise was broken.
 */
export interface Suite {
  /** Name on the command line: lower-case words with hyphens. */
  readonly name: string
  /** Steps of a case, for a suite whose cases can be run with fewer: a failing one is then made smaller so. */
  readonly stepCount?: number
  /**
   * Runs the case of a seed and gives what it counted.
   *
   * @param stepCount - steps to run instead of the usual number; only for a suite that has one.
   */
  runCase(seed: number, stepCount?: number): Promise<SuiteCounts>
  /** Gives back what is kept from case to case, at the end of a run. */
  end?(): Promise<void>
}
