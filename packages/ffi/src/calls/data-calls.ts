import { LdbError } from '@ldb/base'
import { getEncoded, putEncoded } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { Target } from '../library-objects.js'
import { durabilityOf, rangeOf } from '../option-block.js'

/** Reads and writes of one keyspace, also through a transaction or a snapshot. Key and value are at the start of the arena. */
export function dataCalls({ arena, objects, windows }: LibraryContext): Record<string, LibraryFunction> {
  const targetOf = (id: number): Target => objects.get(id, Target)
  return {
    reserve(byteCount) {
      arena.reserve(byteCount)
      return 0
    },
    shrink() {
      arena.shrink()
      return 0
    },
    /** Returns the length of the value plus one, or 0 for an absent key. */
    get(id, keyBytes) {
      const target = targetOf(id)
      // The value is copied at once, so that it may be a view of the engine's memory.
      const value = getEncoded(target.reads, arena.bytes, keyBytes)
      const result = value === undefined ? 0 : storeValue(arena, value)
      if (!target.isWindowSought) windows.open(id, target)
      return result
    },
    getForUpdate(id, keyBytes) {
      const { transaction } = targetOf(id)
      if (transaction === undefined) throw notTransaction()
      const value = transaction.getForUpdate(arena.bytes.subarray(0, keyBytes))
      return value === undefined ? 0 : storeValue(arena, value)
    },
    has: (id, keyBytes) => (targetOf(id).reads.has(arena.bytes.subarray(0, keyBytes)) ? 1 : 0),
    /** @param ttlMs - 0: that of the keyspace; negative: none. */
    put(id, keyBytes, valueBytes, ttlMs, durability) {
      const { keyspace, transaction } = targetOf(id)
      const value = arena.bytes.subarray(keyBytes, keyBytes + valueBytes)
      if (keyspace !== undefined && ttlMs === 0 && durability === 0) {
        putEncoded(keyspace, arena.bytes, keyBytes, value)
        return 0
      }
      const key = arena.bytes.subarray(0, keyBytes)
      if (transaction !== undefined) transaction.put(key, value, ttlOptions(ttlMs))
      else if (keyspace === undefined) throw readOnly()
      else keyspace.put(key, value, { ...ttlOptions(ttlMs), ...writeOptions(durability) })
      return 0
    },
    delete(id, keyBytes, durability) {
      const { keyspace, transaction } = targetOf(id)
      const key = arena.bytes.subarray(0, keyBytes)
      if (transaction !== undefined) transaction.delete(key)
      else if (keyspace === undefined) throw readOnly()
      else keyspace.delete(key, writeOptions(durability))
      return 0
    },
    deleteRange(id, lowerBytes, upperBytes, bounds, durability) {
      const { keyspace, transaction } = targetOf(id)
      const range = rangeOf(arena, 0, lowerBytes, upperBytes, bounds)
      if (transaction !== undefined) transaction.deleteRange(range)
      else if (keyspace === undefined) throw readOnly()
      else keyspace.deleteRange(range, writeOptions(durability))
      return 0
    },
    count: (id, lowerBytes, upperBytes, bounds) =>
      targetOf(id).reads.count(rangeOf(arena, 0, lowerBytes, upperBytes, bounds)),
  }
}

/** Stores a value at the start of the arena, and returns its length plus one. */
export function storeValue(arena: LibraryContext['arena'], value: Uint8Array): number {
  const { length } = value
  if (length > arena.bytes.length) arena.reserve(length)
  arena.bytes.set(value)
  return length + 1
}

/** Returns the option of a time to live. */
export function ttlOptions(ttlMs: number): { readonly ttlMs?: number } {
  if (ttlMs === 0) return {}
  return { ttlMs: ttlMs < 0 ? Infinity : ttlMs }
}

/** Returns the options of a write with a durability; 0 is that of the database. */
export function writeOptions(durability: number): { readonly durability?: 'full' | 'periodic' | 'none' } {
  const name = durabilityOf(durability)
  return name === undefined ? {} : { durability: name }
}

/** Returns the error of a write to a snapshot. */
export function readOnly(): LdbError {
  return new LdbError('LDB_READ_ONLY', 'a snapshot cannot be written to')
}

function notTransaction(): LdbError {
  return new LdbError('LDB_INVALID_ARGUMENT', 'the handle is not a keyspace through a transaction')
}
