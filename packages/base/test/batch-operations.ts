import fc from 'fast-check'
import { expect } from 'vitest'
import { BatchReader } from '../src/batch/reader.js'
import { OperationKind } from '../src/batch/section.js'
import type { KeyspaceSection } from '../src/batch/section.js'
import { WriteBatch } from '../src/batch/write-batch.js'
import { compareBytes } from '../src/bytes/bytes.js'

/** One operation of a batch. */
export interface Operation {
  readonly keyspaceId: number
  readonly kind: OperationKind
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export const NOTHING = new Uint8Array(0)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 5 }),
  fc.uint8Array({ minLength: 60, maxLength: 300 }),
  fc.constant(NOTHING),
)
/** Random operations on a few keyspaces. */
export const operationArbitrary: fc.Arbitrary<Operation> = fc.record({
  keyspaceId: fc.constantFrom(0, 1, 7, 0xffff_ffff),
  kind: fc.constantFrom(...Object.values(OperationKind)),
  key: bytes,
  value: bytes,
})

/** Adds an operation to a batch. */
export function addOperation(batch: WriteBatch, { keyspaceId, kind, key, value }: Operation): void {
  if (kind === OperationKind.Put) batch.put(keyspaceId, key, value)
  else if (kind === OperationKind.Delete) batch.delete(keyspaceId, key)
  else if (kind === OperationKind.Expire) batch.expire(keyspaceId, key)
  else if (kind === OperationKind.DeleteRange) batch.deleteRange(keyspaceId, key, value)
  else batch.deleteRange(keyspaceId, key, undefined)
}

/** Returns the operations that a batch must contain: grouped by keyspace in the order of first use, without empty ranges. */
export function expectedOperations(operations: readonly Operation[]): Operation[] {
  const nonEmpty = operations.filter(
    ({ kind, key, value }) => kind !== OperationKind.DeleteRange || compareBytes(key, value) < 0,
  )
  const order = [...new Set(nonEmpty.map(({ keyspaceId }) => keyspaceId))]
  return order.flatMap((id) =>
    nonEmpty
      .filter(({ keyspaceId }) => keyspaceId === id)
      .map((each) => ({
        ...each,
        value:
          each.kind === OperationKind.Put || each.kind === OperationKind.DeleteRange ? each.value : NOTHING,
      })),
  )
}

/** Reads all operations of sections. */
export function readAll(sections: readonly KeyspaceSection[]): Operation[] {
  const reader = new BatchReader()
  const operations: Operation[] = []
  for (const section of sections) {
    reader.reset(section)
    while (reader.next()) {
      expect(reader.kind).not.toBe(0)
      operations.push({
        keyspaceId: section.keyspaceId,
        kind: reader.kind as OperationKind,
        key: reader.key(),
        value: reader.value(),
      })
    }
    expect(reader.kind).toBe(0)
    expect(reader.next()).toBe(false)
  }
  return operations
}

/** Returns the encoded batch of operations, in a new array. */
export function encodeAll(operations: readonly Operation[]): Uint8Array {
  const batch = new WriteBatch()
  for (const each of operations) addOperation(batch, each)
  return batch.encode().slice()
}
