/** What a salvage has found and lost of a B+tree file. @category Salvage */
export interface TreeSalvageReport {
  /** True when the block of the newest checkpoint was intact, in one of its positions. */
  readonly hasMeta: boolean
  /** Newest commit in the checkpoint; `undefined` without a meta block. */
  readonly durableSeq: number | undefined
  /** Entries that were read. */
  readonly entryCount: number
  /** Entries of the checkpoint that were not read; `undefined` when their number is unknown. */
  readonly lostCount: number | undefined
  /** Pages of the checkpoint that are damaged. */
  readonly damagedPageCount: number
}
