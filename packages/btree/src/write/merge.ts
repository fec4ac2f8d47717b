import { BRANCH_RECORD_KEY_OFFSET, PAGE_HEADER_BYTES } from '../format.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageMemory } from '../page/memory.js'
import { pageEpoch, pageLevel, pageNumberOf, slotCount, usedBytes } from '../page/page.js'
import { appendSlots, copyBytes, insertSlot, removeSlot } from '../page/edit.js'
import { setFences } from '../page/prefix.js'
import {
  branchRecordBytes,
  childChecksumHigh,
  childChecksumLow,
  childOf,
  keyOffset,
  keyPartBytes,
  slotKeyBytes,
} from '../page/record.js'
import type { TreeState } from './tree-state.js'

/**
 * Merges the page at `depth` of the path with a sibling when it is nearly empty, then its parent, and so on; finally
 * replaces a root with one child by that child. The path is invalid afterwards.
 *
 * @remarks A page is merged when it is less than a quarter full and the merged page has an eighth free, so that
 * the next insertion does not split it again. Reads two siblings at most.
 * @internal
 */
export function mergeUp(state: TreeState, depth: number): void {
  for (let at = depth; at > 0; at -= 1) {
    const page = state.pathPage[at] as number
    if (usedBytes(state.arenas.of(page), page) >= state.limits.pageBytes >> 2) break
    const slot = state.pathSlot[at - 1] as number
    const merged = (slot > 0 && tryMerge(state, at, slot)) || tryMerge(state, at, slot + 1)
    if (!merged) break
  }
  shrinkRoot(state)
}

/** Merges the child in slot `right` of the parent into its left sibling, if both fit one page. */
function tryMerge(state: TreeState, depth: number, right: number): boolean {
  const { arenas, pages } = state
  const parent = state.pathPage[depth - 1] as number
  const memory = arenas.of(parent)
  if (right >= slotCount(memory, parent)) return false
  const level = state.root.level - depth
  const leftPage = pages.pins.pin(pages.reader.child(parent, right - 1, level))
  const rightPage = pages.pins.pin(pages.reader.child(parent, right, level))
  const left = arenas.of(leftPage)
  const needed = usedBytes(left, leftPage) + bytesToMerge(arenas, parent, right, rightPage)
  const capacity = memory.pageEnd - PAGE_HEADER_BYTES
  if (
    slotCount(arenas.of(rightPage), rightPage) > 0 &&
    slotCount(left, leftPage) > 0 &&
    needed > capacity - (capacity >> 3)
  )
    return false
  if (needed > capacity) return false
  mergeSiblings(state, depth, right, rightPage)
  return true
}

/**
 * Returns the bytes that the page at `rightPage`, the child in slot `right` of a branch, adds to its left sibling when both are merged.
 *
 * @internal
 */
export function bytesToMerge(arenas: PageArenas, parent: number, right: number, rightPage: number): number {
  const memory = arenas.of(rightPage)
  const growth = separatorGrowth(arenas.of(parent), parent, right, pageLevel(memory, rightPage))
  return usedBytes(memory, rightPage) + growth
}

/**
 * Returns the bytes by which the record of a branch's first child grows when it moves to the left sibling of the branch, because it gets
 * the separator; 0 for leaves.
 *
 * @internal
 */
export function separatorGrowth(memory: PageMemory, parent: number, right: number, level: number): number {
  if (level === 0) return 0
  const separatorPart = keyPartBytes(memory, slotKeyBytes(memory, parent, right))
  return branchRecordBytes(separatorPart) - branchRecordBytes(0)
}

/**
 * Merges the child in slot `right` of the parent, pinned at `rightPage`, into its left sibling. Both must fit one page.
 *
 * @param depth - depth of the children.
 * @internal
 */
export function mergeSiblings(state: TreeState, depth: number, right: number, rightPage: number): void {
  const { arenas, pages } = state
  const parent = state.pathPage[depth - 1] as number
  const level = state.root.level - depth
  const target = state.writableChild(parent, right - 1, level)
  state.pathSlot[depth - 1] = right - 1
  const lower = state.lowerFence(depth)
  state.pathSlot[depth - 1] = right
  const upper = state.upperFence(depth)
  if (level > 0) pullDownSeparator(state, parent, right, target, rightPage)
  else retireSeparator(state, parent, right)
  const memory = arenas.of(target)
  const source = arenas.of(rightPage)
  appendSlots(memory, target, source, rightPage, level === 0 ? 0 : 1, slotCount(source, rightPage))
  setFences(memory, target, lower, upper)
  if (level > 0) pages.pendingChecksums.recordIn(memory, target, pageEpoch(source, rightPage))
  removeSlot(arenas.of(parent), parent, right)
  pages.allocator.retire(rightPage)
}

/**
 * Copies the separator of the right branch from the parent to the left branch, where it separates the right branch's first child.
 *
 * @internal
 */
export function pullDownSeparator(
  state: TreeState,
  parent: number,
  slot: number,
  target: number,
  rightPage: number,
): void {
  const { arenas } = state
  const memory = arenas.of(target)
  const above = arenas.of(parent)
  const source = arenas.of(rightPage)
  const keyBytes = slotKeyBytes(above, parent, slot)
  const part = keyPartBytes(above, keyBytes)
  const record = insertSlot(memory, target, slotCount(memory, target), keyBytes, branchRecordBytes(part))
  const word = record >> 2
  memory.i32[word] = childOf(source, rightPage, 0)
  memory.i32[word + 1] = childChecksumLow(source, rightPage, 0)
  memory.i32[word + 2] = childChecksumHigh(source, rightPage, 0)
  copyBytes(
    above.bytes,
    keyOffset(above, parent, slot),
    memory.bytes,
    record + BRANCH_RECORD_KEY_OFFSET,
    part,
  )
}

/** Retires the extent of a separator that is removed, if it has one. @internal */
export function retireSeparator(state: TreeState, parent: number, slot: number): void {
  const memory = state.arenas.of(parent)
  if (slotKeyBytes(memory, parent, slot) <= memory.keyPartMax) return
  state.pages.extents.retire(memory.bytes, keyOffset(memory, parent, slot) + memory.keyInlineBytes)
}

/** Replaces a root that has one child by that child. */
function shrinkRoot(state: TreeState): void {
  const { arenas, pages } = state
  let root = pages.pins.pin(pages.reader.root(state.root))
  while (state.root.level > 0) {
    const memory = arenas.of(root)
    if (slotCount(memory, root) !== 1) return
    const child = pages.pins.pin(pages.reader.child(root, 0, state.root.level - 1))
    state.root.checksumLow = childChecksumLow(memory, root, 0)
    state.root.checksumHigh = childChecksumHigh(memory, root, 0)
    state.root.page = pageNumberOf(arenas.of(child), child)
    state.root.level -= 1
    pages.allocator.retire(root)
    root = child
  }
}
