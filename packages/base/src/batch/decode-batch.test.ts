// Strategy: encoded batches are truncated at every byte and have every bit flipped; random bytes follow a valid header.
// Invariants: the decoder throws LDB_CORRUPTION with file and offset, or returns sections that encode to the same bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeAll, NOTHING, operationArbitrary, readAll } from '../../test/batch-operations.js'
import { decodeBatch } from './decode-batch.js'
import { OperationKind } from './section.js'
import type { KeyspaceSection } from './section.js'
import { compareBytes, concatBytes } from '../bytes/bytes.js'
import { isLdbError } from '../ldb-error.js'

const corrupt = expect.objectContaining({ code: 'LDB_CORRUPTION' })

// Decodes; accepted bytes must be the canonical encoding of the decoded operations.
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

describe('decodeBatch', () => {
  it('accepts canonical encodings only: every truncation, every bit flip', () => {
    fc.assert(
      fc.property(fc.array(operationArbitrary, { minLength: 1, maxLength: 5 }), (operations) => {
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

  it('accepts canonical encodings only: random bytes after a valid header', () => {
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
    ['a varint that is not canonical', [1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0x80, 0]],
    ['a key over its limit', [1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0x80, 0x80, 4]],
    ['a value over its limit', [1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0x81, 0x80, 0x80, 0x80, 4]],
    ['an inverted range', [1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 3, 1, 9, 1, 9]],
    ['bytes after the last operation', [1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 2, 0]],
    ['more operations than bytes', [1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0]],
    ['a section that exceeds the batch', [1, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 2, 0]],
    ['a truncated header', [1, 0, 0, 0, 1]],
  ])('refuses %s', (_, list) => {
    expect(() => decodeBatch(Uint8Array.from(list), 'f', 0)).toThrow(corrupt)
  })

  it('refuses two sections of one keyspace', () => {
    const section = encodeAll([{ keyspaceId: 1, kind: OperationKind.Delete, key: NOTHING, value: NOTHING }])
    expect(() => decodeBatch(concatBytes(section, section), 'f', 0)).toThrow(corrupt)
  })

  it('names file and offset of the corrupt byte', () => {
    const encoded = encodeAll([
      { keyspaceId: 1, kind: OperationKind.Delete, key: Uint8Array.of(1), value: NOTHING },
    ])
    encoded[12] = 9
    expect(() => decodeBatch(encoded, 'wal/7.wal', 5000)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ file: 'wal/7.wal', offset: 5012 }) }),
    )
  })
})
