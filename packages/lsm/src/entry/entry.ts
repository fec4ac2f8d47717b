import { compareByteRanges, copyBytes } from '@ldb/base'
import { EntryKind } from '../format.js'

const NO_BYTES = new Uint8Array(0)

/** Greatest stamp: a read at this stamp sees everything. */
export const STAMP_MAX: number = Number.MAX_SAFE_INTEGER

/**
 * The current entry of a cursor: one version of one key. Its bytes are borrowed.
 *
 * @remarks Entries are ordered by key, and by stamp descending among the versions of one key: the newest version comes first. A
 * **stamp** numbers the operations of a store in the order of their application, from 1 on. Within a section the order of operations
 * matters, and a replay applies commits out of order; the number of a commit (seq) therefore orders nothing within a store.
 */
export class Entry {
  /** Contains the key from `keyStart` to `keyEnd`. Borrowed until the next move of the cursor. */
  keyBuffer: Uint8Array = NO_BYTES
  keyStart = 0
  keyEnd = 0
  /** Contains the value from `valueStart` to `valueEnd`. Never changes. */
  valueBuffer: Uint8Array = NO_BYTES
  valueStart = 0
  valueEnd = 0
  stamp = 0
  kind: EntryKind = EntryKind.Delete

  /** Returns a copy of the key. */
  copyKey(): Uint8Array {
    return copyBytes(this.keyBuffer, this.keyStart, this.keyEnd)
  }
}

/** Compares two entries in the order of a store. */
export function compareEntries(a: Entry, b: Entry): number {
  const order = compareByteRanges(a.keyBuffer, a.keyStart, a.keyEnd, b.keyBuffer, b.keyStart, b.keyEnd)
  return order === 0 ? b.stamp - a.stamp : order
}

/** Compares the key of an entry with the first `keyBytes` bytes of `key`. */
export function compareKey(entry: Entry, key: Uint8Array, keyBytes: number): number {
  return compareByteRanges(entry.keyBuffer, entry.keyStart, entry.keyEnd, key, 0, keyBytes)
}
