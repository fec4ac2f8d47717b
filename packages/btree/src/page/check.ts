import {
  BRANCH_RECORD_KEY_OFFSET,
  FLAG_EDGE,
  PAGE_HEADER_BYTES,
  PAGE_HEADER_FLAGS_OFFSET,
  PageKind,
  ENCODED_VALUE_BLOCK_OFFSET,
  EXTENT_REFERENCE_BYTES,
  SLOT_BYTES,
  VALUE_FIELD_BYTES,
  VALUE_IS_ENCODED,
  VALUE_IS_EXTENT,
  VALUE_LENGTH_MASK,
} from '../format.js'
import {
  deadBytes,
  heapStart,
  pageKind,
  pageLevel,
  pageNumberOf,
  prefixBytes,
  slotCount,
  SLOTS_WORD,
} from './page.js'
import type { PageMemory } from './memory.js'
import {
  branchRecordBytes,
  childOf,
  firstKeyedSlot,
  keyOffset,
  keyPartBytes,
  slotHead,
  slotKeyBytes,
  valueField,
} from './record.js'
import { keyHead } from './search-slots.js'

const NOT_IN_ORDER = 'the keys are not in order'

/**
 * Checks the structure of a tree page (B3): kind, level, bounds of every record, heads, prefix and order of the keys. Runs before
 * the first use of a page that was read from the file, so that not even a forged page leads later code out of its bounds.
 *
 * @param isChecked - true when the same bytes were checked before, or were written by this process. Only the header is checked.
 * @returns the fault, or undefined.
 * @internal
 */
export function checkTreePage(
  memory: PageMemory,
  page: number,
  pageNumber: number,
  level: number,
  isChecked: boolean = false,
): string | undefined {
  if (pageNumberOf(memory, page) !== pageNumber) return 'the header has another page number'
  if (pageKind(memory, page) !== (level === 0 ? PageKind.Leaf : PageKind.Branch))
    return 'the page is of another kind'
  if (pageLevel(memory, page) !== level) return 'the page is of another level'
  const flags = memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET] as number
  if ((flags & ~FLAG_EDGE) !== 0 || memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET + 1] !== 0) {
    return 'reserved bits are set'
  }
  if (isChecked) return undefined
  return checkHeap(memory, page, level) ?? checkKeys(memory, page)
}

function checkHeap(memory: PageMemory, page: number, level: number): string | undefined {
  const count = slotCount(memory, page)
  const heap = heapStart(memory, page)
  if (heap > memory.pageEnd || PAGE_HEADER_BYTES + count * SLOT_BYTES > heap)
    return 'slots and records overlap'
  if (level !== 0 && (count === 0 || (heap & 3) !== 0))
    return 'a branch has no child, or its records are not aligned'
  let used = 0
  for (let slot = 0; slot < count; slot += 1) {
    const offset = (memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1) + 1] as number) & 0xffff
    const bytesLeft = memory.pageEnd - offset
    if (offset < heap || bytesLeft < (level === 0 ? VALUE_FIELD_BYTES : BRANCH_RECORD_KEY_OFFSET)) {
      return 'a record lies outside of the heap'
    }
    const keyPart = keyPartBytes(memory, slotKeyBytes(memory, page, slot))
    const field = level === 0 ? valueField(memory, page + offset) : 0
    const bytes = level === 0 ? leafRecordBytes(memory, field, keyPart) : branchRecordBytes(keyPart)
    if (bytes < 0 || bytes > bytesLeft) return 'a record extends past the end of the page'
    if (level !== 0) {
      if ((offset & 3) !== 0) return 'a branch record is not aligned'
      if (childOf(memory, page, slot) <= 0) return 'a branch record has no child'
    }
    used += bytes
  }
  if (used + deadBytes(memory, page) !== memory.pageEnd - heap)
    return 'the record sizes and dead bytes do not add up to the heap'
  return undefined
}

/** Returns the size of a leaf record, or -1 when the length in its value field is invalid. */
function leafRecordBytes(memory: PageMemory, field: number, keyPart: number): number {
  const valuePart = field & VALUE_LENGTH_MASK
  let isInvalid = valuePart > memory.valueInlineMax
  if ((field & VALUE_IS_ENCODED) !== 0) {
    isInvalid ||= (field & VALUE_IS_EXTENT) !== 0 || valuePart <= ENCODED_VALUE_BLOCK_OFFSET
  } else if ((field & VALUE_IS_EXTENT) !== 0) isInvalid = valuePart !== EXTENT_REFERENCE_BYTES
  return isInvalid ? -1 : VALUE_FIELD_BYTES + keyPart + valuePart
}

function checkKeys(memory: PageMemory, page: number): string | undefined {
  const { bytes, i32 } = memory
  const count = slotCount(memory, page)
  const prefix = prefixBytes(memory, page)
  const first = firstKeyedSlot(memory, page)
  if (prefix > memory.prefixMax) return 'the prefix is too long'
  if (first === 1 && (slotKeyBytes(memory, page, 0) !== 0 || slotHead(memory, page, 0) !== 0)) {
    return 'the first child of a branch has a separator'
  }
  const keyShift = page + (first === 0 ? VALUE_FIELD_BYTES : BRANCH_RECORD_KEY_OFFSET)
  let previousAt = 0
  let previousHead = -1
  for (let slot = first; slot < count; slot += 1) {
    const word = (page >> 2) + SLOTS_WORD + (slot << 1)
    const head = i32[word] as number
    const location = i32[word + 1] as number
    const keyBytes = location >>> 16
    const at = keyShift + (location & 0xffff)
    if (keyBytes < prefix) return 'a key is shorter than the prefix of its page'
    if (head !== keyHead(bytes, at, at + keyBytes, prefix)) return 'a head does not match its key'
    if (slot > first) {
      if (!sharesPrefix(memory, previousAt, at, prefix)) return 'a key does not have the prefix of its page'
      if (head <= previousHead) {
        const order = head < previousHead ? NOT_IN_ORDER : compareTied(memory, page, slot, prefix)
        if (order !== undefined) return order
      }
    }
    previousAt = at
    previousHead = head
  }
  return undefined
}

/** Reports whether the keys at two offsets begin with the same `prefix` bytes. */
function sharesPrefix(memory: PageMemory, a: number, b: number, prefix: number): boolean {
  const { bytes, view } = memory
  let index = 0
  for (; index <= prefix - 4; index += 4) {
    if (view.getInt32(a + index, true) !== view.getInt32(b + index, true)) return false
  }
  for (; index < prefix; index += 1) if (bytes[a + index] !== bytes[b + index]) return false
  return true
}

/** Compares the key parts of a slot and the slot before it, which have equal heads. Reads no overflow extent. */
function compareTied(memory: PageMemory, page: number, slot: number, prefix: number): string | undefined {
  const a = keyOffset(memory, page, slot - 1)
  const b = keyOffset(memory, page, slot)
  const aBytes = slotKeyBytes(memory, page, slot - 1)
  const bBytes = slotKeyBytes(memory, page, slot)
  const aInPage = aBytes <= memory.keyPartMax ? aBytes : memory.keyInlineBytes
  const bInPage = bBytes <= memory.keyPartMax ? bBytes : memory.keyInlineBytes
  const shared = Math.min(aInPage, bInPage)
  for (let index = prefix; index < shared; index += 1) {
    const difference = (memory.bytes[a + index] as number) - (memory.bytes[b + index] as number)
    if (difference !== 0) return difference < 0 ? undefined : NOT_IN_ORDER
  }
  if (aBytes === shared) return aBytes < bBytes ? undefined : NOT_IN_ORDER
  // `verify`, which reads extents, compares long keys that are equal up to their extents.
  return bBytes === shared ? NOT_IN_ORDER : undefined
}
