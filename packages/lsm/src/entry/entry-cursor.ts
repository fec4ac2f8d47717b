import type { Entry } from './entry.js'

/**
 * A position among the versions of a memtable, a block, a table, a level, or several of them, in the order of `compareEntries`.
 *
 * @remarks `isValid` is false before the first move and beyond the ends. Only a seek or a move to an end may follow then. A move that
 * throws, because bytes of a file are not in memory, leaves the position undefined.
 */
export interface EntryCursor {
  /** The current entry. The same object for the life of the cursor. */
  readonly entry: Entry
  readonly isValid: boolean
  first(): void
  last(): void
  /** Moves to the first entry that is not before (`key`, `stamp`): that version, an older one, or a greater key. */
  seek(key: Uint8Array, keyBytes: number, stamp: number): void
  /** Moves to the last entry that is not after (`key`, `stamp`): that version, a newer one, or a smaller key. */
  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void
  next(): void
  previous(): void
  /** Releases what the position uses. No move follows. */
  release(): void
}
