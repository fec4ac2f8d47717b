import type { AsyncBatch } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { OpenDatabase, OpenTransaction, Target } from '../library-objects.js'
import { rangeOf } from '../option-block.js'
import { addOperations } from './batch-calls.js'
import { readOnly, ttlOptions, writeOptions } from './data-calls.js'

type BytesBatch = AsyncBatch<Uint8Array, Uint8Array>

/**
 * Commits that share a sync: each is in the log when its function returns the ticket, and is visible and as durable as requested when the host
 * receives its outcome. Key and value are at the start of the arena, and are copied. The keyspaces are no views.
 */
export function sharedCalls({ arena, objects, commits }: LibraryContext): Record<string, LibraryFunction> {
  /** Commits one operation. */
  const commitOne = (id: number, durability: number, add: (batch: BytesBatch) => void): number => {
    const { keyspace, database } = objects.get(id, Target)
    if (keyspace === undefined || database === undefined) throw readOnly()
    const batch = database.promises.batch().in(keyspace)
    add(batch)
    return commits.add(batch.commit(writeOptions(durability)))
  }
  return {
    putLater: (id, keyBytes, valueBytes, ttlMs, durability) =>
      commitOne(id, durability, (batch) => {
        const value = arena.bytes.subarray(keyBytes, keyBytes + valueBytes)
        batch.put(arena.bytes.subarray(0, keyBytes), value, ttlOptions(ttlMs))
      }),
    deleteLater: (id, keyBytes, durability) =>
      commitOne(id, durability, (batch) => {
        batch.delete(arena.bytes.subarray(0, keyBytes))
      }),
    deleteRangeLater: (id, lowerBytes, upperBytes, bounds, durability) =>
      commitOne(id, durability, (batch) => {
        batch.deleteRange(rangeOf(arena, 0, lowerBytes, upperBytes, bounds))
      }),
    commitBatchLater(id, byteCount, durability) {
      const batch = objects.get(id, OpenDatabase).database.promises.batch()
      addOperations(arena, objects, byteCount, (keyspace) => batch.in(keyspace))
      return commits.add(batch.commit(writeOptions(durability)))
    },
    commitLater(id, durability) {
      const open = objects.get(id, OpenTransaction)
      const commit = open.transaction.commit(writeOptions(durability))
      open.isCommitted = true
      return commits.add(commit)
    },
  }
}
