import type { SalvageDoubt, SalvageLoss } from '@ldb/base'

/** What a salvage has found and lost of the files of a store. @category Salvage */
export interface StoreSalvageReport {
  /** True when the manifest was intact: its tables alone were read. */
  readonly hasManifest: boolean
  /** Newest commit that the manifest contains; `undefined` without one. */
  readonly durableSeq: number | undefined
  /** Tables that were read, in whole or in part. */
  readonly tableCount: number
  /** Entries that were read. */
  readonly entryCount: number
  /** Versions of entries in damaged blocks and missing tables; `undefined` when their number is unknown. */
  readonly lostCount: number | undefined
  /** Versions that were left out because a table that a compaction wrote later covers their keys without them. */
  readonly obsoleteCount: number
}

/** What a salvage has found, written and lost. @category Salvage */
export interface SalvageReport extends StoreSalvageReport {
  readonly losses: readonly SalvageLoss[]
  readonly doubts: readonly SalvageDoubt[]
}
