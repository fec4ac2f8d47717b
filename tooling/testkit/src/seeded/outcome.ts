/** The outcome of a suite, with or without a bug. */
export type Outcome =
  | { readonly kind: 'passed'; readonly durationMs: number }
  /** The suite reported a violated guarantee. */
  | {
      readonly kind: 'caught'
      /** Number of cases up to the failing one; for a test file, number of tests. */
      readonly cases: number
      readonly durationMs: number
      readonly message: string
    }
  /** No verdict: the suite did not load, timed out, or crashed. */
  | { readonly kind: 'broken'; readonly durationMs: number; readonly message: string }
