import type { PageMemory } from './memory.js'
import { isEdge, prefixBytes, setEdge, setPrefixBytes, slotCount, SLOTS_WORD } from './page.js'
import { firstKeyedSlot, keyOffset, slotKeyBytes } from './record.js'
import { comparePrefix, keyHead } from './search-slots.js'

/** Computes the head of a slot from its key and the page prefix. @internal */
export function setHead(memory: PageMemory, page: number, slot: number): void {
  const word = (page >> 2) + SLOTS_WORD + (slot << 1)
  const keyBytes = slotKeyBytes(memory, page, slot)
  const at = keyOffset(memory, page, slot)
  memory.i32[word] = keyHead(memory.bytes, at, at + keyBytes, prefixBytes(memory, page))
}

/** Sets the prefix of a page and recomputes all heads. @internal */
export function setPrefix(memory: PageMemory, page: number, prefix: number, edge: boolean): void {
  setPrefixBytes(memory, page, prefix)
  setEdge(memory, page, edge)
  const count = slotCount(memory, page)
  const first = firstKeyedSlot(memory, page)
  if (first === 1 && count > 0) memory.i32[(page >> 2) + SLOTS_WORD] = 0
  for (let slot = first; slot < count; slot += 1) setHead(memory, page, slot)
}

/** Returns the length of the common prefix of two keys, at most `limit`. @internal */
export function sharedBytes(a: Uint8Array, b: Uint8Array, limit: number): number {
  const end = Math.min(a.length, b.length, limit)
  let index = 0
  while (index < end && a[index] === b[index]) index += 1
  return index
}

/**
 * Sets the prefix of a page from its fence keys: all keys between them share their common prefix. A page without a lower or
 * upper fence, at the edge of the tree, uses the common prefix of its own keys and gets the edge flag. A search compares the
 * prefix of an edge page, and an insertion shortens it to a prefix of the new key.
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

/** Does the same for a page whose heads match its present prefix, and recomputes no head when the prefix stays. @internal */
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
  return last < first ? 0 : sharedKeyBytes(memory, page, first, last)
}

/** Returns the length of the common prefix of the keys of two slots. */
function sharedKeyBytes(memory: PageMemory, page: number, first: number, last: number): number {
  const a = keyOffset(memory, page, first)
  const b = keyOffset(memory, page, last)
  const end = Math.min(slotKeyBytes(memory, page, first), slotKeyBytes(memory, page, last), memory.prefixMax)
  let index = 0
  while (index < end && memory.bytes[a + index] === memory.bytes[b + index]) index += 1
  return index
}

/** Shortens the prefix of an edge page to a prefix of a key that is about to be inserted. @internal */
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
