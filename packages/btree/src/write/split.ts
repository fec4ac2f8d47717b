import { assert } from '@ldb/base'
import {
  BRANCH_RECORD_CHILD_CHECKSUM_OFFSET,
  BRANCH_RECORD_KEY_OFFSET,
  SLOT_BYTES,
  LEVELS_MAX,
} from '../format.js'
import { clearPage, pageNumberOf, slotCount, SLOTS_WORD, usedBytes } from '../page/page.js'
import { admitKey, renewFences, setFences, setHead } from '../page/prefix.js'
import { appendSlots, copyToScratch, fits, insertSlot, refillPage } from '../page/edit.js'
import type { PageMemory } from '../page/memory.js'
import {
  branchRecordBytes,
  childChecksumHigh,
  childChecksumLow,
  childOf,
  copyKey,
  recordBytes,
} from '../page/record.js'
import { makeSeparator, copySeparator } from '../extents/separator.js'
import type { Separator } from '../extents/separator.js'
import type { TreeState } from './tree-state.js'

// Virtual slots are the slots of the full page including the new record at `slot`. `middle` is the first virtual slot of the
// right page.

/**
 * Splits the leaf at `depth` of the path so that a record of `bytes` bytes fits at `slot`.
 *
 * @returns the offset of the one of the two pages that the record belongs to.
 * @internal
 */
export function splitAndInsert(
  state: TreeState,
  depth: number,
  slot: number,
  bytes: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const { arenas, pages } = state
  const page = state.pathPage[depth] as number
  const memory = arenas.of(page)
  const lower = state.lowerFence(depth)
  const upper = state.upperFence(depth)
  // All reads use the copy: copying a page waits for memory once, reading its records would wait for each of them.
  const source = copyToScratch(memory, page)
  const middle = chooseLeafMiddle(state, source, slot, bytes, lower === undefined, upper === undefined)
  const boundary = slot < middle ? middle - 1 : middle
  const newKey = key.slice(start, end)
  const left = slot === middle - 1 ? newKey : copyKey(source, 0, boundary - 1)
  const right = slot === middle ? newKey : copyKey(source, 0, boundary)
  const separator = makeSeparator(memory, pages.extents, left, right)
  const count = slotCount(source, 0)
  const sibling = pages.allocator.create(0)
  const siblingMemory = arenas.of(sibling)
  refillPage(memory, page, source, 0, boundary)
  refillPage(siblingMemory, sibling, source, boundary, count)
  renewFences(memory, page, lower, separator.key)
  renewFences(siblingMemory, sibling, separator.key, upper)
  const siblingNumber = pageNumberOf(siblingMemory, sibling)
  insertChild(state, depth - 1, pathSlotOf(state, depth - 1) + 1, separator, siblingNumber)
  return slot < middle ? page : sibling
}

function pathSlotOf(state: TreeState, depth: number): number {
  return depth < 0 ? 0 : (state.pathSlot[depth] as number)
}

/** Chooses where the leaf in `source` is split: at the middle by bytes, or at an end when keys are inserted in order. */
function chooseLeafMiddle(
  state: TreeState,
  source: PageMemory,
  slot: number,
  bytes: number,
  leftEdge: boolean,
  rightEdge: boolean,
): number {
  const count = slotCount(source, 0)
  const isSamePage = state.lastPage === pageNumberOf(source, 0)
  // Inserts in ascending or descending order so leave full pages.
  if (slot === count && (rightEdge || (isSamePage && state.lastSlot === slot - 1))) return count
  if (slot === 0 && (leftEdge || (isSamePage && state.lastSlot === 0))) return 1
  return middleByBytes(source, 0, slot, bytes)
}

/** Returns the virtual slot at which the left page has about half of the bytes. Each page gets a record or more. */
function middleByBytes(memory: PageMemory, page: number, slot: number, bytes: number): number {
  const count = slotCount(memory, page)
  const total = usedBytes(memory, page) + bytes + SLOT_BYTES
  let sum = 0
  for (let index = 0; index < count; index += 1) {
    const size = index === slot ? bytes : recordBytes(memory, page, index < slot ? index : index - 1)
    if (sum + (size + SLOT_BYTES) / 2 >= total / 2 && index > 0) return index
    sum += size + SLOT_BYTES
  }
  return count
}

/**
 * Inserts a child into the branch at `depth` of the path, at `slot`. Splits the branch, and those above it, when full.
 *
 * @internal
 */
export function insertChild(
  state: TreeState,
  depth: number,
  slot: number,
  separator: Separator,
  child: number,
): void {
  if (depth < 0) {
    growRoot(state, separator, child)
    return
  }
  const page = state.pathPage[depth] as number
  const memory = state.arenas.of(page)
  if (fits(memory, page, branchRecordBytes(separator.part.length))) {
    writeBranchRecord(memory, page, slot, separator, child)
    return
  }
  splitBranch(state, depth, slot, separator, child)
}

/** Makes a new root above the two halves of the old one. */
function growRoot(state: TreeState, separator: Separator, child: number): void {
  assert(state.root.level + 1 < LEVELS_MAX, 'the number of levels is bounded')
  const root = state.pages.allocator.create(state.root.level + 1)
  const memory = state.arenas.of(root)
  writeFirstRecord(memory, root, state.root.page, 0, 0)
  writeBranchRecord(memory, root, 1, separator, child)
  state.root.page = pageNumberOf(memory, root)
  state.root.level += 1
}

function splitBranch(
  state: TreeState,
  depth: number,
  slot: number,
  separator: Separator,
  child: number,
): void {
  const { arenas, pages } = state
  const page = state.pathPage[depth] as number
  const memory = arenas.of(page)
  const count = slotCount(memory, page)
  const lower = state.lowerFence(depth)
  const upper = state.upperFence(depth)
  const middle = chooseBranchMiddle(memory, page, slot, branchRecordBytes(separator.part.length))
  const boundary = slot < middle ? middle - 1 : middle
  const isNew = slot === middle
  // The separator of the middle child moves up to the parent; the child is in slot 0 of the sibling, which has no separator.
  const up = isNew ? separator : copySeparator(memory, page, boundary, copyKey(memory, page, boundary))
  const sibling = pages.allocator.create(state.root.level - depth)
  const siblingMemory = arenas.of(sibling)
  const source = copyToScratch(memory, page)
  refillPage(memory, page, source, 0, boundary)
  clearPage(siblingMemory, sibling, state.root.level - depth)
  if (isNew) {
    writeFirstRecord(siblingMemory, sibling, child, 0, 0)
  } else {
    writeFirstRecord(
      siblingMemory,
      sibling,
      childOf(source, 0, boundary),
      childChecksumLow(source, 0, boundary),
      childChecksumHigh(source, 0, boundary),
    )
  }
  appendSlots(siblingMemory, sibling, source, 0, isNew ? boundary : boundary + 1, count)
  renewFences(memory, page, lower, up.key)
  setFences(siblingMemory, sibling, up.key, upper)
  if (slot < middle) writeBranchRecord(memory, page, slot, separator, child)
  else if (slot > middle) writeBranchRecord(siblingMemory, sibling, slot - middle, separator, child)
  insertChild(state, depth - 1, pathSlotOf(state, depth - 1) + 1, up, pageNumberOf(siblingMemory, sibling))
}

/** Chooses where a branch is split. Each branch gets two children or more. */
function chooseBranchMiddle(memory: PageMemory, page: number, slot: number, bytes: number): number {
  const count = slotCount(memory, page)
  assert(count >= 3, 'a page has space for three branch records')
  if (slot === count) return count - 1
  return Math.min(count - 1, Math.max(2, middleByBytes(memory, page, slot, bytes)))
}

/** Writes the record of slot 0, which has no separator. @internal */
export function writeFirstRecord(
  memory: PageMemory,
  page: number,
  child: number,
  checksumLow: number,
  checksumHigh: number,
): void {
  const record = insertSlot(memory, page, 0, 0, branchRecordBytes(0))
  const word = record >> 2
  memory.i32[word] = child
  memory.i32[word + (BRANCH_RECORD_CHILD_CHECKSUM_OFFSET >> 2)] = checksumLow
  memory.i32[word + (BRANCH_RECORD_CHILD_CHECKSUM_OFFSET >> 2) + 1] = checksumHigh
  memory.i32[(page >> 2) + SLOTS_WORD] = 0
}

/** Writes a record with a separator. The next checkpoint records the child's checksum. */
function writeBranchRecord(
  memory: PageMemory,
  page: number,
  slot: number,
  separator: Separator,
  child: number,
): void {
  const { key, part } = separator
  admitKey(memory, page, key, 0, key.length)
  const bytes = branchRecordBytes(part.length)
  const record = insertSlot(memory, page, slot, key.length, bytes)
  memory.bytes.fill(0, record, record + bytes)
  memory.i32[record >> 2] = child
  memory.bytes.set(part, record + BRANCH_RECORD_KEY_OFFSET)
  setHead(memory, page, slot)
}
