import { assert, invalidArgument } from '@ldb/base'
import type { AsyncBatch, Batch, KeyspaceWrites } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { OpenDatabase, Target } from '../library-objects.js'
import { rangeOf } from '../option-block.js'
import { ttlOptions, writeOptions } from './data-calls.js'

/** Bytes before the key and the value of an operation: kind, keyspace, two lengths, and a number. */
const OPERATION_BYTES = 24
const KIND = { put: 1, delete: 2, deleteRange: 3 } as const

type BatchPart = Pick<
  Batch<Uint8Array, Uint8Array> | AsyncBatch<Uint8Array, Uint8Array>,
  'put' | 'delete' | 'deleteRange'
>

/** Batches, which the host collects and passes as a whole. */
export function batchCalls({ arena, objects }: LibraryContext): Record<string, LibraryFunction> {
  return {
    /** Commits the operations at the start of the arena. */
    commitBatch(id, byteCount, durability) {
      const batch = objects.get(id, OpenDatabase).database.batch()
      addOperations(arena, objects, byteCount, (keyspace) => batch.in(keyspace))
      batch.commit(writeOptions(durability))
      return 0
    },
  }
}

/** Adds the operations at the start of the arena to a batch. @param open - returns its part of a keyspace. */
export function addOperations(
  arena: LibraryContext['arena'],
  objects: LibraryContext['objects'],
  byteCount: number,
  open: (keyspace: KeyspaceWrites<Uint8Array, Uint8Array>) => BatchPart,
): void {
  const parts: Map<number, BatchPart> = new Map()
  const partOf = (keyspaceId: number): BatchPart => {
    const present = parts.get(keyspaceId)
    if (present !== undefined) return present
    const { keyspace } = objects.get(keyspaceId, Target)
    if (keyspace === undefined) throw invalidArgument('a batch takes keyspaces themselves only')
    const part = open(keyspace)
    parts.set(keyspaceId, part)
    return part
  }
  let start = 0
  while (start < byteCount) start = addOperation(arena, start, partOf)
  assert(start === byteCount, 'the host passes whole operations')
}

/** Adds the operation at `start`, and returns its end. */
function addOperation(
  arena: LibraryContext['arena'],
  start: number,
  partOf: (keyspaceId: number) => BatchPart,
): number {
  const { bytes, view } = arena
  const kind = view.getUint32(start, true)
  const part = partOf(view.getUint32(start + 4, true))
  const keyBytes = view.getUint32(start + 8, true)
  const valueBytes = view.getUint32(start + 12, true)
  const number = view.getFloat64(start + 16, true)
  const keyStart = start + OPERATION_BYTES
  const valueStart = keyStart + keyBytes
  const end = valueStart + valueBytes
  const key = bytes.subarray(keyStart, valueStart)
  if (kind === KIND.put && number === 0) part.put(key, bytes.subarray(valueStart, end))
  else if (kind === KIND.put) part.put(key, bytes.subarray(valueStart, end), ttlOptions(number))
  else if (kind === KIND.delete) part.delete(key)
  else if (kind === KIND.deleteRange) part.deleteRange(rangeOf(arena, keyStart, keyBytes, valueBytes, number))
  else throw invalidArgument('a batch has no such operation')
  return end
}
