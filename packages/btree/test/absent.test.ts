import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOf, TreeHarness } from './tree-harness.js'

// Strategy: look absent keys up often enough that leaf filters are built between any two changes.
// Invariant: `has` agrees with the model for every key.

const key = fc.nat(59).map((number) => `k${String(number).padStart(3, '0')}`)
const step = fc.oneof(
  fc.record({ put: key }),
  fc.record({ remove: key }),
  fc.constant('snapshot' as const),
  fc.constant('checkpoint' as const),
)

test('an absent key is found once it is inserted, and no other key is lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      // At times fewer frames than pages, so that frames are reused for other pages.
      const harness = new TreeHarness({ cachePages: 32 })
      const lookUpAll = (): void => {
        for (let round = 0; round < 5; round += 1) {
          for (let number = 0; number < 60; number += 1) {
            const name = `k${String(number).padStart(3, '0')}`
            if (harness.tree.has(keyOf(name)) !== harness.model.has(name))
              throw new Error(`${name} in round ${round}`)
          }
        }
      }
      for (const each of steps) {
        if (each === 'snapshot') harness.tree.snapshot()
        else if (each === 'checkpoint') harness.tree.checkpoint()
        else if ('put' in each) harness.put(each.put, 'v'.repeat(40))
        else harness.delete(each.remove)
        lookUpAll()
      }
      harness.tree.close()
    }),
    { numRuns: 40 },
  )
})

test('a key too long for the filter is found', () => {
  const harness = new TreeHarness()
  const long = 'x'.repeat(300)
  harness.put(long, 'value')
  harness.put('y', 'other')
  for (let round = 0; round < 10; round += 1) expect(harness.tree.has(keyOf(`x${round}`))).toBe(false)
  expect(harness.tree.has(keyOf(long))).toBe(true)
  expect(harness.tree.has(keyOf('y'))).toBe(true)
})
