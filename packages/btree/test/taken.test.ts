import type { StoreCursor } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf, TreeHarness } from './tree-harness.js'

// What a cursor gives for good is the caller's own: no move, write, close or other cursor changes it, and writing to it
// changes nothing that anybody reads.

const steps = fc.array(fc.constantFrom('next', 'next', 'next', 'previous', 'first', 'seek', 'close'), {
  maxLength: 80,
})

test('what was taken stays as it was, and may be written to', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (moves, writes) => {
      const harness = new TreeHarness()
      // Some values and keys lie in runs.
      for (let index = 0; index < 60; index += 1) {
        const key = `${String(index).padStart(3, '0')}${'k'.repeat(index % 20 === 7 ? 200 : 4)}`
        harness.put(key, `${index}:${'v'.repeat(index % 11 === 5 ? 600 : 30)}`)
      }
      const snapshot = harness.tree.snapshot()
      const cursors = [snapshot.cursor(), snapshot.cursor()]
      const taken: [Uint8Array, string][] = []
      const place = [-1, -1]
      const expected = harness.expected()
      for (const [index, move] of moves.entries()) {
        const which = index % 2
        if (move === 'close') {
          cursors[which]!.close()
          cursors[which] = snapshot.cursor()
          place[which] = -1
          continue
        }
        const cursor = cursors[which]!
        place[which] = moved(cursor, move, place[which]!, expected.length)
        if (place[which] < 0) continue
        const [key, value] = expected[place[which]]!
        for (const [bytes, text] of [
          [cursor.takeKey(), key],
          [cursor.takeValue(), value],
          [cursor.takeValue(), value],
        ] as [Uint8Array, string][]) {
          expect(textOf(bytes)).toBe(text)
          if (writes) bytes.fill(index)
          taken.push([bytes, writes ? String.fromCharCode(index).repeat(text.length) : text])
        }
        if (index % 5 === 0) harness.put(key, `new ${index}`)
      }
      for (const [bytes, text] of taken) expect(textOf(bytes)).toBe(text)
      snapshot.release()
      for (const [bytes, text] of taken) expect(textOf(bytes)).toBe(text)
      expect(harness.actual()).toEqual(harness.expected())
    }),
    { numRuns: 60 },
  )
})

/** Moves a cursor over entries of which it stands on the one at `place`, −1 for none, and gives the new place. */
function moved(cursor: StoreCursor, move: string, place: number, count: number): number {
  switch (move) {
    case 'next':
      return cursor.next() ? place + 1 : -1
    case 'previous':
      return cursor.previous() ? (place < 0 ? count - 1 : place - 1) : -1
    case 'first':
      return cursor.first() ? 0 : -1
    default:
      return cursor.seek(Uint8Array.from('030', (c) => c.charCodeAt(0))) ? 30 : -1
  }
}
