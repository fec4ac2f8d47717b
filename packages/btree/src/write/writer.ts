import { assert, copyWords } from '@ldb/base'
import { EXTENT_REFERENCE_BYTES, VALUE_FIELD_BYTES, VALUE_IS_EXTENT } from '../format.js'
import { hashKey } from '../page/key-hash.js'
import { addToFilter } from '../read/leaf-filter.js'
import { isIndexable } from '../pager/leaf-indexer.js'
import { recordHasKey } from '../read/lookup.js'
import { mergeUp } from './merge.js'
import { pageNumberOf, prefixBytes } from '../page/page.js'
import { admitKey } from '../page/prefix.js'
import { fits, fitsWithoutMoving, insertSlot, removeSlot } from '../page/edit.js'
import type { PageLimits, PageMemory } from '../page/memory.js'
import {
  keyPartBytes,
  recordOffset,
  setSlotHead,
  setValueField,
  valueField,
  valuePartBytes,
} from '../page/record.js'
import { searchLeaf } from '../page/search.js'
import { keyHead } from '../page/search-slots.js'
import { splitAndInsert } from './split.js'
import type { TreeState } from './tree-state.js'

/** After this many consecutive puts for which the hash index was useless, puts do not consult it. */
const INDEX_MISSES_MAX = 4

/** Puts an entry whose key and value are ranges of one buffer. @internal */
export function putEntry(
  state: TreeState,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  if (
    state.indexMissesInRow < INDEX_MISSES_MAX &&
    overwriteIndexed(state, bytes, keyStart, keyEnd, valueStart, valueEnd)
  ) {
    return
  }
  if (putUnpinned(state, bytes, keyStart, keyEnd, valueStart, valueEnd)) return
  try {
    const leaf = state.descendInPlace(bytes, keyStart, keyEnd)
    const slot = searchLeaf(state.arenas.of(leaf), leaf, bytes, keyStart, keyEnd)
    if (slot >= 0) replace(state, leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
    else {
      state.pages.allocator.markDirty(leaf)
      insert(state, leaf, ~slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
      state.entryCount += 1
    }
  } finally {
    state.pages.pins.unpinAll()
  }
}

/** Overwrites a value with one of equal length in the record that the hash index finds, without a descent. */
function overwriteIndexed(
  state: TreeState,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): boolean {
  const { arenas, limits, pages } = state
  const { space } = pages
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  if (valueBytes > limits.valueInlineMax || !isIndexable(limits, keyBytes)) return false
  const record = space.indexedOffset(hashKey(bytes, keyStart, keyEnd, pages.reader.seed.low), keyBytes)
  if (record < 0) return false
  const memory = arenas.ofFrame(space.indexedFrame)
  if (!recordHasKey(memory, record, bytes, keyStart, keyEnd)) return false
  const leaf = arenas.pageOf(space.indexedFrame)
  if (
    !pages.allocator.isWritable(leaf) ||
    valueField(memory, record) !== state.inlineField(valueStart, valueBytes)
  )
    return false
  pages.allocator.markChanged(leaf)
  const at = record + VALUE_FIELD_BYTES + keyBytes
  copyWords(state.viewOf(bytes), valueStart, memory.view, at, valueBytes)
  return true
}

/**
 * Puts an entry if that needs no new page: no page is copied or split, and only the leaf may be loaded. Therefore no frame has to
 * be pinned.
 *
 * @returns false when the entry was not put, and nothing has changed.
 */
function putUnpinned(
  state: TreeState,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): boolean {
  const { pages, entryCount } = state
  const { layoutVersion } = pages.reader
  const leaf = state.descendBelowResident(bytes, keyStart, keyEnd)
  const isPut =
    leaf >= 0 && putInLeaf(state, state.arenas.of(leaf), leaf, bytes, keyStart, keyEnd, valueStart, valueEnd)
  if (pages.reader.layoutVersion !== layoutVersion || state.entryCount !== entryCount) countIndexMiss(state)
  else if (isPut) state.indexMissesInRow = 0
  return isPut
}

function countIndexMiss(state: TreeState): void {
  if (state.indexMissesInRow < INDEX_MISSES_MAX) state.indexMissesInRow += 1
}

/**
 * Puts an entry into its leaf, which is writable, if that needs no split and no extent.
 *
 * @param memory - memory of the leaf.
 * @returns false when the entry was not put, and nothing has changed.
 * @internal
 */
export function putInLeaf(
  state: TreeState,
  memory: PageMemory,
  leaf: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): boolean {
  const { pages } = state
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  if (keyBytes > memory.keyPartMax || valueBytes > memory.valueInlineMax) return false
  const slot = searchLeaf(memory, leaf, bytes, keyStart, keyEnd)
  if (slot >= 0) {
    const record = recordOffset(memory, leaf, slot)
    if (valueField(memory, record) !== state.inlineField(valueStart, valueBytes)) return false
    pages.allocator.markChanged(leaf)
    const at = record + VALUE_FIELD_BYTES + keyBytes
    copyWords(state.viewOf(bytes), valueStart, memory.view, at, valueBytes)
    return true
  }
  const recordSize = VALUE_FIELD_BYTES + keyBytes + valueBytes
  if (!fits(memory, leaf, recordSize)) return false
  if (fitsWithoutMoving(memory, leaf, recordSize)) {
    pages.allocator.markChanged(leaf)
    addToFilter(pages.reader, leaf, bytes, keyStart, keyEnd)
  } else pages.allocator.markDirty(leaf)
  admitKey(memory, leaf, bytes, keyStart, keyEnd)
  writeRecord(state, memory, leaf, ~slot, recordSize, bytes, keyStart, keyEnd, valueStart, valueEnd)
  state.entryCount += 1
  return true
}

/** Removes a key, which must be present. @internal */
export function deleteEntry(state: TreeState, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
  try {
    const leaf = state.descend(bytes, keyStart, keyEnd)
    const memory = state.arenas.of(leaf)
    const slot = searchLeaf(memory, leaf, bytes, keyStart, keyEnd)
    assert(slot >= 0, 'a key that is deleted is present')
    state.retireExtents(leaf, slot)
    removeSlot(memory, leaf, slot)
    state.entryCount -= 1
    mergeUp(state, state.root.level)
  } finally {
    state.pages.pins.unpinAll()
  }
}

function replace(
  state: TreeState,
  leaf: number,
  slot: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  const memory = state.arenas.of(leaf)
  const record = recordOffset(memory, leaf, slot)
  const valueBytes = valueEnd - valueStart
  const isInline = valueBytes <= memory.valueInlineMax
  if (isInline && valueField(memory, record) === state.inlineField(valueStart, valueBytes)) {
    const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyEnd - keyStart)
    copyWords(state.viewOf(bytes), valueStart, memory.view, at, valueBytes)
    return
  }
  state.pages.allocator.markDirty(leaf)
  const shrinks = valuePart(memory, valueBytes) < valuePartBytes(memory, record)
  state.retireExtents(leaf, slot)
  removeSlot(memory, leaf, slot)
  insert(state, leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
  // A shorter record needs no split, so that the path is still valid.
  if (shrinks) mergeUp(state, state.root.level)
}

function insert(
  state: TreeState,
  leaf: number,
  slot: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  let memory = state.arenas.of(leaf)
  const keyPart = keyPartBytes(memory, keyEnd - keyStart)
  const recordSize = VALUE_FIELD_BYTES + keyPart + valuePart(memory, valueEnd - valueStart)
  let page = leaf
  let position = slot
  if (!fits(memory, page, recordSize)) {
    page = splitAndInsert(state, state.root.level, slot, recordSize, bytes, keyStart, keyEnd)
    memory = state.arenas.of(page)
    position = ~searchLeaf(memory, page, bytes, keyStart, keyEnd)
  }
  admitKey(memory, page, bytes, keyStart, keyEnd)
  writeRecord(state, memory, page, position, recordSize, bytes, keyStart, keyEnd, valueStart, valueEnd)
}

/** Writes a new record to a page that it fits and that admits its key. Writes long keys and values to extents. @internal */
export function writeRecord(
  state: TreeState,
  memory: PageMemory,
  page: number,
  slot: number,
  recordSize: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  const isLong = valueBytes > memory.valueInlineMax
  const record = insertSlot(memory, page, slot, keyBytes, recordSize)
  const field = isLong ? EXTENT_REFERENCE_BYTES | VALUE_IS_EXTENT : state.inlineField(valueStart, valueBytes)
  setValueField(memory, record, field)
  writeKeyPart(state, memory, record + VALUE_FIELD_BYTES, bytes, keyStart, keyEnd)
  const valueAt = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (isLong) memory.bytes.set(state.pages.extents.writeValue(bytes, valueStart, valueEnd), valueAt)
  else copyWords(state.viewOf(bytes), valueStart, memory.view, valueAt, valueBytes)
  // Computed from the batch: reading the bytes that were just written would wait for the store.
  setSlotHead(memory, page, slot, keyHead(bytes, keyStart, keyEnd, prefixBytes(memory, page)))
  state.lastPage = pageNumberOf(memory, page)
  state.lastSlot = slot
}

/** Returns the bytes of a value's part of a leaf record. */
function valuePart(limits: PageLimits, valueBytes: number): number {
  return valueBytes > limits.valueInlineMax ? EXTENT_REFERENCE_BYTES : valueBytes
}

/** Writes the key part of a record: the key, or its first bytes and the reference of an extent that holds all of it. */
function writeKeyPart(
  state: TreeState,
  memory: PageMemory,
  at: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
): void {
  const keyBytes = keyEnd - keyStart
  if (keyBytes <= memory.keyPartMax) {
    copyWords(state.viewOf(bytes), keyStart, memory.view, at, keyBytes)
    return
  }
  copyWords(state.viewOf(bytes), keyStart, memory.view, at, memory.keyInlineBytes)
  memory.bytes.set(state.pages.extents.writeKey(bytes, keyStart, keyEnd), at + memory.keyInlineBytes)
}
