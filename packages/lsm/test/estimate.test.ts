import { expect, test } from 'vitest'
import { bytesOf, LsmHarness } from './lsm-harness.js'

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`

function filled(): LsmHarness {
  const harness = new LsmHarness()
  for (let index = 0; index < 3000; index++) harness.put(keyOf((index * 7919) % 3000), 'v'.repeat(30))
  return harness
}

function estimated(harness: LsmHarness, from: number, to: number): number {
  const snapshot = harness.store.snapshot()
  try {
    return snapshot.estimate({ lower: bytesOf(keyOf(from)), upper: bytesOf(keyOf(to)) }).count
  } finally {
    snapshot.release()
  }
}

test('the estimate of a range is close, also within one table and in a memtable', () => {
  const harness = filled()
  for (const compacts of [false, true]) {
    if (compacts) harness.store.compact()
    expect(harness.store.stats().entryCount).toBe(3000)
    for (const [from, to] of [
      [0, 3000],
      [0, 1500],
      [1000, 1500],
      [700, 720],
      [2990, 3000],
    ] as const) {
      const count = estimated(harness, from, to)
      expect(Math.abs(count - (to - from)), `${from} to ${to}: ${count}`).toBeLessThan(30 + (to - from) * 0.1)
    }
  }
  expect(estimated(harness, 1500, 1500)).toBe(0)
  expect(estimated(harness, 4000, 5000)).toBe(0)
})
