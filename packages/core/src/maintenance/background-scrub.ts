/** Statistics of the scrubber. @category Statistics */
export interface ScrubStats {
  /** Passes that have ended. */
  readonly passCount: number
  readonly isRunning: boolean
  /** Bytes checked, in all passes. */
  readonly byteCount: number
  /** Findings of the passes that have ended. */
  readonly findingCount: number
}

/** Background work that ends with the database. */
export interface BackgroundScrub {
  cancel(): void
  stats(): ScrubStats
}
