// Strategy: random operations go into a batch and into a plain list; what the batch's own sections, its encoded bytes and
// their decoded sections say must be that list. Encoded batches are then cut anywhere and have any bit flipped.
// Invariants: operations keep their order within a keyspace; a refused call changes nothing; the decoder throws
// LDB_CORRUPTION with file and offset, or gives sections that encode to the same bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchReader } from './reader.js'
import { OperationKind } from './section.js'
import type { BatchSection, KeyspaceSection } from './section.js'
import { compareBytes, concatBytes } from '../bytes/bytes.js'
import { decodeBatch } from './decode-batch.js'
import { isLdbError } from '../ldb-error.js'
import { BATCH_BYTES_MAX, KEY_BYTES_MAX } from '../limits.js'
import { WriteBatch } from './write-batch.js'

interface Operation {
  readonly keyspaceId: number
  readonly kind: OperationKind
  readonly key: Uint8Array
  readonly value: Uint8Array
}

const tooLarge = expect.objectContaining({ code: 'LDB_TOO_LARGE' })
const corrupt = expect.objectContaining({ code: 'LDB_CORRUPTION' })
const NOTHING = new Uint8Array(0)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 5 }),
  fc.uint8Array({ minLength: 60, maxLength: 300 }),
  fc.constant(NOTHING),
)
const operation: fc.Arbitrary<Operation> = fc.record({
  keyspaceId: fc.constantFrom(0, 1, 7, 0xffff_ffff),
  kind: fc.constantFrom(...Object.values(OperationKind)),
  key: bytes,
  value: bytes,
})

function add(batch: WriteBatch, { keyspaceId, kind, key, value }: Operation): void {
  if (kind === OperationKind.Put) batch.put(keyspaceId, key, value)
  else if (kind === OperationKind.Delete) batch.delete(keyspaceId, key)
  else if (kind === OperationKind.Expire) batch.expire(keyspaceId, key)
  else if (kind === OperationKind.DeleteRange) batch.deleteRange(keyspaceId, key, value)
  else batch.deleteRange(keyspaceId, key, undefined)
}

// What the batch should hold: grouped by keyspace in the order of first use, without ranges that are empty.
function expectedOperations(operations: readonly Operation[]): Operation[] {
  const kept = operations.filter(
    ({ kind, key, value }) => kind !== OperationKind.DeleteRange || compareBytes(key, value) < 0,
  )
  const order = [...new Set(kept.map(({ keyspaceId }) => keyspaceId))]
  return order.flatMap((id) =>
    kept
      .filter(({ keyspaceId }) => keyspaceId === id)
      .map((each) => ({
        ...each,
        value:
          each.kind === OperationKind.Put || each.kind === OperationKind.DeleteRange ? each.value : NOTHING,
      })),
  )
}

function readAll(sections: readonly KeyspaceSection[]): Operation[] {
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

function encodeAll(operations: readonly Operation[]): Uint8Array {
  const batch = new WriteBatch()
  for (const each of operations) add(batch, each)
  return batch.encode().slice()
}

// Decodes; what is accepted must be the one encoding of what it gives.
function decodeStrictly(encoded: Uint8Array): void {
  let sections: KeyspaceSection[]
  try {
    sections = decodeBatch(encoded, 'wal/1.wal', 1000)
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    expect(error.details.file).toBe('wal/1.wal')
    expect(error.details.offset).toBeGreaterThanOrEqual(1000)
    expect(error.details.offset).toBeLessThanOrEqual(1000 + encoded.length)
    return
  }
  const again = encodeAll(readAll(sections))
  if (compareBytes(again, encoded) !== 0) expect(again).toEqual(encoded)
}

describe('a batch', () => {
  it('holds what was added, before and after encoding, and again after clear', () => {
    const batch = new WriteBatch()
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        batch.clear()
        for (const each of operations) add(batch, each)
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

  it('has the bytes that FORMAT.md shows', () => {
    const batch = new WriteBatch()
    batch.put(7, Buffer.from('a'), Buffer.from('xy'))
    batch.delete(7, Buffer.from('b'))
    expect(Buffer.from(batch.encode()).toString('hex')).toBe(
      '07000000' + '02000000' + '09000000' + '0101610278790201' + '62',
    )
  })

  it('encodes one keyspace without a copy', () => {
    const batch = new WriteBatch()
    batch.put(3, Uint8Array.of(1), Uint8Array.of(2))
    expect(batch.encode().buffer).toBe(batch.sections()[0]?.bytes.buffer)
    expect(new WriteBatch().encode().length).toBe(0)
    expect(decodeBatch(new Uint8Array(0), 'f', 0)).toEqual([])
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

  it('takes keys and values out of scratch buffers, its own bytes among them', () => {
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

  it('takes large values', () => {
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
  it('refuse an operation before anything is changed', () => {
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

  it('refuse what is not bytes, and wrong limits', () => {
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

  it('let an operation with the greatest key and value fit', () => {
    expect(BATCH_BYTES_MAX).toBeGreaterThanOrEqual(2 ** 30 + KEY_BYTES_MAX + 12 + 1 + 3 + 5)
  })
})

describe('the decoder', () => {
  it('gives a typed error, or the one batch of those bytes: cut anywhere, any bit flipped', () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 5 }), (operations) => {
        const encoded = encodeAll(operations)
        for (let end = 0; end < encoded.length; end++) decodeStrictly(encoded.slice(0, end))
        for (let bit = 0; bit < encoded.length * 8; bit++) {
          const flipped = encoded.slice()
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
          decodeStrictly(flipped)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('gives a typed error for arbitrary bytes behind a header that fits', () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 0x80, 0xff), fc.nat(255))
    fc.assert(
      fc.property(fc.nat(4), fc.array(byte, { maxLength: 16 }), (count, body) => {
        decodeStrictly(Uint8Array.of(1, 0, 0, 0, count, 0, 0, 0, body.length, 0, 0, 0, ...body))
      }),
      { numRuns: 10_000 },
    )
  })

  it.each([
    ['no operation', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['an unknown kind', [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 6, 0]],
    ['a long varint', [1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0x80, 0]],
    ['too large a key', [1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0x80, 0x80, 4]],
    ['too large a value', [1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0x81, 0x80, 0x80, 0x80, 4]],
    ['an inverted range', [1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 3, 1, 9, 1, 9]],
    ['bytes behind the last operation', [1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 2, 0]],
    ['too many operations', [1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0]],
    ['too many bytes', [1, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 2, 0]],
    ['half a header', [1, 0, 0, 0, 1]],
  ])('refuses %s', (_, list) => {
    expect(() => decodeBatch(Uint8Array.from(list), 'f', 0)).toThrow(corrupt)
  })

  it('refuses two sections of one keyspace', () => {
    const section = encodeAll([{ keyspaceId: 1, kind: OperationKind.Delete, key: NOTHING, value: NOTHING }])
    expect(() => decodeBatch(concatBytes(section, section), 'f', 0)).toThrow(corrupt)
  })

  it('names file and offset of the byte at fault', () => {
    const encoded = encodeAll([
      { keyspaceId: 1, kind: OperationKind.Delete, key: Uint8Array.of(1), value: NOTHING },
    ])
    encoded[12] = 9
    expect(() => decodeBatch(encoded, 'wal/7.wal', 5000)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ file: 'wal/7.wal', offset: 5012 }) }),
    )
  })

  it('has a reader that finds operations wherever a section says that they begin, within its bytes', () => {
    const batch = new WriteBatch()
    for (const key of [1, 2, 3]) batch.put(1, Uint8Array.of(key), Uint8Array.of(10 * key))
    const [section] = batch.sections()
    if (section === undefined) throw new Error('there is a section')
    const second = section.start + 5
    const bytes = section.bytes.slice(0, section.end)
    const starts = Int32Array.of(second + 5, section.start, second)
    const scattered = { bytes, start: section.start, end: section.end, operationCount: 2, starts }
    const reader = new BatchReader()
    reader.reset(scattered)
    const keys: number[] = []
    while (reader.next()) keys.push(bytes[reader.keyStart] as number, bytes[reader.valueStart] as number)
    expect(keys).toEqual([3, 30, 1, 10])
    for (const outside of [section.start - 1, section.end, -1]) {
      reader.reset({ ...scattered, starts: Int32Array.of(outside, second) })
      expect(() => reader.next()).toThrow(corrupt)
    }
    reader.reset({ ...scattered, operationCount: 4 })
    for (let count = 0; count < 3; count++) expect(reader.next()).toBe(true)
    expect(() => reader.next()).toThrow(corrupt)
  })

  it('has a reader that stays at the fault, and refuses a section outside its bytes', () => {
    const reader = new BatchReader()
    reader.reset({ bytes: Uint8Array.of(9), start: 0, end: 1, operationCount: 1 })
    expect(() => reader.next()).toThrow(corrupt)
    expect(reader.kind).toBe(0)
    expect(() => reader.next()).toThrow(corrupt)
    expect(() => reader.reset({ bytes: NOTHING, start: 0, end: 1, operationCount: 1 })).toThrow(corrupt)
    expect(() => reader.reset({ bytes: NOTHING, start: 1, end: 0, operationCount: 1 })).toThrow(corrupt)
  })
})

describe('a batch that is used again', () => {
  it('holds nothing of before, whatever keyspaces it had', () => {
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
