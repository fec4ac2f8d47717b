// Strategy: trees of short and long values, with few frames, so that loading a long value evicts leaves; a walk skips the entries whose
// values begin with 's', in both directions, and from within a leaf.
// Invariants: the walk meets exactly the other entries of the model, and gives the predicate each value whole.
import { expect, test } from 'vitest'
import { seeded } from './crash-vfs.js'
import { keyOf, textOf, TreeHarness } from './tree-harness.js'

const PAGE_BYTES = 512

test.each(Array.from({ length: 24 }, (_, index) => index + 1))(
  'entries with long values are skipped, seed %d',
  (seed) => {
    const random = seeded(seed * 6151)
    const harness = new TreeHarness({ treeOptions: { pageBytes: PAGE_BYTES, cacheBytes: 64 * PAGE_BYTES } })
    const count = 200 + random(400)
    for (let index = 0; index < count; index += 1) {
      const mark = random(3) === 0 ? 'k' : 's'
      harness.put(`key${String(index).padStart(4, '0')}`, mark.padEnd(1 + random(400), '.') + String(index))
    }
    harness.tree.checkpoint()
    const expected = harness.expected().flatMap(([key, value]) => (value.startsWith('k') ? [key] : []))
    const values = new Set(harness.expected().map(([, value]) => value))
    const snapshot = harness.tree.snapshot()
    const isSkipped = (bytes: Uint8Array, start: number, end: number): boolean => {
      const value = textOf(bytes.subarray(start, end))
      expect(values).toContain(value)
      return value.startsWith('s')
    }
    for (const direction of [1, -1] as const) {
      const cursor = snapshot.cursor()
      const met: string[] = []
      const move = (): boolean => (direction > 0 ? cursor.next() : cursor.previous())
      for (let found = direction > 0 ? cursor.first() : cursor.last(); found; found = move()) {
        if (cursor.skipWhile(direction, isSkipped) >= 0) met.push(textOf(cursor.key))
      }
      expect(met).toEqual(direction > 0 ? expected : [...expected].reverse())
      const middle = expected[expected.length >> 1] as string
      expect(cursor.seek(keyOf(middle))).toBe(true)
      expect(cursor.skipWhile(direction, isSkipped)).toBe(0)
      expect(textOf(cursor.key)).toBe(middle)
      cursor.close()
    }
    snapshot.release()
  },
)
