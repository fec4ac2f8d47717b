// Strategy: the golden structured values of packages/base, and each of them with one bit changed or cut.
// Invariants: every value reads as its text says; damaged bytes are LDB_CORRUPTION or another value, never another error.
import { expect, test } from 'vitest'
import { describeStructured } from '../src/database/structured-value.js'
import { readBytes } from './golden-files.js'

interface GoldenValue {
  readonly text: string
  readonly hex: string
}

const golden = JSON.parse(
  new TextDecoder().decode(readBytes('packages/base/test/fixtures/structured.json')),
) as readonly GoldenValue[]

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))
}

test.each(golden)('reads $text', ({ text, hex }) => {
  expect(describeStructured(bytesOf(hex))).toBe(text)
})

test('the golden values have every code', () => {
  const codes = golden.map(({ hex }) => parseInt(hex.slice(2, 4), 16))
  expect(golden.length).toBeGreaterThan(15)
  expect(new Set(codes).size).toBeGreaterThan(5)
})

test('damaged values are refused or differ', () => {
  const corruption = expect.objectContaining({ code: 'LDB_CORRUPTION' }) as unknown
  for (const { text, hex } of golden) {
    const bytes = bytesOf(hex)
    for (let end = 0; end < bytes.length; end += 1) {
      expect(() => describeStructured(bytes.subarray(0, end))).toThrow(corruption)
    }
    for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      let read: unknown
      try {
        read = describeStructured(flipped)
      } catch (error) {
        read = error
      }
      if (typeof read !== 'string') expect(read).toEqual(corruption)
      else if (!text.includes('NaN')) expect(read).not.toBe(text)
    }
  }
})

test('a value has one form', () => {
  for (const hex of ['0106000000000000f03f', '01058000', '01070101', '0107020000', '01080180', '09']) {
    expect(() => describeStructured(bytesOf(hex))).toThrow(
      expect.objectContaining({ code: 'LDB_CORRUPTION' }),
    )
  }
})
