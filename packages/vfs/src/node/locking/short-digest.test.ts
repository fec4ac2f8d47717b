import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { shortDigest } from './short-digest.js'

test('is SHA-256 of every length', () => {
  for (let length = 0; length <= 55; length++) {
    const text = Array.from({ length }, (_, index) =>
      String.fromCharCode(33 + ((index * 7 + length) % 94)),
    ).join('')
    expect(shortDigest(text)).toBe(createHash('sha256').update(text).digest('hex'))
  }
  expect(() => shortDigest('a'.repeat(56))).toThrow(RangeError)
})
