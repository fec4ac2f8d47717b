/** What a suite said of a system, right or wrong. */
export type Outcome =
  | { readonly kind: 'passed'; readonly durationMs: number }
  /** A promise was broken. */
  | {
      readonly kind: 'caught'
      /** Cases that it took; for a test file, how many of its tests failed. */
      readonly cases: number
      readonly durationMs: number
      readonly message: string
    }
  /** Nothing was said: it could not be loaded, did not end, or fell over. */
  | { readonly kind: 'broken'; readonly durationMs: number; readonly message: string }
