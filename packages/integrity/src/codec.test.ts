import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFLATE_CODEC, NONE_CODEC } from './codec.js'

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'no error'
}

test('deflate restores compressed bytes and returns undefined for incompressible ones', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000, size: 'max' }),
      fc.integer({ min: 1, max: 255 }),
      (noise, span) => {
        const bytes = noise.map((byte) => byte % span)
        const stored = DEFLATE_CODEC.compress(bytes)
        if (stored === undefined) return
        expect(stored.length).toBeLessThan(bytes.length)
        expect(DEFLATE_CODEC.decompress(stored, bytes.length)).toEqual(bytes)
      },
    ),
    { numRuns: 300 },
  )
  expect(DEFLATE_CODEC.compress(new Uint8Array(0))).toBeUndefined()
  expect(DEFLATE_CODEC.compress(Uint8Array.of(1, 2, 3))).toBeUndefined()
  expect(DEFLATE_CODEC.compress(new Uint8Array(1000))).toBeDefined()
})

test('none never compresses and requires the exact length', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(NONE_CODEC.compress(bytes)).toBeUndefined()
  expect(NONE_CODEC.decompress(bytes, 3)).toEqual(bytes)
  expect(codeOf(() => NONE_CODEC.decompress(bytes, 4))).toBe('LDB_CORRUPTION')
})

test('deflate rejects a wrong length and invalid input with LDB_CORRUPTION', () => {
  const stored = DEFLATE_CODEC.compress(new Uint8Array(1000))!
  expect(codeOf(() => DEFLATE_CODEC.decompress(stored, 999))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => DEFLATE_CODEC.decompress(stored, 1001))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => DEFLATE_CODEC.decompress(Uint8Array.of(255, 255), 10))).toBe('LDB_CORRUPTION')
})

test('deflate allocates nothing for a length beyond the deflate ratio limit', () => {
  // An allocation of this size would throw a RangeError or end the process.
  expect(codeOf(() => DEFLATE_CODEC.decompress(Uint8Array.of(3, 0), 2 ** 40))).toBe('LDB_CORRUPTION')
})

test('the most compressible input stays below the ratio limit', () => {
  const bytes = new Uint8Array(8_000_000)
  const stored = DEFLATE_CODEC.compress(bytes)!
  const raw = DEFLATE_CODEC.decompress(stored, bytes.length)
  expect(raw.length).toBe(bytes.length)
  expect(raw.every((byte) => byte === 0)).toBe(true)
})
