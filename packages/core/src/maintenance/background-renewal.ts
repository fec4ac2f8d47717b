/** A sum of units that are encrypted with older data keys. @category Statistics */
export interface RenewalAmount {
  /** Pages, extents and meta blocks; tables and manifests; records of blob files; segments of the log; catalogs. */
  readonly unitCount: number
  readonly byteCount: number
}

/** Where units are. @category Statistics */
export type RenewalKind = 'stores' | 'blobs' | 'log' | 'catalog'

/** Progress of the renewal of data keys. @category Statistics */
export interface RenewalStats {
  /** True while it runs, or waits for its next round. */
  readonly isRunning: boolean
  /** What was rewritten since the database was opened, by kind. */
  readonly done: Readonly<Record<RenewalKind, RenewalAmount>>
  /** What the last count has found, less what was rewritten since; all 0 before the first one. */
  readonly left: Readonly<Record<RenewalKind, RenewalAmount>>
  /** Why it has ended or waits; `undefined` while nothing stands in its way. */
  readonly obstacle: string | undefined
}

/** Background work that ends with the database. */
export interface BackgroundRenewal {
  /** Begins to renew in the background, unless it does. */
  start(bytesPerSecond: number | undefined): void
  /** Renews now, and returns what is left. */
  runNow(): RenewalStats
  /** As `runNow`, between other tasks of the event loop. */
  run(): Promise<RenewalStats>
  cancel(): void
  stats(): RenewalStats
}
