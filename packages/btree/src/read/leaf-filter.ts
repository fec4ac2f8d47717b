import { VALUE_FIELD_BYTES } from '../format.js'
import { hashKey } from '../page/key-hash.js'
import { slotCount } from '../page/page.js'
import type { Pages } from '../pager/pages.js'
import { recordOffset, slotKeyBytes } from '../page/record.js'

/** A filter of more keys lets most of the absent ones through. */
const FILTERED_KEYS_MAX = 256

/** True when a filter says that no key of that hash is in the leaf at `page`, which is not looked at. @internal */
export function isSurelyAbsent(pages: Pages, page: number, hash: number): boolean {
  const { filters } = pages.space
  return filters !== undefined && !filters.mayHold(page >> pages.memory.pageShift, hash)
}

/** Notes that a key whose place would be remembered was sought in the leaf at `page` in vain. @internal */
export function noteAbsence(pages: Pages, page: number): void {
  const { memory, space, seed } = pages
  const frame = page >> memory.pageShift
  const { filters } = space
  if (filters === undefined || !filters.isDue(frame)) return
  const count = slotCount(memory, page)
  if (count > FILTERED_KEYS_MAX) return
  filters.begin(frame)
  for (let slot = 0; slot < count; slot += 1) {
    const keyBytes = slotKeyBytes(memory, page, slot)
    // Whoever seeks a longer key does not ask the filter.
    if (keyBytes > memory.keyPartMax) continue
    const at = recordOffset(memory, page, slot) + VALUE_FIELD_BYTES
    filters.add(frame, hashKey(memory.bytes, at, at + keyBytes, seed.low))
  }
}

/** Lets the filter of the leaf at `page`, if it has one, know a key that comes to it while the others stay where they are. @internal */
export function admitToFilter(pages: Pages, page: number, key: Uint8Array, start: number, end: number): void {
  const { filters } = pages.space
  const frame = page >> pages.memory.pageShift
  if (filters?.isMade(frame) === true) filters.add(frame, hashKey(key, start, end, pages.seed.low))
}
