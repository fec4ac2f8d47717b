import { copyWords, OperationKind } from '@ldb/base'
import { VALUE_FIELD_BYTES } from '../format.js'
import { removeSlots } from '../page/edit.js'
import type { PageMemory } from '../page/memory.js'
import { slotCount } from '../page/page.js'
import { keyPartBytes, recordOffset, slotKeyBytes, valueField } from '../page/record.js'
import { searchLeaf } from '../page/search.js'
import { compareSlot } from '../page/search-slots.js'
import { recordHasKey } from '../read/lookup.js'
import type { SortedOperations } from './sorted-operations.js'
import type { TreeState } from './tree-state.js'
import { putInLeaf } from './writer.js'

/** As many insertions into one leaf are merged into it; fewer are made one by one. */
export const MERGED_MIN = 6
/** Slots that are compared one after the other before the rest of the leaf is searched. */
const STEPS_MAX = 4

/**
 * Applies sorted operations to a leaf in place: deletes, overwrites with values of the same length, and a few insertions that fit.
 * The search for a key begins at the slot of the previous one.
 *
 * @internal
 */
export class LeafUpdate {
  /** The last update has removed entries, so that the leaf may have to be merged. */
  hasRemoved = false
  /** A run of slots that is removed at once. */
  #removedFrom = 0
  #removedTo = 0

  /**
   * Applies operations `from` to `to` (exclusive), all of which belong to the leaf at `leaf`, until one of them does not fit.
   * The leaf must be writable. Moves no page and loads none.
   *
   * @returns the first operation that was not applied.
   */
  apply(state: TreeState, leaf: number, operations: SortedOperations, from: number, to: number): number {
    const memory = state.arenas.of(leaf)
    const { bytes } = operations
    this.hasRemoved = false
    this.#removedFrom = this.#removedTo = 0
    let slot = 0
    let index = from
    for (; index < to; index += 1) {
      const keyStart = operations.keyStart(index)
      const keyEnd = operations.keyEnd(index)
      const found =
        index === from
          ? searchLeaf(memory, leaf, bytes, keyStart, keyEnd)
          : searchFrom(memory, leaf, slot, bytes, keyStart, keyEnd)
      const puts = operations.kind(index) === OperationKind.Put
      if (!puts) slot = found < 0 ? ~found : this.#remove(state, leaf, found)
      else if (found >= 0) {
        if (!overwrite(state, leaf, found, operations, index)) break
        slot = found + 1
      } else {
        if (to - index >= MERGED_MIN) break
        slot = ~found - this.#flush(state, leaf) + 1
        if (!insert(state, leaf, operations, index)) break
      }
    }
    this.#flush(state, leaf)
    return index
  }

  /** Adds a slot to the run that is to be removed. Returns the slot after it. */
  #remove(state: TreeState, leaf: number, slot: number): number {
    let at = slot
    if (slot !== this.#removedTo || this.#removedFrom === this.#removedTo) {
      at -= this.#flush(state, leaf)
      this.#removedFrom = at
    }
    state.retireExtents(leaf, at)
    this.#removedTo = at + 1
    return at + 1
  }

  /** Removes the run, and returns its length. */
  #flush(state: TreeState, leaf: number): number {
    const from = this.#removedFrom
    const to = this.#removedTo
    if (from === to) return 0
    state.pages.allocator.markDirty(leaf)
    removeSlots(state.arenas.of(leaf), leaf, from, to)
    state.entryCount -= to - from
    this.hasRemoved = true
    this.#removedFrom = this.#removedTo = 0
    return to - from
  }
}

/** Searches a leaf for a key that is above those of all slots before `slot`. Returns what {@link searchLeaf} returns. */
function searchFrom(
  memory: PageMemory,
  leaf: number,
  slot: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
): number {
  const count = slotCount(memory, leaf)
  const keyBytes = keyEnd - keyStart
  for (let at = slot; at < slot + STEPS_MAX; at += 1) {
    if (at >= count) return ~count
    if (
      slotKeyBytes(memory, leaf, at) === keyBytes &&
      keyBytes <= memory.keyPartMax &&
      recordHasKey(memory, recordOffset(memory, leaf, at), bytes, keyStart, keyEnd)
    ) {
      return at
    }
    const order = compareSlot(memory, leaf, at, bytes, keyStart, keyEnd, 0)
    if (order === 0) return at
    if (order < 0) return ~at
  }
  return searchLeaf(memory, leaf, bytes, keyStart, keyEnd)
}

/** Overwrites the value in a slot with one of the same length. Returns false, and changes nothing, for any other value. */
function overwrite(
  state: TreeState,
  leaf: number,
  slot: number,
  operations: SortedOperations,
  index: number,
): boolean {
  const { pages } = state
  const memory = state.arenas.of(leaf)
  const record = recordOffset(memory, leaf, slot)
  const valueStart = operations.valueStart(index)
  const valueBytes = operations.valueEnd(index) - valueStart
  if (
    valueBytes > memory.valueInlineMax ||
    valueField(memory, record) !== state.inlineField(valueStart, valueBytes)
  )
    return false
  pages.allocator.markChanged(leaf)
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, slotKeyBytes(memory, leaf, slot))
  copyWords(state.viewOf(operations.bytes), valueStart, memory.view, at, valueBytes)
  return true
}

/** Inserts an entry that is absent, if it fits. */
function insert(state: TreeState, leaf: number, operations: SortedOperations, index: number): boolean {
  return putInLeaf(
    state,
    state.arenas.of(leaf),
    leaf,
    operations.bytes,
    operations.keyStart(index),
    operations.keyEnd(index),
    operations.valueStart(index),
    operations.valueEnd(index),
  )
}
