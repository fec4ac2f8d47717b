import { BatchReader, compareBytes, OperationKind } from '@ldb/base'
import type { BatchSection, KeyBounds } from '@ldb/base'

/** An entry of a sorted array. Its bytes are never changed. */
export interface ArrayEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** An immutable sorted array of entries: a snapshot is a reference to one. */
export type SortedEntries = readonly ArrayEntry[]

/** Returns the index of the first entry whose key is not below `key`. */
export function lowerBound(entries: SortedEntries, key: Uint8Array): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes((entries[middle] as ArrayEntry).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns the entry of a key, or `undefined`. */
export function entryOf(entries: SortedEntries, key: Uint8Array): ArrayEntry | undefined {
  const entry = entries[lowerBound(entries, key)]
  return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry : undefined
}

/** Returns the indexes of the entries within bounds, half-open. */
export function indexesWithin(
  entries: SortedEntries,
  { lower, upper }: KeyBounds,
): { readonly start: number; readonly end: number } {
  const start = lower === undefined ? 0 : lowerBound(entries, lower)
  const end = upper === undefined ? entries.length : lowerBound(entries, upper)
  return { start, end: Math.max(start, end) }
}

/** Returns the entries after the operations of a section. */
export function applySection(entries: SortedEntries, section: BatchSection): SortedEntries {
  const next = [...entries]
  const reader = new BatchReader()
  reader.reset(section)
  while (reader.next()) {
    const key = reader.bytes.slice(reader.keyStart, reader.keyEnd)
    const value = reader.bytes.slice(reader.valueStart, reader.valueEnd)
    const index = lowerBound(next, key)
    const isPresent = next[index] !== undefined && compareBytes(next[index].key, key) === 0
    switch (reader.kind) {
      case OperationKind.Put:
        next.splice(index, isPresent ? 1 : 0, { key, value })
        break
      case OperationKind.Delete:
      case OperationKind.Expire:
        if (isPresent) next.splice(index, 1)
        break
      case OperationKind.DeleteRange:
        next.splice(index, Math.max(0, lowerBound(next, value) - index))
        break
      case OperationKind.DeleteFrom:
        next.splice(index)
        break
      case 0:
        break
    }
  }
  return next
}
