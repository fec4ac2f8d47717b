import { expect, test } from 'vitest'
import { LargeBytes } from './large-bytes.js'

/** The precision where invariants are checked. */
const GRAIN_BYTES = 256

test('counts the bytes of the records from a position on', () => {
  const counted = new LargeBytes()
  expect(counted.since(0)).toBe(0)
  const records = Array.from({ length: 200 }, (_, index) => ({ lsn: 100 * index, bytes: (index * 37) % 500 }))
  for (const { lsn, bytes } of records) counted.add(lsn, bytes)
  const exact = (from: number): number =>
    records.reduce((sum, { lsn, bytes }) => (lsn >= from ? sum + bytes : sum), 0)
  const check = (from: number): void => {
    const found = counted.since(from)
    expect(found).toBeGreaterThanOrEqual(exact(from))
    expect(found).toBeLessThan(exact(from) + 2 * GRAIN_BYTES)
  }
  for (let lsn = 0; lsn < 20_000; lsn += 50) check(lsn)
  counted.truncateBefore(9_000)
  for (let lsn = 9_000; lsn < 20_000; lsn += 50) check(lsn)
})

test('a long value counts for no reader behind it', () => {
  const counted = new LargeBytes()
  counted.add(10, 1_000_000)
  expect([counted.since(10), counted.since(11)]).toEqual([1_000_000, 0])
})
