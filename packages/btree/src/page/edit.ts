import { assert, copyWords } from '@ldb/base'
import { PAGE_HEADER_BYTES, SLOT_BYTES, VALUE_FIELD_BYTES } from '../format.js'
import {
  clearPage,
  deadBytes,
  freeBytes,
  heapStart,
  isEdge,
  pageLevel,
  prefixBytes,
  setDeadBytes,
  setEdge,
  setHeapStart,
  setPrefixBytes,
  setSlotCount,
  slotCount,
  SLOTS_WORD,
} from './page.js'
import type { PageMemory } from './memory.js'
import { keyOffset, recordBytes, recordOffset, setValueField, slotKeyBytes } from './record.js'
import { comparePrefix, keyHead } from './search.js'

/** First slot of a page that has a key: slot 0 of a branch stands for everything below slot 1. @internal */
export function firstKeyedSlot(memory: PageMemory, page: number): number {
  return pageLevel(memory, page) === 0 ? 0 : 1
}

/** Reports whether a record and its slot fit into a page. @internal */
export function fits(memory: PageMemory, page: number, bytes: number): boolean {
  return bytes + SLOT_BYTES <= freeBytes(memory, page)
}

/** Reports whether they fit so that no other record has to move. @internal */
export function fitsWithoutMoving(memory: PageMemory, page: number, bytes: number): boolean {
  return bytes <= heapStart(memory, page) - PAGE_HEADER_BYTES - (slotCount(memory, page) + 1) * SLOT_BYTES
}

/**
 * Makes room for a record and its slot, which must fit, and gives the record's offset. The caller fills the record,
 * then the head follows from {@link setHead}.
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
  assert(fits(memory, page, bytes), 'a record that is inserted fits its page')
  if (!fitsWithoutMoving(memory, page, bytes)) compactPage(memory, page)
  const offset = heapStart(memory, page) - bytes
  setHeapStart(memory, page, offset)
  const word = (page >> 2) + SLOTS_WORD + (slot << 1)
  shiftWords(memory.i32, word, word + 2, (count - slot) << 1)
  memory.i32[word + 1] = offset | (keyBytes << 16)
  setSlotCount(memory, page, count + 1)
  return page + offset
}

/** Takes a slot out; the bytes of its record become dead. @internal */
export function removeSlot(memory: PageMemory, page: number, slot: number): void {
  removeSlots(memory, page, slot, slot + 1)
}

/** Takes slots `from` to `to` (exclusive) out. @internal */
export function removeSlots(memory: PageMemory, page: number, from: number, to: number): void {
  const count = slotCount(memory, page)
  let dead = deadBytes(memory, page)
  for (let slot = from; slot < to; slot += 1) dead += recordBytes(memory, page, slot)
  const word = (page >> 2) + SLOTS_WORD
  shiftWords(memory.i32, word + (to << 1), word + (from << 1), (count - to) << 1)
  const left = count - (to - from)
  setSlotCount(memory, page, left)
  if (left === 0) {
    setHeapStart(memory, page, memory.pageBytes)
    dead = 0
  }
  setDeadBytes(memory, page, dead)
}

/** Moves `length` words from `source` to `target`, which may overlap. copyWithin pays from about 16 words on. */
function shiftWords(i32: Int32Array, source: number, target: number, length: number): void {
  if (length > 16) {
    i32.copyWithin(target, source, source + length)
  } else if (target > source) {
    for (let index = length - 1; index >= 0; index -= 1) i32[target + index] = i32[source + index] as number
  } else {
    for (let index = 0; index < length; index += 1) i32[target + index] = i32[source + index] as number
  }
}

/** Gathers the records at the end of the page, so that no byte of the heap is dead. @internal */
export function compactPage(memory: PageMemory, page: number): void {
  const scratch = copyToScratch(memory, page)
  setHeapStart(memory, page, memory.pageBytes)
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

/** Copies a page aside, before it is built anew, and gives the memory that holds it, at offset 0. @internal */
export function copyToScratch(memory: PageMemory, page: number): PageMemory {
  const { scratch } = memory
  assert(scratch !== undefined, 'only memories with scratch room are edited')
  scratch.bytes.set(memory.bytes.subarray(page, page + memory.pageBytes))
  return scratch
}

/** Copies `length` bytes between buffers or within one, the shorter ones without a view. @internal */
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
 * Appends copies of slots `from` to `to` of another page, whose records must fit behind those that are here. Their heads
 * come along, and hold when both pages have one prefix.
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
  // As if they were one record: so many bytes, and all slots but one beside it.
  const room = bytesNeeded + (to - from - 1) * SLOT_BYTES
  assert(to <= from || fits(target, targetPage, room), 'records that are appended fit their page')
  if (!fitsWithoutMoving(target, targetPage, room)) compactPage(target, targetPage)
  let offset = heapStart(target, targetPage)
  let word = (targetPage >> 2) + SLOTS_WORD + (count << 1)
  let sourceWord = (sourcePage >> 2) + SLOTS_WORD + (from << 1)
  for (let slot = from; slot < to; slot += 1) {
    const bytes = recordBytes(source, sourcePage, slot)
    const place = source.i32[sourceWord + 1] as number
    offset -= bytes
    copyWords(source.view, sourcePage + (place & 0xffff), target.view, targetPage + offset, bytes)
    target.i32[word] = source.i32[sourceWord] as number
    target.i32[word + 1] = offset | (place & 0xffff_0000)
    word += 2
    sourceWord += 2
  }
  setHeapStart(target, targetPage, offset)
  setSlotCount(target, targetPage, count + Math.max(0, to - from))
}

/**
 * Appends a record that stands in the leaf as a whole, and must fit, behind those that are here. The leaf's prefix must be the key's.
 *
 * @param source - of `bytes`, in which key and value stand.
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
): void {
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  const size = VALUE_FIELD_BYTES + keyBytes + valueBytes
  if (!fitsWithoutMoving(memory, page, size)) {
    assert(fits(memory, page, size), 'a record that is appended fits its page')
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
  setValueField(memory, record, valueBytes)
  copyWords(source, keyStart, memory.view, record + VALUE_FIELD_BYTES, keyBytes)
  copyWords(source, valueStart, memory.view, record + VALUE_FIELD_BYTES + keyBytes, valueBytes)
}

/** Empties a page and fills it with slots `from` to `to` of another, whose prefix it takes. @internal */
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

/** Sets the head of a slot from its key and the prefix of the page. @internal */
export function setHead(memory: PageMemory, page: number, slot: number): void {
  const word = (page >> 2) + SLOTS_WORD + (slot << 1)
  const keyBytes = slotKeyBytes(memory, page, slot)
  const at = keyOffset(memory, page, slot)
  memory.i32[word] = keyHead(memory.bytes, at, at + keyBytes, prefixBytes(memory, page))
}

/** Sets the prefix of a page, and all heads with it. @internal */
export function setPrefix(memory: PageMemory, page: number, prefix: number, edge: boolean): void {
  setPrefixBytes(memory, page, prefix)
  setEdge(memory, page, edge)
  const count = slotCount(memory, page)
  const first = firstKeyedSlot(memory, page)
  if (first === 1 && count > 0) memory.i32[(page >> 2) + SLOTS_WORD] = 0
  for (let slot = first; slot < count; slot += 1) setHead(memory, page, slot)
}

/** Bytes that two keys have in common at their beginning, at most `limit`. @internal */
export function sharedBytes(a: Uint8Array, b: Uint8Array, limit: number): number {
  const end = Math.min(a.length, b.length, limit)
  let index = 0
  while (index < end && a[index] === b[index]) index += 1
  return index
}

/**
 * Sets the prefix of a page from its fences: the keys of a page lie between them and so share what they share. A page
 * without one of them, at the edge of the tree, takes what its own keys share and is marked: its prefix is compared
 * at each search and given up when a key comes that does not have it.
 *
 * @internal
 */
export function setFences(
  memory: PageMemory,
  page: number,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): void {
  const isEdge = lower === undefined || upper === undefined
  setPrefix(memory, page, fencedPrefix(memory, page, lower, upper), isEdge)
}

/** The same of a page whose heads are right for the prefix that it has: often that is the one. @internal */
export function renewFences(
  memory: PageMemory,
  page: number,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): void {
  const isEdge = lower === undefined || upper === undefined
  const prefix = fencedPrefix(memory, page, lower, upper)
  if (prefix === prefixBytes(memory, page)) setEdge(memory, page, isEdge)
  else setPrefix(memory, page, prefix, isEdge)
}

function fencedPrefix(
  memory: PageMemory,
  page: number,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): number {
  if (lower !== undefined && upper !== undefined) return sharedBytes(lower, upper, memory.prefixMax)
  const first = firstKeyedSlot(memory, page)
  const last = slotCount(memory, page) - 1
  return last < first ? 0 : ownPrefix(memory, page, first, last)
}

/** Bytes that the keys of two slots share. */
function ownPrefix(memory: PageMemory, page: number, first: number, last: number): number {
  const a = keyOffset(memory, page, first)
  const b = keyOffset(memory, page, last)
  const end = Math.min(slotKeyBytes(memory, page, first), slotKeyBytes(memory, page, last), memory.prefixMax)
  let index = 0
  while (index < end && memory.bytes[a + index] === memory.bytes[b + index]) index += 1
  return index
}

/** Shortens the prefix of an edge page, if it must, so that a new key has it too. @internal */
export function admitKey(
  memory: PageMemory,
  page: number,
  key: Uint8Array,
  start: number,
  end: number,
): void {
  if (!isEdge(memory, page)) return
  const first = firstKeyedSlot(memory, page)
  if (slotCount(memory, page) <= first) {
    setPrefix(memory, page, Math.min(end - start, memory.prefixMax), true)
    return
  }
  const prefix = prefixBytes(memory, page)
  if (comparePrefix(memory, page, first, prefix, key, start, end) === 0) return
  const at = keyOffset(memory, page, first)
  let shared = 0
  while (shared < end - start && memory.bytes[at + shared] === key[start + shared]) shared += 1
  setPrefix(memory, page, shared, true)
}
