// Strategy: cursors in both directions stay at entries of several levels while gets through a cache of a few blocks evict all others,
// whose buffers are filled with noise and used again.
// Invariants: key and value of a cursor stay as they are until its next move; a borrowed value until the next call.
import { expect, test } from 'vitest'
import { bytesOf, LsmHarness, SMALL, sorted, textOf } from './lsm-harness.js'

const COUNT = 400
const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`

function filled(): LsmHarness {
  const harness = new LsmHarness({ ...SMALL, compression: 'none', cacheBytes: 12_000 })
  for (let round = 0; round < 3; round++) {
    for (let index = round; index < COUNT; index += round + 1) {
      const number = (index * 7919) % COUNT
      harness.put(keyOf(number), `value ${number} of round ${round}${'.'.repeat(number % 7 === 0 ? 0 : 300)}`)
    }
  }
  harness.store.checkpoint()
  return harness
}

test.each(['next', 'previous'] as const)('a cursor keeps its entry while others are read: %s', (move) => {
  const harness = filled()
  const { store, entries } = harness
  const snapshot = store.snapshot()
  const cursor = snapshot.cursor()
  const expected = [...sorted(entries)]
  if (move === 'previous') expected.reverse()
  for (const [index, [key, value]] of expected.entries()) {
    expect(cursor[move]()).toBe(true)
    const borrowed = { key: cursor.key, value: cursor.value }
    for (let count = 0; count < 40; count++) {
      const other = keyOf((index * 31 + count * 53) % COUNT)
      const found = store.getBorrowed(bytesOf(other))
      expect(found === undefined ? undefined : textOf(found)).toBe(entries.get(other))
    }
    expect([textOf(borrowed.key), textOf(borrowed.value)]).toEqual([key, value])
    expect([textOf(cursor.key), textOf(cursor.takeValue())]).toEqual([key, value])
  }
  expect(cursor[move]()).toBe(false)
  snapshot.release()
  expect(harness.content()).toEqual(sorted(entries))
})
