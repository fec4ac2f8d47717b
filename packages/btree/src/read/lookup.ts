import { assert, INVARIANTS } from '@ldb/base'
import type { ValueSlab } from '../extents/value-slab.js'
import { VALUE_FIELD_BYTES } from '../format.js'
import { hashKey, wordAt } from '../page/key-hash.js'
import type { PageMemory } from '../page/memory.js'
import { keyPartBytes, recordOffset, valueIsExtent, valueIsIndirect, valuePartBytes } from '../page/record.js'
import { searchBranch, searchLeaf } from '../page/search.js'
import { isIndexable } from '../pager/leaf-indexer.js'
import type { PageReader } from '../pager/page-reader.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { copyIndirect } from './leaf-slots.js'
import { filterExcludes, noteAbsentKey } from './leaf-filter.js'

/**
 * Finds the record of the key `key[start..end)` below a root.
 *
 * @returns the record's offset in `reader.foundMemory`, valid until the next page is loaded, or -1.
 * @internal
 */
export function findRecord(
  reader: PageReader,
  root: Root,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  return recordInLeaf(reader, findLeaf(reader, root, key, start, end), key, start, end)
}

/** Returns the offset of the leaf below a root whose key range contains a key. @internal */
export function findLeaf(
  reader: PageReader,
  root: Root,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const { arenas } = reader
  let page = reader.root(root)
  for (let level = root.level; level > 0; level -= 1) {
    // The branches above level 1 are few and mostly in the processor's cache.
    if (level === 1) reader.prefetchBranch(page)
    page = reader.child(page, searchBranch(arenas.of(page), page, key, start, end), level - 1)
  }
  return page
}

/** Returns the offset of the record of a key in the leaf at `page`, or -1. */
function recordInLeaf(reader: PageReader, page: number, key: Uint8Array, start: number, end: number): number {
  const memory = reader.arenas.of(page)
  reader.foundMemory = memory
  reader.prefetchLeaf(page)
  const slot = searchLeaf(memory, page, key, start, end)
  return slot < 0 ? -1 : recordOffset(memory, page, slot)
}

/**
 * Finds the record of the key `key[start..end)` in the newest tree, whose root is `root`: through the adaptive hash index, or by
 * a descent from the root.
 *
 * @returns as {@link findRecord} does.
 * @internal
 */
export function findNewest(
  reader: PageReader,
  root: Root,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const { arenas, indexUsage } = reader
  const keyBytes = end - start
  if (!isIndexable(arenas.limits, keyBytes)) return findRecord(reader, root, key, start, end)
  const hash = hashKey(key, start, end, reader.seed.low)
  if (indexUsage.isConsulted) {
    const { space } = reader
    const record = space.indexedOffset(hash, keyBytes)
    const memory = record < 0 ? arenas.first : arenas.ofFrame(space.indexedFrame)
    if (record >= 0 && recordHasKey(memory, record, key, start, end)) {
      reader.foundMemory = memory
      indexUsage.noteHit()
      return INVARIANTS ? checkIndexed(reader, root, key, start, end) : record
    }
  }
  return findByDescent(reader, root, hash, key, start, end)
}

/** Descends to the leaf of a key, and adds the result to the hash index or to the filter of the leaf. */
function findByDescent(
  reader: PageReader,
  root: Root,
  hash: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const { indexUsage, layoutVersion } = reader
  const page = findLeaf(reader, root, key, start, end)
  if (filterExcludes(reader, page, hash)) {
    assert(
      !INVARIANTS || recordInLeaf(reader, page, key, start, end) < 0,
      'a filter has all indexable keys of its leaf',
    )
    indexUsage.noteMiss()
    return -1
  }
  const record = recordInLeaf(reader, page, key, start, end)
  // A leaf that was just loaded is not indexed: most leaves are evicted before their second use, which would repay the cost.
  const isLoaded = reader.layoutVersion !== layoutVersion
  if (record < 0 || isLoaded) indexUsage.noteMiss()
  if (isLoaded) return record
  if (record < 0) noteAbsentKey(reader, page)
  else noteFound(reader, page, record, hash, end - start)
  return record
}

/** Notes a record that a descent found in the leaf at `page`, which was resident. */
function noteFound(reader: PageReader, page: number, record: number, hash: number, keyBytes: number): void {
  const { indexUsage, leafIndexer } = reader
  const { isFilled, isConsulted } = indexUsage
  const isIndexed = isFilled && leafIndexer.noteDescent(page, record, hash, keyBytes, isConsulted)
  indexUsage.notePossibleHit(isIndexed)
}

/** Reports whether the record at `record` has the key `key[start..end)`. @internal */
export function recordHasKey(
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

/**
 * Finds an indexed record by descent and compares. The descent may load pages and so evict the indexed leaf, which removes
 * the key from the index.
 */
function checkIndexed(reader: PageReader, root: Root, key: Uint8Array, start: number, end: number): number {
  const { space } = reader
  const hash = hashKey(key, start, end, reader.seed.low)
  const indexed = space.indexedOffset(hash, end - start)
  const indexedMemory = reader.foundMemory
  const record = findRecord(reader, root, key, start, end)
  const isSame = record === indexed && reader.foundMemory === indexedMemory
  const isRemoved = space.indexedOffset(hash, end - start) !== indexed
  assert(record >= 0 && (isSame || isRemoved), 'an indexed offset is that of the newest record of its key')
  return record
}

/** Returns a copy of the value of the key `key[start..end)` in the newest tree, or undefined. @internal */
export function copyNewest(
  pages: Pages,
  root: Root,
  slab: ValueSlab,
  key: Uint8Array,
  start: number,
  end: number,
): Uint8Array | undefined {
  const record = findNewest(pages.reader, root, key, start, end)
  return record < 0 ? undefined : copyFound(pages, slab, record, end - start)
}

/** Returns a copy of the value of the record that was found at `record`, whose key has `keyBytes` bytes. @internal */
export function copyFound(pages: Pages, slab: ValueSlab, record: number, keyBytes: number): Uint8Array {
  return copyValue(pages, pages.reader.foundMemory, slab, record, keyBytes)
}

/** Returns a copy of the value of the record at `record` of a memory. Loads a value that is out of line. @internal */
export function copyValue(
  pages: Pages,
  memory: PageMemory,
  slab: ValueSlab,
  record: number,
  keyBytes: number,
): Uint8Array {
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsIndirect(memory, record)) return copyIndirect(pages, memory, slab, record, at)
  return slab.copy(memory, at, valuePartBytes(memory, record))
}

/**
 * Returns a view of the value of the record that was found at `record`, valid until the next page is loaded; of an encoded value, a copy.
 *
 * @internal
 */
export function viewFound(pages: Pages, slab: ValueSlab, record: number, keyBytes: number): Uint8Array {
  const memory = pages.reader.foundMemory
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsIndirect(memory, record)) {
    return valueIsExtent(memory, record)
      ? pages.values.view(memory, at)
      : copyIndirect(pages, memory, slab, record, at)
  }
  return new Uint8Array(memory.buffer, memory.bytes.byteOffset + at, valuePartBytes(memory, record))
}
