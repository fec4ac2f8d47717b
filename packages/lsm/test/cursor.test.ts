// Strategy: a cursor over a memtable and several levels, with many versions of each key and range deletes, walks at random.
// Invariants: its position is that of an index into the sorted entries, in whatever direction it turns.
import { expect, test } from 'vitest'
import { bytesOf, LsmHarness, sorted, textOf } from './lsm-harness.js'

const STEPS = 3000

/** Returns pseudorandom numbers below a bound. */
function random(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

test.each([1, 2, 3])('a cursor that turns meets every entry once, seed %i', (seed) => {
  const below = random(seed)
  const harness = new LsmHarness()
  const keyOf = (number: number): string => `key${String(number).padStart(3, '0')}`
  for (let round = 0; round < 6; round++) {
    for (let index = 0; index < 150; index++) {
      const key = keyOf(below(120))
      if (below(4) === 0) harness.delete(key)
      else harness.put(key, `${round}.${index}`)
    }
    if (round === 3) harness.store.compact()
    const lower = below(110)
    harness.deleteRange(keyOf(lower), keyOf(lower + 5))
  }
  const entries = [...sorted(harness.entries)]
  const snapshot = harness.store.snapshot()
  const cursor = snapshot.cursor()
  let index = -1
  for (let step = 0; step < STEPS; step++) {
    const sought = keyOf(below(125))
    const action = index < 0 || index >= entries.length ? below(2) : below(10)
    let found: boolean
    if (action === 0) {
      found = cursor.seek(bytesOf(sought))
      index = entries.findIndex(([key]) => key >= sought)
      if (index < 0) index = entries.length
    } else if (action === 1) {
      found = cursor.seekBackward(bytesOf(sought))
      index = entries.filter(([key]) => key <= sought).length - 1
    } else if (action < 6) {
      found = cursor.next()
      index++
    } else {
      found = cursor.previous()
      index--
    }
    const expected = entries[index]
    expect(found, `step ${step}`).toBe(expected !== undefined)
    if (found) expect([textOf(cursor.key), textOf(cursor.value)], `step ${step}`).toEqual(expected)
  }
  snapshot.release()
})
