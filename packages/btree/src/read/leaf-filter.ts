import { VALUE_FIELD_BYTES } from '../format.js'
import { hashKey } from '../page/key-hash.js'
import { slotCount } from '../page/page.js'
import { recordOffset, slotKeyBytes } from '../page/record.js'
import type { PageReader } from '../pager/page-reader.js'

/** A filter with more keys has too many false positives. */
const FILTERED_KEYS_MAX = 256

/** Reports whether the filter of the leaf at `page` excludes all keys of a hash. Does not read the page. @internal */
export function filterExcludes(reader: PageReader, page: number, hash: number): boolean {
  const { filters } = reader.space
  return filters !== undefined && !filters.mayContain(reader.arenas.frameOf(page), hash)
}

/** Notes that the leaf at `page` was searched for an absent key. Builds the filter of the leaf when that is due. @internal */
export function noteAbsentKey(reader: PageReader, page: number): void {
  const { arenas, space, seed } = reader
  const memory = arenas.of(page)
  const frame = arenas.frameOf(page)
  const { filters } = space
  if (filters === undefined || !filters.isDue(frame)) return
  const count = slotCount(memory, page)
  if (count > FILTERED_KEYS_MAX) return
  filters.begin(frame)
  for (let slot = 0; slot < count; slot += 1) {
    const keyBytes = slotKeyBytes(memory, page, slot)
    // Lookups of longer keys do not consult the filter.
    if (keyBytes > memory.keyPartMax) continue
    const at = recordOffset(memory, page, slot) + VALUE_FIELD_BYTES
    filters.add(frame, hashKey(memory.bytes, at, at + keyBytes, seed.low))
  }
}

/** Adds a key to the filter of the leaf at `page`, if there is one, when the key is inserted without moving other records. @internal */
export function addToFilter(
  reader: PageReader,
  page: number,
  key: Uint8Array,
  start: number,
  end: number,
): void {
  const { filters } = reader.space
  const frame = reader.arenas.frameOf(page)
  if (filters?.hasFilter(frame) === true) filters.add(frame, hashKey(key, start, end, reader.seed.low))
}
