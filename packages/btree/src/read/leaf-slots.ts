import type { ValuePredicate } from '@ldb/base'
import type { ValueSlab } from '../extents/value-slab.js'
import { VALUE_FIELD_BYTES } from '../format.js'
import type { PageMemory } from '../page/memory.js'
import {
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
  valueIsIndirect,
  valuePartBytes,
} from '../page/record.js'
import { searchLeaf } from '../page/search.js'
import { compareSlot } from '../page/search-slots.js'
import type { Pages } from '../pager/pages.js'

/** Returns the first of the `count` slots of a leaf whose key is not below a bound. @internal */
export function slotOfBound(memory: PageMemory, page: number, count: number, bound: Uint8Array): number {
  if (count === 0 || compareSlot(memory, page, 0, bound, 0, bound.length, 0) <= 0) return 0
  const last = compareSlot(memory, page, count - 1, bound, 0, bound.length, 0)
  if (last >= 0) return last === 0 ? count - 1 : count
  // A bound between two keys of the leaf has their common prefix, as the search by heads requires.
  const slot = searchLeaf(memory, page, bound, 0, bound.length)
  return slot < 0 ? ~slot : slot
}

/**
 * Loads the cache lines of the records of slots `from` to `to` (exclusive) together. They are scattered over the leaf: reads of the
 * entries would wait for each of them in turn.
 *
 * @returns the combined words, which the caller stores, so that the compiler does not remove the loads.
 * @internal
 */
export function prefetchRecords(memory: PageMemory, page: number, from: number, to: number): number {
  const { i32 } = memory
  let sum = 0
  for (let slot = from; slot < to; slot += 1) {
    const word = recordOffset(memory, page, slot) >> 2
    sum ^= (i32[word] as number) ^ (i32[word + 16] as number)
  }
  return sum
}

/** Returns the offset of the value, or of its extent reference, of a slot. @internal */
export function valueOffset(memory: PageMemory, page: number, slot: number): number {
  const keyBytes = keyPartBytes(memory, slotKeyBytes(memory, page, slot))
  return recordOffset(memory, page, slot) + VALUE_FIELD_BYTES + keyBytes
}

/** Returns a copy of a value that is in an extent or encoded; its reference or encoded form is at `at`. @internal */
export function copyIndirect(
  pages: Pages,
  memory: PageMemory,
  slab: ValueSlab,
  record: number,
  at: number,
): Uint8Array {
  return valueIsExtent(memory, record)
    ? pages.values.copy(memory, at)
    : pages.dictionaries.copyValue(memory, at, valuePartBytes(memory, record), slab)
}

/**
 * Returns the first slot, from `start` towards `limit`, whose value is not skipped; `limit` when all are.
 *
 * @param pages - where values that are in an extent or encoded come from: loading one may evict pages, so the leaf must be a private copy.
 * Without it, the first slot of such a value is returned.
 * @internal
 */
export function skipSlots(
  memory: PageMemory,
  page: number,
  start: number,
  limit: number,
  pages: Pages | undefined,
  slab: ValueSlab,
  isSkipped: ValuePredicate,
): number {
  const step = limit > start ? 1 : -1
  for (let slot = start; slot !== limit; slot += step) {
    const record = recordOffset(memory, page, slot)
    const at = valueOffset(memory, page, slot)
    if (valueIsIndirect(memory, record)) {
      if (pages === undefined) return slot
      const value = copyIndirect(pages, memory, slab, record, at)
      if (!isSkipped(value, 0, value.length)) return slot
    } else if (!isSkipped(memory.bytes, at, at + valuePartBytes(memory, record))) return slot
  }
  return limit
}
