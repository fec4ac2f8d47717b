// Strategy: sorted batches over a few keys, which share one leaf or a few: overwrites with values of the same and of another length, runs
// of deletes, single insertions between them. All keys are read after each batch, by key: so no snapshot ends the epoch, leaves stay
// writable in place, and the hash index has their records. Invariants: the tree has the entries of the map, `verify` has no findings.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findingsOf, keyOf, textOf, TreeHarness } from '../../test/tree-harness.js'

const operation = fc.record({
  number: fc.nat(40),
  /** -1 deletes. */
  valueBytes: fc.constantFrom(-1, -1, 4, 4, 4, 4, 9),
})
const batches = fc.array(
  fc.record({
    operations: fc.uniqueArray(operation, {
      minLength: 8,
      maxLength: 40,
      selector: ({ number }) => number,
      size: 'max',
    }),
    checkpoints: fc.boolean(),
  }),
  { minLength: 2, maxLength: 8, size: 'max' },
)

test.each([4096, 512])(
  'operations on the same leaf leave the entries of the map, pages of %i bytes',
  (pageBytes) => {
    fc.assert(
      fc.property(batches, (all) => {
        const harness = new TreeHarness({ pageBytes, cachePages: 64 })
        const { tree, model } = harness
        for (const [round, { operations, checkpoints }] of all.entries()) {
          const sorted = [...operations].sort((a, b) => a.number - b.number)
          harness.apply((batch) => {
            for (const { number, valueBytes } of sorted) {
              const key = nameOf(number)
              const value = String.fromCharCode(97 + ((round + number) % 26)).repeat(Math.max(0, valueBytes))
              if (valueBytes < 0) {
                batch.delete(0, keyOf(key))
                model.delete(key)
              } else {
                batch.put(0, keyOf(key), keyOf(value))
                model.set(key, value)
              }
            }
          })
          for (let number = 0; number <= 40; number += 1) {
            const value = tree.get(keyOf(nameOf(number)))
            expect(value === undefined ? undefined : textOf(value)).toBe(model.get(nameOf(number)))
          }
          expect(tree.entryCount).toBe(model.size)
          if (checkpoints) tree.checkpoint()
        }
        expect(harness.actual()).toEqual(harness.expected())
        expect(findingsOf(tree)).toEqual([])
      }),
      { numRuns: 150 },
    )
  },
)

function nameOf(number: number): string {
  return `the key ${String(number).padStart(3, '0')}`
}
