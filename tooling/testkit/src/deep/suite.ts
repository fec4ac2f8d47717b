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
  /** Runs the case of a seed and gives what it counted. */
  runCase(seed: number): Promise<SuiteCounts>
}
