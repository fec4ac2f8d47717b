import { isEdge, prefixBytes, slotCount, SLOTS_WORD } from './page.js'
import type { PageMemory } from './memory.js'
import { keyOffset, slotKeyBytes } from './record.js'

// Search within one page. A search key is `key[start..end)`. Heads are 31-bit, so that `(a - b) >> 31` is -1 exactly
// when a < b: the head search has no data-dependent branch. In an arena of a million entries it is twice as fast as a
// byte-wise search with hints.

/** Returns the head of a search key: the four bytes that follow `prefix` bytes, as 31 bits. @internal */
export function keyHead(key: Uint8Array, start: number, end: number, prefix: number): number {
  const at = start + prefix
  const rest = end - at
  if (rest >= 4) {
    return (
      (((key[at] as number) << 24) |
        ((key[at + 1] as number) << 16) |
        ((key[at + 2] as number) << 8) |
        (key[at + 3] as number)) >>>
      1
    )
  }
  let head = 0
  if (rest > 0) head = (key[at] as number) << 24
  if (rest > 1) head |= (key[at + 1] as number) << 16
  if (rest > 2) head |= (key[at + 2] as number) << 8
  return head >>> 1
}

/** Returns the index of the first of `count` slots, at int32 index `base`, whose head is not below `head`. @internal */
export function firstHeadNotBelow(i32: Int32Array, base: number, count: number, head: number): number {
  let index = 0
  let length = count
  // Each round loads three probes at once and leaves a quarter of the slots.
  while (length >= 4) {
    const quarter = length >> 2
    const stride = quarter << 1
    const a = base + ((index + quarter - 1) << 1)
    const b = a + stride
    const below =
      (((i32[a] as number) - head) >> 31) +
      (((i32[b] as number) - head) >> 31) +
      (((i32[b + stride] as number) - head) >> 31)
    index = (index - Math.imul(below, quarter)) | 0
    length = (length - 3 * quarter) | 0
  }
  const a = base + (index << 1)
  let below = 0
  if (length > 0) below = ((i32[a] as number) - head) >> 31
  if (length > 1) below += ((i32[a + 2] as number) - head) >> 31
  if (length > 2) below += ((i32[a + 4] as number) - head) >> 31
  return (index - below) | 0
}

/**
 * Compares a search key with a stored key from byte `from` on. The bytes before `from` must be equal.
 *
 * @returns a negative number, 0 or a positive number when the search key is smaller, equal or greater.
 * @internal
 */
export function compareKey(
  memory: PageMemory,
  storedAt: number,
  storedBytes: number,
  key: Uint8Array,
  start: number,
  end: number,
  from: number,
): number {
  const bytes = memory.bytes
  const keyBytes = end - start
  const inPage = storedBytes <= memory.keyPartMax ? storedBytes : memory.keyInlineBytes
  const shared = keyBytes < inPage ? keyBytes : inPage
  for (let index = from; index < shared; index += 1) {
    const difference = (key[start + index] as number) - (bytes[storedAt + index] as number)
    if (difference !== 0) return difference
  }
  if (inPage === storedBytes || keyBytes <= inPage) return keyBytes - storedBytes
  return compareLongKey(memory, storedAt + inPage, key, start, end, inPage)
}

function compareLongKey(
  memory: PageMemory,
  referenceAt: number,
  key: Uint8Array,
  start: number,
  end: number,
  from: number,
): number {
  const stored = memory.extents.readExtent(memory, referenceAt)
  const keyBytes = end - start
  const shared = Math.min(keyBytes, stored.length)
  for (let index = from; index < shared; index += 1) {
    const difference = (key[start + index] as number) - (stored[index] as number)
    if (difference !== 0) return difference
  }
  return keyBytes - stored.length
}

/** Compares a search key with the key of a slot. @internal */
export function compareSlot(
  memory: PageMemory,
  page: number,
  slot: number,
  key: Uint8Array,
  start: number,
  end: number,
  from: number,
): number {
  return compareKey(
    memory,
    keyOffset(memory, page, slot),
    slotKeyBytes(memory, page, slot),
    key,
    start,
    end,
    from,
  )
}

/** Compares the first `prefix` bytes of a search key with those of a slot's key. @internal */
export function comparePrefix(
  memory: PageMemory,
  page: number,
  slot: number,
  prefix: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const storedAt = keyOffset(memory, page, slot)
  const shared = end - start < prefix ? end - start : prefix
  for (let index = 0; index < shared; index += 1) {
    const difference = (key[start + index] as number) - (memory.bytes[storedAt + index] as number)
    if (difference !== 0) return difference
  }
  return shared < prefix ? -1 : 0
}

/**
 * Searches the slots of a page from `first` on.
 *
 * @returns the slot whose key equals the search key; when there is none, the bitwise complement of the first slot
 * whose key is greater.
 * @internal
 */
export function searchSlots(
  memory: PageMemory,
  page: number,
  first: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const i32 = memory.i32
  const count = slotCount(memory, page)
  const prefix = prefixBytes(memory, page)
  if (prefix !== 0 && isEdge(memory, page) && count > first) {
    const order = comparePrefix(memory, page, first, prefix, key, start, end)
    if (order !== 0) return order < 0 ? ~first : ~count
  }
  const base = (page >> 2) + SLOTS_WORD
  const head = keyHead(key, start, end, prefix)
  const slot = first + firstHeadNotBelow(i32, base + (first << 1), count - first, head)
  if (slot === count || i32[base + (slot << 1)] !== head) return ~slot
  const order = compareSlot(memory, page, slot, key, start, end, prefix)
  if (order === 0) return slot
  if (order < 0) return ~slot
  if (slot + 1 === count || i32[base + ((slot + 1) << 1)] !== head) return ~(slot + 1)
  return searchTies(memory, page, slot + 1, head, key, start, end)
}

/** Searches slots with equal heads by whole keys, as a binary search: long common prefixes keep a logarithmic cost. */
function searchTies(
  memory: PageMemory,
  page: number,
  from: number,
  head: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const i32 = memory.i32
  const base = (page >> 2) + SLOTS_WORD
  const count = slotCount(memory, page)
  const prefix = prefixBytes(memory, page)
  let low = from
  let high =
    head === 0x7fffffff ? count : from + firstHeadNotBelow(i32, base + (from << 1), count - from, head + 1)
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareSlot(memory, page, middle, key, start, end, prefix)
    if (order === 0) return middle
    if (order < 0) high = middle
    else low = middle + 1
  }
  return ~low
}
