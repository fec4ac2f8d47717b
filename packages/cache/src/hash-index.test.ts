import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameLayout } from './frame-layout.js'
import { HashIndex } from './hash-index.js'

const PAGE_BYTES = 512
const FRAMES = 8
const ONE_ARENA = new FrameLayout(FRAMES, PAGE_BYTES, undefined)
const FOUR_ARENAS = new FrameLayout(FRAMES, PAGE_BYTES, 2 * PAGE_BYTES)

/** Returns where the index finds a record, or undefined. */
function findRecord(
  index: HashIndex,
  hash: number,
  keyBytes: number,
): { frame: number; offset: number } | undefined {
  const entry = index.find(hash, keyBytes)
  return entry < 0 ? undefined : { frame: index.frameAt(entry), offset: index.offsetAt(entry) }
}

/** Few hashes and lengths, so that buckets overflow. The high bits form the tag. */
const hash = fc.tuple(fc.nat(5), fc.nat(3)).map(([low, high]) => low | (high << 24))

test.each([
  ['one arena', ONE_ARENA],
  ['four arenas', FOUR_ARENAS],
])(
  'a found offset is the last one inserted for its hash and length, and its frame was not invalidated since: %s',
  (_, layout) => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          hash,
          keyBytes: fc.nat(2),
          frame: fc.nat(FRAMES - 1),
          at: fc.nat(PAGE_BYTES - 1),
        }),
      },
      { weight: 1, arbitrary: fc.record({ invalidate: fc.nat(FRAMES - 1) }) },
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.constantFrom(1024, 65_536),
        (steps, bytes) => {
          const index = new HashIndex(FRAMES, PAGE_BYTES, bytes, layout)
          const inserted = new Map<string, { frame: number; offset: number }>()
          for (const each of steps) {
            if ('invalidate' in each) {
              index.invalidate(each.invalidate)
              for (const [key, { frame }] of inserted) if (frame === each.invalidate) inserted.delete(key)
              continue
            }
            const key = `${each.hash}/${each.keyBytes}`
            const found = findRecord(index, each.hash, each.keyBytes)
            if (found !== undefined) {
              expect(found).toEqual(inserted.get(key))
              continue
            }
            const { frame } = each
            const inFrame = layout.offsetOf(frame) + each.at
            index.insert(each.hash, each.keyBytes, frame, inFrame)
            inserted.set(key, { frame, offset: inFrame })
            expect(findRecord(index, each.hash, each.keyBytes)).toEqual({ frame, offset: inFrame })
          }
        },
      ),
      { numRuns: 200 },
    )
  },
)

test('a generation number that is reused after a wraparound revalidates no entry', () => {
  const index = new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA)
  index.insert(1, 3, 1, 700)
  let foundCount = 0
  for (let change = 0; change < 70_000; change += 1) {
    index.invalidate(1)
    if (index.find(1, 3) >= 0) foundCount += 1
  }
  expect(foundCount).toBe(0)
  expect(index.find(0, 0)).toBe(-1)
})

test('the index grows up to its budget; without a budget it stays empty', () => {
  const index = new HashIndex(FRAMES, PAGE_BYTES, 4096, ONE_ARENA)
  for (let round = 0; round < 20_000; round += 1) index.insert(round, 1, 0, 8)
  expect(index.bytes).toBe(4096 + 10 * FRAMES)
  const none = new HashIndex(FRAMES, PAGE_BYTES, 0, ONE_ARENA)
  none.insert(1, 1, 0, 8)
  expect(none.find(1, 1)).toBe(-1)
})

test('the third descent to a frame makes its indexing due, once per generation and once per growth of the index', () => {
  const index = new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA)
  const due = (): number[] => [1, 2, 3, 4].filter(() => index.isDue(2))
  expect([index.isDue(2), index.isDue(1), index.isDue(2), index.isDue(2)]).toEqual([
    false,
    false,
    false,
    true,
  ])
  expect(due()).toEqual([])
  index.invalidate(2)
  expect(due()).toEqual([3])
  // Growing loses the entries.
  index.reserve(1000, 1)
  expect(due()).toEqual([3])
  expect([1, 2, 3, 4].some(() => new HashIndex(FRAMES, PAGE_BYTES, 0, ONE_ARENA).isDue(2))).toBe(false)
})

test('reserve grows the index for the records of more frames, within the budget', () => {
  const index = new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA)
  index.reserve(90, 1)
  index.insert(1, 1, 0, 8)
  expect(index.bytes).toBe(64 * 16 + 10 * FRAMES)
  expect(findRecord(index, 1, 1)).toEqual({ frame: 0, offset: 8 })
  index.reserve(90, 4)
  expect(index.find(1, 1)).toBe(-1)
  expect(index.bytes).toBe(256 * 32 + 10 * FRAMES)
  index.reserve(1_000_000, 1)
  expect(index.bytes).toBe(65_536 + 10 * FRAMES)
})

test.each([
  ['one arena', ONE_ARENA],
  ['four arenas', FOUR_ARENAS],
])(
  'a frame whose records are inserted together is found record by record until it changes: %s',
  (_, layout) => {
    const index = new HashIndex(FRAMES, PAGE_BYTES, 65_536, layout)
    for (let time = 0; time < 3; time += 1) {
      expect(index.isIndexed(2)).toBe(false)
      index.isDue(2)
    }
    index.reserve(100, FRAMES)
    for (let time = 0; time < 3; time += 1) index.isDue(2)
    const hashes = Int32Array.from({ length: 100 }, (_, record) => Math.imul(record + 1, 0x9e3779b1))
    const keyBytes = Uint8Array.from({ length: 100 }, (_, record) => record + 1)
    const offsets = Int32Array.from({ length: 100 }, (_, record) => layout.offsetOf(2) + record * 4)
    index.insertFrame(2, hashes, keyBytes, offsets, 99)
    const found = [...hashes].map((each, record) => findRecord(index, each, record + 1))
    expect(found.slice(0, 99)).toEqual([...offsets.subarray(0, 99)].map((offset) => ({ frame: 2, offset })))
    expect(found[99]).toBeUndefined()
    expect([index.isIndexed(2), index.isIndexed(1)]).toEqual([true, false])
    index.invalidate(2)
    expect([index.isIndexed(2), index.find(hashes[0]!, 1)]).toEqual([false, -1])
  },
)
