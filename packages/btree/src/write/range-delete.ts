import { compareByteRanges, compareBytes } from '@ldb/base'
import { pageNumberOf, slotCount } from '../page/page.js'
import { removeSlots } from '../page/edit.js'
import { mergeUp } from './merge.js'
import { childOf, keyOffset, slotKeyBytes } from '../page/record.js'
import { searchLeaf } from '../page/search.js'
import type { TreeState } from './tree-state.js'

/**
 * Removes every key from `lower` to `upper` (exclusive), or to the end, leaf by leaf.
 *
 * @internal
 */
export function deleteRange(state: TreeState, lower: Uint8Array, upper: Uint8Array | undefined): void {
  let from: Uint8Array | undefined = lower
  while (from !== undefined) from = deleteInLeaf(state, from, upper)
}

/** Removes what lies in the leaf of `lower`, and gives the key from which to go on, if any. */
function deleteInLeaf(
  state: TreeState,
  lower: Uint8Array,
  upper: Uint8Array | undefined,
): Uint8Array | undefined {
  const { memory, pages } = state
  try {
    const leaf = state.descend(lower, 0, lower.length)
    const fence = state.upperFence(state.root.level)
    // Only a bound below the fence may be searched for in this leaf: others need not have its prefix.
    const endsHere = upper !== undefined && (fence === undefined || compareBytes(upper, fence) < 0)
    const begin = searchLeaf(memory, leaf, lower, 0, lower.length)
    const from = begin < 0 ? ~begin : begin
    let to = slotCount(memory, leaf)
    if (endsHere) {
      const end = searchLeaf(memory, leaf, upper, 0, upper.length)
      to = Math.max(from, end < 0 ? ~end : end)
    }
    for (let slot = from; slot < to; slot += 1) state.retireExtents(leaf, slot)
    removeSlots(memory, leaf, from, to)
    state.entryCount -= to - from
    if (to > from) mergeUp(state, state.root.level)
    if (endsHere || fence === undefined) return undefined
    return upper !== undefined && compareByteRanges(fence, 0, fence.length, upper, 0, upper.length) >= 0
      ? undefined
      : fence
  } finally {
    pages.pins.unpinAll()
  }
}

/**
 * Removes everything: gives all pages up and begins with an empty leaf. Leaves are read only if there are runs, whose
 * references stand in them.
 *
 * @internal
 */
export function deleteAll(state: TreeState): void {
  const { pages, memory } = state
  try {
    giveUpSubtree(state, pages.reader.root(state.root), state.root.level)
    const root = pages.allocator.create(0)
    state.root.page = pageNumberOf(memory, root)
    state.root.level = 0
    state.entryCount = 0
  } finally {
    pages.pins.unpinAll()
  }
}

function giveUpSubtree(state: TreeState, page: number, level: number): void {
  const { pages, memory } = state
  const count = slotCount(memory, page)
  const frame = page / memory.pageBytes
  pages.space.pin(frame)
  if (level === 0) {
    if (pages.extents.count > 0) for (let slot = 0; slot < count; slot += 1) state.retireExtents(page, slot)
  } else {
    for (let slot = 0; slot < count; slot += 1) {
      const child = childOf(memory, page, slot)
      const isResident = pages.space.peek(child) >= 0
      if (level > 1 || pages.extents.count > 0 || isResident) {
        giveUpSubtree(state, pages.reader.child(page, slot, level - 1), level - 1)
      } else {
        // The epoch of a leaf that nobody reads is not known; from 0 on is the careful answer.
        pages.reclaim.retire(child, 1, 0, pages.epoch.current)
      }
      const keyBytes = slotKeyBytes(memory, page, slot)
      if (keyBytes > memory.keyPartMax) {
        pages.extents.retire(memory.bytes, keyOffset(memory, page, slot) + memory.keyInlineBytes)
      }
    }
  }
  pages.space.unpin(frame)
  pages.allocator.retire(page)
}
