import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EscapedViews } from './escaped-views.js'

test('a slot that has escaped is never reported as new, and a walk in one direction reports every slot as new', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.array(fc.constantFrom(-1, 1, 1, 1)),
      fc.array(fc.boolean()),
      (start, steps, skips) => {
        const views = new EscapedViews()
        expect(views.none).toBe(true)
        const model = new Set<number>()
        let slot = start + steps.length
        for (const [index, step] of steps.entries()) {
          slot += step
          if (skips[index] === true) continue
          const isNew = views.note(slot)
          expect(views.none).toBe(false)
          if (isNew) expect(model.has(slot)).toBe(false)
          else
            expect([...model].some((each) => each <= slot) && [...model].some((each) => each >= slot)).toBe(
              true,
            )
          model.add(slot)
        }
        views.clear()
        expect(views.none).toBe(true)
        expect(views.note(slot)).toBe(true)
      },
    ),
  )
})
