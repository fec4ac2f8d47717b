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

/** Removes the keys of the range from the leaf of `lower`. Returns the lower bound of the rest, if any. */
function deleteInLeaf(
  state: TreeState,
  lower: Uint8Array,
  upper: Uint8Array | undefined,
): Uint8Array | undefined {
  const { pages } = state
  try {
    const leaf = state.descend(lower, 0, lower.length)
    const memory = state.arenas.of(leaf)
    const fence = state.upperFence(state.root.level)
    // The leaf may be searched only for a bound below its upper fence: others may not have its prefix.
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
 * Removes all entries: retires all pages, and makes an empty leaf the root. Reads leaves only if the tree has extents, because leaves
 * contain their references.
 *
 * @internal
 */
export function deleteAll(state: TreeState): void {
  const { pages, arenas } = state
  try {
    retireSubtree(state, pages.reader.root(state.root), state.root.level)
    const root = pages.allocator.create(0)
    state.root.page = pageNumberOf(arenas.of(root), root)
    state.root.level = 0
    state.entryCount = 0
  } finally {
    pages.pins.unpinAll()
  }
}

function retireSubtree(state: TreeState, page: number, level: number): void {
  const { pages, arenas } = state
  const memory = arenas.of(page)
  const count = slotCount(memory, page)
  const frame = arenas.frameOf(page)
  pages.space.pin(frame)
  if (level === 0) {
    if (pages.extents.count > 0) for (let slot = 0; slot < count; slot += 1) state.retireExtents(page, slot)
  } else {
    for (let slot = 0; slot < count; slot += 1) {
      const child = childOf(memory, page, slot)
      const isResident = pages.space.peek(child) >= 0
      if (level > 1 || pages.extents.count > 0 || isResident) {
        retireSubtree(state, pages.reader.child(page, slot, level - 1), level - 1)
      } else {
        // The birth epoch of a leaf that is not read is unknown; 0 keeps it pending for every snapshot.
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
