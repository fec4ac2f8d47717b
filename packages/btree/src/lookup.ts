import { assert, INVARIANTS } from '@ldb/base'
import { PLACE_KEY_BYTES_MAX } from '@ldb/cache'
import { VALUE_FIELD_BYTES } from './format.js'
import { hashKey } from './key-hash.js'
import type { PageMemory } from './page-memory.js'
import type { Pages, Root } from './pages.js'
import { keyPartBytes, recordOffset, valueIsRun, valuePartBytes } from './record.js'
import { searchBranch, searchLeaf } from './search.js'
import type { ValueSlab } from './value-slab.js'

/**
 * Finds the record of a key below a root.
 *
 * @returns the record's offset in the arena, good until the next page is brought in, or -1.
 * @internal
 */
export function findRecord(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  const { memory } = pages
  let page = pages.root(root)
  for (let level = root.level; level > 0; level -= 1) {
    page = pages.child(page, searchBranch(memory, page, key, start, end), level - 1)
  }
  const slot = searchLeaf(memory, page, key, start, end)
  return slot < 0 ? -1 : recordOffset(memory, page, slot)
}

/**
 * Finds the record of the key `key[0..keyBytes)` in the newest tree, whose root it is: at the place that is remembered,
 * which spares the way down, or on that way.
 *
 * @returns as {@link findRecord} does.
 * @internal
 */
export function findNewest(pages: Pages, root: Root, key: Uint8Array, keyBytes: number): number {
  const { memory, space } = pages
  if (keyBytes > PLACE_KEY_BYTES_MAX || keyBytes > memory.keyPartMax)
    return findRecord(pages, root, key, 0, keyBytes)
  const hash = hashKey(key, keyBytes, pages.seed.low)
  const place = space.placeOf(hash, keyBytes)
  if (place >= 0 && standsAt(memory, place, key, keyBytes)) {
    if (INVARIANTS) return checkPlace(pages, root, key, keyBytes, place)
    return place
  }
  const record = findRecord(pages, root, key, 0, keyBytes)
  if (record >= 0) space.notePlace(hash, keyBytes, record)
  return record
}

function standsAt(memory: PageMemory, record: number, key: Uint8Array, keyBytes: number): boolean {
  const { bytes } = memory
  const at = record + VALUE_FIELD_BYTES
  for (let index = 0; index < keyBytes; index += 1) if (bytes[at + index] !== key[index]) return false
  return true
}

/** Goes the way down all the same. It may bring pages in and so throw the place out: it must then be forgotten. */
function checkPlace(pages: Pages, root: Root, key: Uint8Array, keyBytes: number, place: number): number {
  const record = findRecord(pages, root, key, 0, keyBytes)
  const isForgotten = pages.space.placeOf(hashKey(key, keyBytes, pages.seed.low), keyBytes) !== place
  assert(
    record === place || (record >= 0 && isForgotten),
    'a place that is remembered is that of the newest record',
  )
  return record
}

/** Gives a copy of the value of the record at `record`, whose key has `keyBytes` bytes. @internal */
export function copyValue(pages: Pages, slab: ValueSlab, record: number, keyBytes: number): Uint8Array {
  const { memory } = pages
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsRun(memory, record)) return pages.runs.readRun(memory, at)
  return slab.copy(memory, at, valuePartBytes(memory, record))
}
