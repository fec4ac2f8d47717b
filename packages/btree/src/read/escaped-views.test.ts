import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EscapedViews } from './escaped-views.js'

test('what was taken is never said to be new; a walk in one direction finds everything new', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.array(fc.constantFrom(-1, 1, 1, 1)),
      fc.array(fc.boolean()),
      (start, steps, skips) => {
        const taken = new EscapedViews()
        expect(taken.none).toBe(true)
        const model = new Set<number>()
        let slot = start + steps.length
        for (const [index, step] of steps.entries()) {
          slot += step
          if (skips[index] === true) continue
          const isNew = taken.take(slot)
          expect(taken.none).toBe(false)
          if (isNew) expect(model.has(slot)).toBe(false)
          else
            expect([...model].some((each) => each <= slot) && [...model].some((each) => each >= slot)).toBe(
              true,
            )
          model.add(slot)
        }
        taken.clear()
        expect(taken.none).toBe(true)
        expect(taken.take(slot)).toBe(true)
      },
    ),
  )
})
