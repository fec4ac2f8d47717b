/** Something that a salvage could not read. @category Salvage */
export interface SalvageLoss {
  readonly file: string
  /** Offset in the file; 0 for the whole of it. */
  readonly offset: number
  readonly message: string
  /** Lost entries have keys from `lower` (inclusive) to `upper` (exclusive); `undefined` where no bound is known. */
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** A table of which a salvage cannot tell how its entries relate to others. @category Salvage */
export interface SalvageDoubt {
  readonly file: string
  readonly message: string
}

/** What a salvage has found, written and lost. @category Salvage */
export interface SalvageReport {
  /** True when the manifest was intact: its tables alone were read. */
  readonly hasManifest: boolean
  /** Tables that were read, in whole or in part. */
  readonly tableCount: number
  /** Entries of the new store. */
  readonly entryCount: number
  /** Versions that were left out because a table that a compaction wrote later covers their keys without them. */
  readonly obsoleteCount: number
  readonly losses: readonly SalvageLoss[]
  readonly doubts: readonly SalvageDoubt[]
}
