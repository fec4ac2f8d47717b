import type { StoreCursor } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf, TreeHarness } from './tree-harness.js'

// Strategy: move two cursors at random, take keys and values, overwrite some of them, and write to the tree meanwhile.
// Invariants: the caller owns the bytes that takeKey and takeValue return. No move, write, close or other cursor changes them, and
// overwriting them changes no later read.

const steps = fc.array(fc.constantFrom('next', 'next', 'next', 'previous', 'first', 'seek', 'close'), {
  maxLength: 80,
})

test('taken bytes never change, and the caller may overwrite them', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (moves, writes) => {
      const harness = new TreeHarness()
      // Some keys and values are stored in overflow extents.
      for (let index = 0; index < 60; index += 1) {
        const key = `${String(index).padStart(3, '0')}${'k'.repeat(index % 20 === 7 ? 200 : 4)}`
        harness.put(key, `${index}:${'v'.repeat(index % 11 === 5 ? 600 : 30)}`)
      }
      const snapshot = harness.tree.snapshot()
      const cursors = [snapshot.cursor(), snapshot.cursor()]
      const taken: [Uint8Array, string][] = []
      const positions = [-1, -1]
      const expected = harness.expected()
      for (const [index, move] of moves.entries()) {
        const which = index % 2
        if (move === 'close') {
          cursors[which]!.close()
          cursors[which] = snapshot.cursor()
          positions[which] = -1
          continue
        }
        const cursor = cursors[which]!
        positions[which] = moved(cursor, move, positions[which]!, expected.length)
        if (positions[which] < 0) continue
        const [key, value] = expected[positions[which]]!
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

/** Moves a cursor that is on the entry at `position`, or not valid at -1. Returns its new position. */
function moved(cursor: StoreCursor, move: string, position: number, count: number): number {
  switch (move) {
    case 'next':
      return cursor.next() ? position + 1 : -1
    case 'previous':
      return cursor.previous() ? (position < 0 ? count - 1 : position - 1) : -1
    case 'first':
      return cursor.first() ? 0 : -1
    default:
      return cursor.seek(Uint8Array.from('030', (c) => c.charCodeAt(0))) ? 30 : -1
  }
}
