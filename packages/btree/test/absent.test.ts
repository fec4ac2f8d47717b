import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOf, TreeHarness } from './tree-harness.js'

// Absent keys are sought so often that the filters of leaves are made between any two changes.

const key = fc.nat(59).map((number) => `k${String(number).padStart(3, '0')}`)
const step = fc.oneof(
  fc.record({ put: key }),
  fc.record({ remove: key }),
  fc.constant('snapshot' as const),
  fc.constant('checkpoint' as const),
)

test('a key that was sought in vain is found as soon as it is there, and no other is lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      // Fewer frames than pages at times, so that frames change hands.
      const harness = new TreeHarness({ cachePages: 32 })
      const seek = (): void => {
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
        seek()
      }
      harness.tree.close()
    }),
    { numRuns: 40 },
  )
})

test('a key longer than a filter knows is found behind it', () => {
  const harness = new TreeHarness()
  const long = 'x'.repeat(300)
  harness.put(long, 'value')
  harness.put('y', 'other')
  for (let round = 0; round < 10; round += 1) expect(harness.tree.has(keyOf(`x${round}`))).toBe(false)
  expect(harness.tree.has(keyOf(long))).toBe(true)
  expect(harness.tree.has(keyOf('y'))).toBe(true)
})
