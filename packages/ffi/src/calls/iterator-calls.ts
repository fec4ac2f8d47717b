import { invalidArgument } from '@ldb/base'
import type { Arena } from '../arena.js'
import { ReadWindow } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { OpenIterator, Target } from '../library-objects.js'
import { rangeOf } from '../option-block.js'

/** Bytes before a key and its value: their lengths, 32 bits each. */
const ENTRY_HEADER_BYTES = 8
/** Bytes before a batch of entries: their number, and their bytes. */
const BATCH_HEADER_BYTES = 8

/** Moves of an iterator, by the number that the host passes. */
const MOVES = ['first', 'last', 'seek', 'next', 'previous'] as const

/** Iterators. */
export function iteratorCalls({ arena, objects, windows }: LibraryContext): Record<string, LibraryFunction> {
  const iteratorOf = (id: number): OpenIterator => objects.get(id, OpenIterator)
  return {
    openIterator(id, lowerBytes, upperBytes, bounds) {
      const target = objects.get(id, Target)
      const cursor = target.reads.cursor(rangeOf(arena, 0, lowerBytes, upperBytes, bounds))
      const windowId = target.transaction === undefined ? (target.keyspaceId ?? id) : undefined
      const added = objects.add(new OpenIterator(cursor, windowId))
      const keyspace = windowId === undefined ? target : objects.get(windowId, Target)
      if (!keyspace.isWindowSought && windowId !== undefined) windows.open(windowId, keyspace)
      return added
    },
    /**
     * Stores page number and level of the root of the state that the iterator reads, and returns the number of its keyspace plus one; 0 when
     * the host cannot read it (rule W8 of SPEC.md).
     */
    locateIterator(id) {
      const { cursor, windowId } = iteratorOf(id)
      const root = windowId === undefined ? undefined : ReadWindow.rootOf(cursor)
      if (root === undefined || windowId === undefined) return 0
      arena.view.setUint32(0, root.page, true)
      arena.view.setUint32(4, root.level, true)
      return windowId + 1
    },
    /** Moves to the entry on which the host is. @param keyBytes - of its key; negative: to no entry. */
    placeIterator(id, keyBytes) {
      const iterator = iteratorOf(id)
      const { cursor } = iterator
      iterator.isPending = false
      iterator.isEnded = false
      if (keyBytes >= 0) cursor.seek(arena.bytes.subarray(0, keyBytes))
      else if (cursor.last()) cursor.next()
      return 0
    },
    /** Moves, stores the entry, and returns its bytes with their header; 0 when there is none. */
    move(id, move, keyBytes) {
      const iterator = iteratorOf(id)
      const name = MOVES[move]
      if (name === undefined) throw invalidArgument('an iterator has no such move')
      const { cursor } = iterator
      iterator.isPending = false
      iterator.isEnded = false
      const found = name === 'seek' ? cursor.seek(arena.bytes.subarray(0, keyBytes)) : cursor[name]()
      if (!found) return 0
      const { key, value } = cursor
      const byteCount = entryBytes(key, value)
      arena.reserve(byteCount)
      storeEntry(arena, 0, key, value)
      return byteCount
    },
    ...batchOfEntries(arena, iteratorOf),
    closeIterator(id) {
      iteratorOf(id).cursor.close()
      objects.remove(id)
      return 0
    },
  }
}

function batchOfEntries(
  arena: Arena,
  iteratorOf: (id: number) => OpenIterator,
): Record<string, LibraryFunction> {
  return {
    /**
     * Stores as many of the next entries as fit into `capacity` bytes, behind a header, and returns 0. When not even the first fits, the
     * header has no entries and the bytes that it needs; at the end, none of either.
     */
    nextBatch(id, capacity) {
      const iterator = iteratorOf(id)
      arena.reserve(BATCH_HEADER_BYTES + capacity)
      let used = 0
      let entryCount = 0
      let isFound = !iterator.isEnded && (iterator.isPending || iterator.cursor.next())
      while (isFound) {
        const { key, value } = iterator.cursor
        const byteCount = entryBytes(key, value)
        if (used + byteCount > capacity) {
          if (entryCount === 0) used = byteCount
          break
        }
        storeEntry(arena, BATCH_HEADER_BYTES + used, key, value)
        used += byteCount
        entryCount++
        isFound = iterator.cursor.next()
      }
      iterator.isPending = isFound
      iterator.isEnded = !isFound
      arena.view.setUint32(0, entryCount, true)
      arena.view.setUint32(4, used, true)
      return 0
    },
  }
}

function entryBytes(key: Uint8Array, value: Uint8Array): number {
  return ENTRY_HEADER_BYTES + key.length + value.length
}

function storeEntry({ bytes, view }: Arena, start: number, key: Uint8Array, value: Uint8Array): void {
  view.setUint32(start, key.length, true)
  view.setUint32(start + 4, value.length, true)
  bytes.set(key, start + ENTRY_HEADER_BYTES)
  bytes.set(value, start + ENTRY_HEADER_BYTES + key.length)
}
