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

/** Entries of which a salvage cannot tell whether they are present or were replaced or deleted later. @category Salvage */
export interface SalvageDoubt {
  readonly file: string
  readonly message: string
  /** The entries have keys from `lower` (inclusive) to `upper` (exclusive); `undefined` where no bound is known. */
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** Receives what a salvage reads of a damaged store, and what it does not. @category Salvage */
export interface SalvageSink {
  /**
   * Receives an entry. Each key is given once; the order is that of the keys, except in a damaged B+tree.
   *
   * @param key - owned by the receiver.
   * @param value - borrowed until the call returns.
   */
  entry(key: Uint8Array, value: Uint8Array): void
  loss(loss: SalvageLoss): void
  doubt(doubt: SalvageDoubt): void
}
