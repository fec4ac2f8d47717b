import { searchSlots } from '#search-slots'
import type { PageMemory } from './memory.js'

/**
 * Searches a leaf.
 *
 * @returns the slot of the key, or the bitwise complement of the slot at which it would be inserted.
 * @internal
 */
export function searchLeaf(
  memory: PageMemory,
  page: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  return searchSlots(memory, page, 0, key, start, end)
}

/** Returns the slot of the child of a branch whose key range contains a key. @internal */
export function searchBranch(
  memory: PageMemory,
  page: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  // Slot 0 has no separator: it covers all keys below slot 1.
  const slot = searchSlots(memory, page, 1, key, start, end)
  return slot >= 0 ? slot : ~slot - 1
}
