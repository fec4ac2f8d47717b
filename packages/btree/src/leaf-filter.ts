import { VALUE_FIELD_BYTES } from './format.js'
import { hashKey } from './key-hash.js'
import { slotCount } from './page.js'
import type { Pages } from './pages.js'
import { recordOffset, slotKeyBytes } from './record.js'

/** A filter of more keys lets most of the absent ones through. */
const FILTERED_KEYS_MAX = 256

/** True when a filter says that no key of that hash is in the leaf at `page`, which is not looked at. @internal */
export function isSurelyAbsent(pages: Pages, page: number, hash: number): boolean {
  const { filters } = pages.space
  return filters !== undefined && !filters.mayHold(page / pages.memory.pageBytes, hash)
}

/** Notes that a key whose place would be remembered was sought in the leaf at `page` in vain. @internal */
export function noteAbsence(pages: Pages, page: number): void {
  const { memory, space, seed } = pages
  const frame = page / memory.pageBytes
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
