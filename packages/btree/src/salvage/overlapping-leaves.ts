import { compareBytes } from '@ldb/base'

/** A leaf with its least and its greatest key. */
export interface LeafRange {
  readonly page: number
  readonly epoch: number
  readonly lower: Uint8Array
  readonly upper: Uint8Array
}

/** Returns the leaves that share no range of keys with a newer one, in the order of their keys. */
export function newestOf(leaves: readonly LeafRange[]): LeafRange[] {
  const sorted = [...leaves].sort((left, right) => right.epoch - left.epoch || left.page - right.page)
  const chosen: LeafRange[] = []
  for (const leaf of sorted) {
    const at = indexOf(chosen, leaf)
    const before = chosen[at - 1]
    const after = chosen[at]
    const isFree =
      (before === undefined || compareBytes(before.upper, leaf.lower) < 0) &&
      (after === undefined || compareBytes(leaf.upper, after.lower) < 0)
    if (isFree) chosen.splice(at, 0, leaf)
  }
  return chosen
}

/** Returns where a leaf belongs among leaves in the order of their least keys. */
function indexOf(leaves: readonly LeafRange[], { lower }: LeafRange): number {
  let start = 0
  let end = leaves.length
  while (start < end) {
    const middle = (start + end) >>> 1
    if (compareBytes((leaves[middle] as LeafRange).lower, lower) < 0) start = middle + 1
    else end = middle
  }
  return start
}
