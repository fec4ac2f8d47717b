import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlaceIndex } from './place-index.js'

const PAGE_BYTES = 512
const FRAMES = 8

/** Few hashes and lengths, so that buckets overflow; high bits that make the tag. */
const hash = fc.tuple(fc.nat(5), fc.nat(3)).map(([low, high]) => low | (high << 24))

test('what the index says was noted last for that hash and length, and its frame was not outdated since', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ hash, keyBytes: fc.nat(2), offset: fc.nat(FRAMES * PAGE_BYTES - 1) }),
    },
    { weight: 1, arbitrary: fc.record({ outdate: fc.nat(FRAMES - 1) }) },
  )
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200, size: 'max' }),
      fc.constantFrom(1024, 65_536),
      (steps, bytes) => {
        const index = new PlaceIndex(FRAMES, PAGE_BYTES, bytes)
        let noted: { hash: number; keyBytes: number; offset: number }[] = []
        let found = 0
        for (const each of steps) {
          if ('outdate' in each) {
            index.outdate(each.outdate)
            noted = noted.filter(({ offset }) => Math.floor(offset / PAGE_BYTES) !== each.outdate)
            continue
          }
          const offset = index.find(each.hash, each.keyBytes)
          if (offset >= 0) {
            found += 1
            expect(noted).toContainEqual({ hash: each.hash, keyBytes: each.keyBytes, offset })
            continue
          }
          index.note(each.hash, each.keyBytes, each.offset)
          noted.push(each)
          expect(index.find(each.hash, each.keyBytes)).toBe(each.offset)
        }
        expect(found).toBeGreaterThanOrEqual(0)
      },
    ),
    { numRuns: 300 },
  )
})

test('a frame may change as often as it likes: a generation that comes again brings nothing back', () => {
  const index = new PlaceIndex(FRAMES, PAGE_BYTES, 65_536)
  index.note(1, 3, 700)
  for (let change = 0; change < 70_000; change += 1) {
    index.outdate(1)
    expect(index.find(1, 3)).toBe(-1)
  }
  expect(index.find(0, 0)).toBe(-1)
})

test('the index grows to its budget and not beyond; without one it remembers nothing', () => {
  const index = new PlaceIndex(FRAMES, PAGE_BYTES, 4096)
  for (let round = 0; round < 20_000; round += 1) index.note(round, 1, 8)
  expect(index.bytes).toBe(4096 + 2 * FRAMES)
  const none = new PlaceIndex(FRAMES, PAGE_BYTES, 0)
  none.note(1, 1, 8)
  expect(none.find(1, 1)).toBe(-1)
})
