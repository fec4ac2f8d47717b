import { PAGE_HEADER_BYTES, SLOT_BYTES } from '../format.js'
import { makeSeparator, copySeparator } from '../extents/separator.js'
import type { Separator } from '../extents/separator.js'
import { appendSlots, copyToScratch, removeSlot, removeSlots } from '../page/edit.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageLimits } from '../page/memory.js'
import { clearPage, pageLevel, pageNumberOf, slotCount, usedBytes } from '../page/page.js'
import { renewFences, setFences } from '../page/prefix.js'
import { childChecksumHigh, childChecksumLow, childOf, copyKey, recordBytes } from '../page/record.js'
import {
  bytesToMerge,
  mergeSiblings,
  mergeUp,
  pullDownSeparator,
  retireSeparator,
  separatorGrowth,
} from './merge.js'
import { insertChild, writeFirstRecord } from './split.js'
import type { TreeState } from './tree-state.js'

/** Share of a page that packing fills: the rest takes a few insertions before the page is split. */
export const PACKED_FILL = 0.96

/** Returns the bytes of slots and records that fit a page. */
function capacityOf(limits: PageLimits): number {
  return limits.pageEnd - PAGE_HEADER_BYTES
}

/**
 * Reports whether the child in a slot of a branch is filled to less than `fill` and a record of its right sibling, in the next slot,
 * fits it. Changes nothing.
 *
 * @param level - level of the children.
 * @internal
 */
export function canTakeFromRight(
  state: TreeState,
  parent: number,
  slot: number,
  level: number,
  fill: number,
): boolean {
  const { arenas, limits, pages } = state
  // Loading the sibling may evict the page, but not their parent.
  const page = pages.reader.child(parent, slot, level)
  const used = usedBytes(arenas.of(page), page)
  if (used >= fill * capacityOf(limits)) return false
  const right = pages.reader.child(parent, slot + 1, level)
  const memory = arenas.of(right)
  if (slotCount(memory, right) === 0) return true
  const first = recordBytes(memory, right, 0) + separatorGrowth(arenas.of(parent), parent, slot + 1, level)
  return used + first + SLOT_BYTES <= capacityOf(limits)
}

/**
 * Moves records of the right sibling to the page at `depth` of the path: all of them when they fit, and otherwise as many as fill the page
 * to {@link PACKED_FILL}. {@link canTakeFromRight} has reported that one fits. The path is invalid afterwards.
 *
 * @internal
 */
export function takeFromRight(state: TreeState, depth: number): void {
  const { arenas, limits, pages } = state
  const level = state.root.level - depth
  const parent = state.pathPage[depth - 1] as number
  const right = (state.pathSlot[depth - 1] as number) + 1
  const page = state.pathPage[depth] as number
  const rightPage = pages.pins.pin(pages.reader.child(parent, right, level))
  const memory = arenas.of(page)
  if (usedBytes(memory, page) + bytesToMerge(arenas, parent, right, rightPage) <= capacityOf(limits)) {
    mergeSiblings(state, depth, right, rightPage)
    mergeUp(state, depth - 1)
    return
  }
  const sibling = state.writableChild(parent, right, level)
  const growth = separatorGrowth(arenas.of(parent), parent, right, level)
  const count = countTaken(arenas, page, sibling, growth)
  const lower = state.lowerFence(depth)
  state.pathSlot[depth - 1] = right
  const upper = state.upperFence(depth)
  const move = level === 0 ? moveEntries : moveChildren
  const separator = move(state, parent, right, sibling, page, count)
  setFences(memory, page, lower, separator.key)
  renewFences(arenas.of(sibling), sibling, separator.key, upper)
  pages.reader.noteLayoutChange()
  removeSlot(arenas.of(parent), parent, right)
  insertChild(state, depth - 1, right, separator, pageNumberOf(arenas.of(sibling), sibling))
}

/** Returns how many records of the right sibling fill the page at `page`; the first one grows by `growth`. */
function countTaken(arenas: PageArenas, page: number, sibling: number, growth: number): number {
  const capacity = capacityOf(arenas.limits)
  const memory = arenas.of(sibling)
  let used = usedBytes(arenas.of(page), page) + growth
  let count = 0
  while (count === 0 || used < PACKED_FILL * capacity) {
    const next = recordBytes(memory, sibling, count) + SLOT_BYTES
    if (used + next > capacity) break
    used += next
    count += 1
  }
  return count
}

/** Moves the first `count` entries of a leaf to the leaf at its left. Returns the new separator of the two. */
function moveEntries(
  state: TreeState,
  parent: number,
  right: number,
  sibling: number,
  page: number,
  count: number,
): Separator {
  const { arenas, limits, pages } = state
  const memory = arenas.of(sibling)
  const last = copyKey(memory, sibling, count - 1)
  const separator = makeSeparator(limits, pages.extents, last, copyKey(memory, sibling, count))
  retireSeparator(state, parent, right)
  appendSlots(arenas.of(page), page, memory, sibling, 0, count)
  removeSlots(memory, sibling, 0, count)
  return separator
}

/** Moves the first `count` children of a branch to the branch at its left. Returns the new separator of the two. */
function moveChildren(
  state: TreeState,
  parent: number,
  right: number,
  sibling: number,
  page: number,
  count: number,
): Separator {
  const { arenas } = state
  const memory = arenas.of(sibling)
  const separator = copySeparator(memory, sibling, count, copyKey(memory, sibling, count))
  pullDownSeparator(state, parent, right, page, sibling)
  appendSlots(arenas.of(page), page, memory, sibling, 1, count)
  const source = copyToScratch(memory, sibling)
  clearPage(memory, sibling, pageLevel(source, 0))
  writeFirstRecord(
    memory,
    sibling,
    childOf(source, 0, count),
    childChecksumLow(source, 0, count),
    childChecksumHigh(source, 0, count),
  )
  appendSlots(memory, sibling, source, 0, count + 1, slotCount(source, 0))
  return separator
}
