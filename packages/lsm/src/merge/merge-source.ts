import type { Entry } from '../entry/entry.js'

/** The entries that a merge writes, in their order: all versions of a key, the newest first. */
export interface MergeSource {
  readonly isValid: boolean
  /** The current entry. Its key is borrowed until `next`, its value until `beforeReuse` is called. */
  readonly entry: Entry
  /** True when the current entry has another key than the one before. */
  readonly isNewKey: boolean
  /**
   * Moves to the first entry.
   *
   * @param beforeReuse - called before the values of earlier entries are overwritten.
   */
  first(beforeReuse: () => void): void
  next(): void
}
