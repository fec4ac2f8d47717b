import { compareBytes } from '@ldb/base'

/** Returns the index of the first element whose key is at or above `key`, in a list that ascends by key. */
export function lowerBound(list: readonly { readonly key: Uint8Array }[], key: Uint8Array): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes((list[middle] as { readonly key: Uint8Array }).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Compares lower bounds, of which `undefined` is the least. */
export function compareLower(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return compareBytes(a, b)
}

/** Compares upper bounds, of which `undefined` is the greatest. */
export function compareUpper(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return compareBytes(a, b)
}

/** Reports whether a range ends before a lower bound: nothing is in both, and they do not touch. */
export function endsBefore(upper: Uint8Array | undefined, lower: Uint8Array | undefined): boolean {
  return upper !== undefined && lower !== undefined && compareBytes(upper, lower) < 0
}
