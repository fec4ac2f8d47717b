import { assert, INVARIANTS } from '@ldb/base'
import { PLACE_KEY_BYTES_MAX } from '@ldb/cache'
import { VALUE_FIELD_BYTES } from '../format.js'
import { hashKey, wordAt } from '../page/key-hash.js'
import type { PageMemory } from '../page/memory.js'
import { isSurelyAbsent, noteAbsence } from './leaf-filter.js'
import type { Pages, Root } from '../pager/pages.js'
import { slotCount } from '../page/page.js'
import { keyPartBytes, recordOffset, slotKeyBytes, valueIsExtent, valuePartBytes } from '../page/record.js'
import { searchBranch, searchLeaf } from '../page/search.js'
import type { ValueSlab } from '../pager/value-slab.js'

/**
 * Keys that were absent, or whose leaf was not in memory, after which the next is expected to be like them: its place, memory
 * to wait for, is neither asked nor noted.
 */
const UNPLACED_EXPECTED = 4
const UNPLACED_MAX = 12
/** So many of them are made up for by one that was found in a leaf in memory: one in four is worth the asking. */
const UNPLACED_MADE_UP = 3

/**
 * Finds the record of a key below a root.
 *
 * @returns the record's offset in the arena, good until the next page is brought in, or -1.
 * @internal
 */
export function findRecord(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  return recordIn(pages, findLeaf(pages, root, key, start, end), key, start, end)
}

/** Returns the offset of the leaf below a root where a key belongs. @internal */
export function findLeaf(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  const { memory } = pages
  let page = pages.root(root)
  for (let level = root.level; level > 0; level -= 1) {
    // Each probe among its slots would wait alone. Those above are few, and most often near.
    if (level === 1) touchBranch(pages, page)
    page = pages.child(page, searchBranch(memory, page, key, start, end), level - 1)
  }
  return page
}

/** Returns the offset of the record of a key in the leaf at `page`, or -1. */
function recordIn(pages: Pages, page: number, key: Uint8Array, start: number, end: number): number {
  const { memory } = pages
  touchSlots(pages, page)
  const slot = searchLeaf(memory, page, key, start, end)
  return slot < 0 ? -1 : recordOffset(memory, page, slot)
}

/** As {@link touchSlots}, and more of them: a branch has several times the slots of a leaf. */
function touchBranch(pages: Pages, page: number): void {
  const { i32, pageBytes } = pages.memory
  const word = page >> 2
  touchSlots(pages, page)
  if (pageBytes < 1024) return
  pages.touched ^=
    (i32[word + 128] as number) ^
    (i32[word + 144] as number) ^
    (i32[word + 160] as number) ^
    (i32[word + 176] as number)
}

/** Loads the lines of the first slots together with that of the header, which says where to look among them. */
function touchSlots(pages: Pages, page: number): void {
  const { i32 } = pages.memory
  const word = page >> 2
  pages.touched =
    (i32[word + 16] as number) ^
    (i32[word + 32] as number) ^
    (i32[word + 48] as number) ^
    (i32[word + 64] as number) ^
    (i32[word + 80] as number) ^
    (i32[word + 96] as number) ^
    (i32[word + 112] as number)
}

/**
 * Finds the record of the key `key[start..end)` in the newest tree, whose root it is: at the place that is remembered,
 * which spares the way down, or on that way.
 *
 * @returns as {@link findRecord} does.
 * @internal
 */
export function findNewest(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  const { memory, space } = pages
  const keyBytes = end - start
  if (!isPlaced(memory, keyBytes)) return findRecord(pages, root, key, start, end)
  const hash = hashKey(key, start, end, pages.seed.low)
  if (pages.unplacedCount < UNPLACED_EXPECTED) {
    const place = space.indexedOffset(hash, keyBytes)
    if (place >= 0 && standsAt(memory, place, key, start, end)) {
      pages.unplacedCount = 0
      return INVARIANTS ? checkPlace(pages, root, key, start, end) : place
    }
  }
  return findOnTheWay(pages, root, hash, key, start, end)
}

/** Goes down to the leaf of a key, and notes what is found there: the place of its record, or that it has none. */
function findOnTheWay(
  pages: Pages,
  root: Root,
  hash: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const { layoutVersion } = pages
  const page = findLeaf(pages, root, key, start, end)
  if (isSurelyAbsent(pages, page, hash)) {
    assert(!INVARIANTS || recordIn(pages, page, key, start, end) < 0, 'a filter knows all keys of its leaf')
    countUnplaced(pages)
    return -1
  }
  const record = recordIn(pages, page, key, start, end)
  // What is noted pays at the next use of a leaf, which most of those that come from the file do not see.
  const isBroughtIn = pages.layoutVersion !== layoutVersion
  if (record < 0 || isBroughtIn) countUnplaced(pages)
  else pages.unplacedCount = Math.max(0, pages.unplacedCount - UNPLACED_MADE_UP)
  if (isBroughtIn) return record
  if (record < 0) noteAbsence(pages, page)
  else if (pages.unplacedCount < UNPLACED_EXPECTED) {
    pages.space.indexRecord(hash, end - start, record)
    if (pages.space.isIndexingDue(page >> pages.memory.pageShift)) notePlaces(pages, page)
  }
  return record
}

function countUnplaced(pages: Pages): void {
  if (pages.unplacedCount < UNPLACED_MAX) pages.unplacedCount += 1
}

/** Notes the places of all records of the leaf at `page`, which is sought in often. */
function notePlaces(pages: Pages, page: number): void {
  const { memory, space, seed } = pages
  const count = slotCount(memory, page)
  space.reserveIndex(count)
  for (let slot = 0; slot < count; slot += 1) {
    const keyBytes = slotKeyBytes(memory, page, slot)
    if (!isPlaced(memory, keyBytes)) continue
    const record = recordOffset(memory, page, slot)
    const at = record + VALUE_FIELD_BYTES
    space.indexRecord(hashKey(memory.bytes, at, at + keyBytes, seed.low), keyBytes, record)
  }
}

/** Reports whether the places of keys of this length are remembered. @internal */
export function isPlaced(memory: PageMemory, keyBytes: number): boolean {
  return keyBytes <= PLACE_KEY_BYTES_MAX && keyBytes <= memory.keyPartMax
}

/** Reports whether the record at `record` is that of a key. @internal */
export function standsAt(
  memory: PageMemory,
  record: number,
  key: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { bytes, view } = memory
  const shift = record + VALUE_FIELD_BYTES - start
  let index = start
  for (; index <= end - 4; index += 4) {
    if (view.getInt32(index + shift, true) !== wordAt(key, index)) return false
  }
  for (; index < end; index += 1) if (bytes[index + shift] !== key[index]) return false
  return true
}

/** Goes the way down all the same. It may bring pages in and so throw the place out: it must then be forgotten. */
function checkPlace(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  const hash = hashKey(key, start, end, pages.seed.low)
  const place = pages.space.indexedOffset(hash, end - start)
  const record = findRecord(pages, root, key, start, end)
  const isForgotten = pages.space.indexedOffset(hash, end - start) !== place
  assert(
    record >= 0 && (record === place || isForgotten),
    'a place that is remembered is that of the newest record',
  )
  return record
}

/** Returns a copy of the value of the key `key[start..end)` in the newest tree. @internal */
export function copyNewest(
  pages: Pages,
  root: Root,
  slab: ValueSlab,
  key: Uint8Array,
  start: number,
  end: number,
): Uint8Array | undefined {
  const record = findNewest(pages, root, key, start, end)
  return record < 0 ? undefined : copyValue(pages, slab, record, end - start)
}

/** Returns a copy of the value of the record at `record`, whose key has `keyBytes` bytes; a large one is brought in. @internal */
export function copyValue(pages: Pages, slab: ValueSlab, record: number, keyBytes: number): Uint8Array {
  const { memory } = pages
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsExtent(memory, record)) return pages.values.copy(memory, at)
  return slab.copy(memory, at, valuePartBytes(memory, record))
}

/** Returns a view of the value of the record at `record`, good until the next page is brought in. @internal */
export function viewValue(pages: Pages, record: number, keyBytes: number): Uint8Array {
  const { memory } = pages
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsExtent(memory, record)) return pages.values.view(memory, at)
  return new Uint8Array(memory.buffer, memory.bytes.byteOffset + at, valuePartBytes(memory, record))
}
