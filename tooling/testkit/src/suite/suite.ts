/** Counters of a suite by name: images, injected errors, kills, operations. */
export type SuiteCounts = Readonly<Record<string, number>>

/**
 * A test suite that can run for any length of time. Each case depends on its seed alone.
 *
 * @remarks The deep runner and the CI test of a suite both use this interface. A case takes from milliseconds to a
 * few seconds, releases its resources, and throws a `Violation`, or any other error, when a guarantee does not
 * hold.
 */
export interface Suite {
  /** Name on the command line: lower-case words with hyphens. */
  readonly name: string
  /**
   * Default number of steps of a case. Present when a case can run with fewer steps, which reduces a failing case.
   */
  readonly stepCount?: number
  /**
   * Runs the case of a seed.
   *
   * @param stepCount - overrides the default number of steps; only for suites that define `stepCount`.
   * @returns the counters of the case.
   */
  runCase(seed: number, stepCount?: number): Promise<SuiteCounts>
  /** Releases resources that are shared by cases. Called once, after the last case. */
  end?(): Promise<void>
}
