// Strategy: random operations are added to a batch and to a plain list; the sections of the batch, its encoding and the decoded
// sections must all contain that list.
// Invariants: operations keep their order within a keyspace; a refused call changes nothing.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addOperation,
  encodeAll,
  expectedOperations,
  NOTHING,
  operationArbitrary,
  readAll,
} from '../../test/batch-operations.js'
import { BatchReader } from './reader.js'
import type { BatchSection } from './section.js'
import { compareBytes } from '../bytes/bytes.js'
import { decodeBatch } from './decode-batch.js'
import { BATCH_BYTES_MAX, KEY_BYTES_MAX } from '../limits.js'
import { WriteBatch } from './write-batch.js'

const tooLarge = expect.objectContaining({ code: 'LDB_TOO_LARGE' })

describe('a batch', () => {
  it('contains the added operations, before and after encoding, and after clear', () => {
    const batch = new WriteBatch()
    fc.assert(
      fc.property(fc.array(operationArbitrary, { maxLength: 30 }), (operations) => {
        batch.clear()
        for (const each of operations) addOperation(batch, each)
        const expected = expectedOperations(operations)
        expect(batch.operationCount).toBe(expected.length)
        expect(readAll(batch.sections())).toEqual(expected)
        const encoded = batch.encode()
        expect(encoded.length).toBe(batch.byteLength)
        expect(readAll(decodeBatch(encoded, 'f', 0))).toEqual(expected)
        expect(encoded).toEqual(encodeAll(operations))
      }),
      { numRuns: 500 },
    )
  })

  it('has the bytes of the example in FORMAT.md', () => {
    const batch = new WriteBatch()
    batch.put(7, Buffer.from('a'), Buffer.from('xy'))
    batch.delete(7, Buffer.from('b'))
    expect(Buffer.from(batch.encode()).toString('hex')).toBe(
      '07000000' + '02000000' + '09000000' + '0101610278790201' + '62',
    )
  })

  it('encodes a batch of one keyspace without a copy', () => {
    const batch = new WriteBatch()
    batch.put(3, Uint8Array.of(1), Uint8Array.of(2))
    expect(batch.encode().buffer).toBe(batch.sections()[0]?.bytes.buffer)
    expect(new WriteBatch().encode().length).toBe(0)
    expect(decodeBatch(new Uint8Array(0), 'f', 0)).toEqual([])
  })

  it('knows of each section whether its operations have single keys in strictly ascending order', () => {
    const batch = new WriteBatch()
    const keyed = fc.array(
      fc.record({
        keyspaceId: fc.constantFrom(1, 2),
        key: fc.uint8Array({ maxLength: 3, max: 3 }),
        kind: fc.constantFrom('put', 'put', 'put', 'delete', 'expire', 'deleteRange'),
        valueBytes: fc.constantFrom(0, 10, 600),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(keyed, fc.boolean(), fc.boolean(), (operations, sorts, hasRanges) => {
        batch.clear()
        const added = operations.filter(({ kind }) => hasRanges || kind !== 'deleteRange')
        if (sorts) added.sort((a, b) => compareBytes(a.key, b.key))
        for (const { keyspaceId, key, kind, valueBytes } of added) {
          if (kind === 'put') batch.put(keyspaceId, key, new Uint8Array(valueBytes))
          else if (kind === 'delete') batch.delete(keyspaceId, key)
          else if (kind === 'expire') batch.expire(keyspaceId, key)
          else batch.deleteRange(keyspaceId, key, undefined)
        }
        for (const { keyspaceId, isSorted } of batch.sections()) {
          const own = added.filter((each) => each.keyspaceId === keyspaceId)
          const ascends = own.every(({ key, kind }, index) => {
            const before = own[index - 1]
            return kind !== 'deleteRange' && (before === undefined || compareBytes(before.key, key) < 0)
          })
          expect(isSorted).toBe(ascends)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('copies keys and values at the call', () => {
    const batch = new WriteBatch()
    const key = new Uint8Array(200).fill(1)
    const value = Uint8Array.of(2)
    batch.put(1, key, value)
    key.fill(0xdb)
    value.fill(0xdb)
    expect(readAll(batch.sections())).toMatchObject([
      { key: new Uint8Array(200).fill(1), value: Uint8Array.of(2) },
    ])
  })

  it('accepts prefixes of scratch buffers, its own buffer included', () => {
    const batch = new WriteBatch()
    const scratch = Uint8Array.from({ length: 100 }, (_, i) => i)
    batch.put(1, scratch, scratch, 3, 70)
    batch.delete(1, scratch, 2)
    batch.delete(1, scratch, 0)
    const own = batch.encode()
    batch.put(1, own, own, own.length, own.length)
    expect(readAll(batch.sections())).toEqual([
      { keyspaceId: 1, kind: 1, key: scratch.slice(0, 3), value: scratch.slice(0, 70) },
      { keyspaceId: 1, kind: 2, key: scratch.slice(0, 2), value: NOTHING },
      { keyspaceId: 1, kind: 2, key: NOTHING, value: NOTHING },
      { keyspaceId: 1, kind: 1, key: own, value: own },
    ])
  })

  it('accepts large values', () => {
    const batch = new WriteBatch()
    const value = new Uint8Array(20_000_000).fill(7)
    batch.put(1, Uint8Array.of(1), value)
    batch.put(1, Uint8Array.of(2), NOTHING)
    const reader = new BatchReader()
    reader.reset(batch.sections()[0] as BatchSection)
    expect(reader.next()).toBe(true)
    expect(reader.valueEnd - reader.valueStart).toBe(value.length)
    expect(reader.bytes[reader.valueEnd - 1]).toBe(7)
    expect(reader.next() && !reader.next()).toBe(true)
  })
})

describe('limits', () => {
  it('refuse an operation without changing the batch', () => {
    const batch = new WriteBatch({ bytesMax: 12 + 1 + 1 + 1 + 1 + 10 + 2 })
    batch.put(1, Uint8Array.of(1), new Uint8Array(10))
    const before = batch.encode().slice()
    const key = new Uint8Array(KEY_BYTES_MAX + 1)
    for (const call of [
      () => batch.put(1, key, NOTHING),
      () => batch.delete(1, key),
      () => batch.deleteRange(1, key, undefined),
      () => batch.deleteRange(1, undefined, key),
      () => batch.delete(1, Uint8Array.of(1)),
      () => batch.delete(2, NOTHING),
      () => batch.deleteRange(2, undefined, undefined),
    ]) {
      expect(call).toThrow(tooLarge)
      expect(batch.encode()).toEqual(before)
      expect(batch.byteLength).toBe(before.length)
      expect(batch.operationCount).toBe(1)
      expect(batch.sections().length).toBe(1)
    }
    batch.delete(1, NOTHING)
    expect(batch.byteLength).toBe(batch.bytesMax)
    expect(batch.encode().length).toBe(batch.bytesMax)
    batch.clear()
    expect(batch.byteLength).toBe(0)
    batch.delete(2, NOTHING)
    expect(batch.encode().length).toBe(14)
  })

  it('refuse arguments that are not bytes, and invalid limits', () => {
    const batch = new WriteBatch()
    const invalid = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' })
    expect(() => batch.put(1, 'a' as never, NOTHING)).toThrow(invalid)
    expect(() => batch.put(1, NOTHING, undefined as never)).toThrow(invalid)
    expect(() => batch.delete(1, null as never)).toThrow(invalid)
    expect(() => batch.deleteRange(1, undefined, [1] as never)).toThrow(invalid)
    expect(batch.operationCount).toBe(0)
    for (const bytesMax of [-1, 1.5, Number.NaN, BATCH_BYTES_MAX + 1]) {
      expect(() => new WriteBatch({ bytesMax })).toThrow(invalid)
    }
    const invariant = expect.objectContaining({ code: 'LDB_INVARIANT' })
    for (const id of [-1, 0.5, 2 ** 32]) expect(() => batch.delete(id, NOTHING)).toThrow(invariant)
    expect(() => batch.delete(1, NOTHING, 1)).toThrow(invariant)
    expect(batch.sections().length).toBe(0)
  })

  it('fit an operation with the longest key and the longest value', () => {
    expect(BATCH_BYTES_MAX).toBeGreaterThanOrEqual(2 ** 30 + KEY_BYTES_MAX + 12 + 1 + 3 + 5)
  })
})

describe('a reused batch', () => {
  it('contains nothing of its earlier use, for any keyspaces', () => {
    const batch = new WriteBatch()
    for (const keyspaceIds of [[1], [1], [2], [1, 2, 3], [3], [2, 1], [1]]) {
      batch.clear()
      const fresh = new WriteBatch()
      for (const [index, keyspaceId] of [...keyspaceIds, ...keyspaceIds].entries()) {
        for (const each of [batch, fresh])
          each.put(keyspaceId, Uint8Array.of(index), new Uint8Array(index * 300))
      }
      expect(batch.operationCount).toBe(fresh.operationCount)
      expect(batch.byteLength).toBe(fresh.byteLength)
      expect(compareBytes(batch.encode(), fresh.encode())).toBe(0)
      expect(batch.sections().map((section) => section.keyspaceId)).toEqual(keyspaceIds)
    }
  })
})
