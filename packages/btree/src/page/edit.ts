import { assert, copyWords } from '@ldb/base'
import { PAGE_HEADER_BYTES, SLOT_BYTES, VALUE_FIELD_BYTES, VALUE_IS_ENCODED } from '../format.js'
import {
  clearPage,
  deadBytes,
  freeBytes,
  heapStart,
  pageLevel,
  prefixBytes,
  setDeadBytes,
  setHeapStart,
  setPrefixBytes,
  setSlotCount,
  slotCount,
  SLOTS_WORD,
} from './page.js'
import type { PageMemory } from './memory.js'
import { recordBytes, recordOffset, setValueField, slotKeyBytes } from './record.js'
import { keyHead } from './search-slots.js'

/** Reports whether a record and its slot fit into a page. @internal */
export function fits(memory: PageMemory, page: number, bytes: number): boolean {
  return bytes + SLOT_BYTES <= freeBytes(memory, page)
}

/** Reports whether a record and its slot fit into a page without compacting it. @internal */
export function fitsWithoutMoving(memory: PageMemory, page: number, bytes: number): boolean {
  return bytes <= heapStart(memory, page) - PAGE_HEADER_BYTES - (slotCount(memory, page) + 1) * SLOT_BYTES
}

/**
 * Inserts a slot and allocates its record, which must fit. Returns the record's offset. The caller fills the record, then sets
 * the head with {@link setHead}.
 *
 * @internal
 */
export function insertSlot(
  memory: PageMemory,
  page: number,
  slot: number,
  keyBytes: number,
  bytes: number,
): number {
  const count = slotCount(memory, page)
  assert(fits(memory, page, bytes), 'an inserted record fits its page')
  if (!fitsWithoutMoving(memory, page, bytes)) compactPage(memory, page)
  const offset = heapStart(memory, page) - bytes
  setHeapStart(memory, page, offset)
  const word = (page >> 2) + SLOTS_WORD + (slot << 1)
  shiftWords(memory.i32, word, word + 2, (count - slot) << 1)
  memory.i32[word + 1] = offset | (keyBytes << 16)
  setSlotCount(memory, page, count + 1)
  return page + offset
}

/** Removes a slot. The bytes of its record become dead. @internal */
export function removeSlot(memory: PageMemory, page: number, slot: number): void {
  removeSlots(memory, page, slot, slot + 1)
}

/** Removes slots `from` to `to` (exclusive). @internal */
export function removeSlots(memory: PageMemory, page: number, from: number, to: number): void {
  const count = slotCount(memory, page)
  let dead = deadBytes(memory, page)
  for (let slot = from; slot < to; slot += 1) dead += recordBytes(memory, page, slot)
  const word = (page >> 2) + SLOTS_WORD
  shiftWords(memory.i32, word + (to << 1), word + (from << 1), (count - to) << 1)
  const left = count - (to - from)
  setSlotCount(memory, page, left)
  if (left === 0) {
    setHeapStart(memory, page, memory.pageEnd)
    dead = 0
  }
  setDeadBytes(memory, page, dead)
}

/** Moves `length` words from `source` to `target`, which may overlap. `copyWithin` is faster above about 16 words. */
function shiftWords(i32: Int32Array, source: number, target: number, length: number): void {
  if (length > 16) {
    i32.copyWithin(target, source, source + length)
  } else if (target > source) {
    for (let index = length - 1; index >= 0; index -= 1) i32[target + index] = i32[source + index] as number
  } else {
    for (let index = 0; index < length; index += 1) i32[target + index] = i32[source + index] as number
  }
}

/** Moves the records to the end of the page, so that no byte of the heap is dead. @internal */
export function compactPage(memory: PageMemory, page: number): void {
  const scratch = copyToScratch(memory, page)
  setHeapStart(memory, page, memory.pageEnd)
  setDeadBytes(memory, page, 0)
  const count = slotCount(memory, page)
  for (let slot = 0; slot < count; slot += 1) {
    const bytes = recordBytes(scratch, 0, slot)
    const offset = heapStart(memory, page) - bytes
    copyWords(scratch.view, recordOffset(scratch, 0, slot), memory.view, page + offset, bytes)
    setHeapStart(memory, page, offset)
    memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1) + 1] = offset | (slotKeyBytes(scratch, 0, slot) << 16)
  }
}

/** Copies a page to offset 0 of the scratch memory, before the page is rebuilt. Returns the scratch memory. @internal */
export function copyToScratch(memory: PageMemory, page: number): PageMemory {
  const { scratch } = memory
  assert(scratch !== undefined, 'only memories with a scratch page are edited')
  scratch.bytes.set(memory.bytes.subarray(page, page + memory.pageBytes))
  return scratch
}

/** Copies `length` bytes between buffers or within one. Short copies allocate no view. @internal */
export function copyBytes(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
): void {
  if (length <= 64) {
    for (let index = 0; index < length; index += 1) {
      target[targetStart + index] = source[sourceStart + index] as number
    }
  } else {
    target.set(source.subarray(sourceStart, sourceStart + length), targetStart)
  }
}

/**
 * Appends copies of slots `from` to `to` (exclusive) of another page, which must fit. Heads are copied too, and are valid when
 * both pages have the same prefix.
 *
 * @internal
 */
export function appendSlots(
  target: PageMemory,
  targetPage: number,
  source: PageMemory,
  sourcePage: number,
  from: number,
  to: number,
): void {
  const count = slotCount(target, targetPage)
  let bytesNeeded = 0
  for (let slot = from; slot < to; slot += 1) bytesNeeded += recordBytes(source, sourcePage, slot)
  // `fits` adds one slot to the size of a record: the other slots count as part of it.
  const size = bytesNeeded + (to - from - 1) * SLOT_BYTES
  assert(to <= from || fits(target, targetPage, size), 'appended records fit their page')
  if (!fitsWithoutMoving(target, targetPage, size)) compactPage(target, targetPage)
  let offset = heapStart(target, targetPage)
  let word = (targetPage >> 2) + SLOTS_WORD + (count << 1)
  let sourceWord = (sourcePage >> 2) + SLOTS_WORD + (from << 1)
  for (let slot = from; slot < to; slot += 1) {
    const bytes = recordBytes(source, sourcePage, slot)
    const location = source.i32[sourceWord + 1] as number
    offset -= bytes
    copyWords(source.view, sourcePage + (location & 0xffff), target.view, targetPage + offset, bytes)
    target.i32[word] = source.i32[sourceWord] as number
    target.i32[word + 1] = offset | (location & 0xffff_0000)
    word += 2
    sourceWord += 2
  }
  setHeapStart(target, targetPage, offset)
  setSlotCount(target, targetPage, count + Math.max(0, to - from))
}

/**
 * Appends a record whose key and value are stored in the leaf, and which must fit. The key must have the prefix of the leaf.
 *
 * @param source - view of `bytes`, which contains the key and the value.
 * @internal
 */
export function appendRecord(
  memory: PageMemory,
  page: number,
  bytes: Uint8Array,
  source: DataView,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  isEncoded: boolean,
): void {
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  const size = VALUE_FIELD_BYTES + keyBytes + valueBytes
  if (!fitsWithoutMoving(memory, page, size)) {
    assert(fits(memory, page, size), 'an appended record fits its page')
    compactPage(memory, page)
  }
  const count = slotCount(memory, page)
  const offset = heapStart(memory, page) - size
  const record = page + offset
  const word = (page >> 2) + SLOTS_WORD + (count << 1)
  memory.i32[word] = keyHead(bytes, keyStart, keyEnd, prefixBytes(memory, page))
  memory.i32[word + 1] = offset | (keyBytes << 16)
  setHeapStart(memory, page, offset)
  setSlotCount(memory, page, count + 1)
  setValueField(memory, record, isEncoded ? valueBytes | VALUE_IS_ENCODED : valueBytes)
  copyWords(source, keyStart, memory.view, record + VALUE_FIELD_BYTES, keyBytes)
  copyWords(source, valueStart, memory.view, record + VALUE_FIELD_BYTES + keyBytes, valueBytes)
}

/** Clears a page and fills it with slots `from` to `to` (exclusive) of another, whose prefix it takes over. @internal */
export function refillPage(
  target: PageMemory,
  targetPage: number,
  source: PageMemory,
  from: number,
  to: number,
): void {
  clearPage(target, targetPage, pageLevel(source, 0))
  setPrefixBytes(target, targetPage, prefixBytes(source, 0))
  appendSlots(target, targetPage, source, 0, from, to)
}
