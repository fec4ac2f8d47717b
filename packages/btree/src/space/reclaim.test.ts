import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passOn } from './pending-free-list.js'
import type { HeldSpan } from './pending-free-list.js'
import { Reclaim } from './reclaim.js'

/** A page that was given up, and between which epochs it was part of the tree. */
interface GivenUp {
  readonly page: number
  readonly count: number
  readonly made: number
  readonly freed: number
}

const step = fc.record({
  kind: fc.constantFrom(
    'write',
    'write',
    'write',
    'snapshot',
    'snapshot',
    'release',
    'release',
    'freeze',
    'freeze',
    'checkpoint',
    'sift',
  ),
  pick: fc.nat(),
})

/**
 * Strategy: a tree of numbered pages that is written, frozen and checkpointed at will, beside an oracle that knows of
 * each page given up who still reaches it. Invariants: no page that somebody reaches is released (B1); what nobody
 * reaches is released at the latest when the last snapshot and one more checkpoint are through.
 */
test('pages come back when nobody reaches them, and not before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const released = new Set<number>()
      const reclaim = new Reclaim(1, (page, count) => {
        for (let each = page; each < page + count; each += 1) {
          if (released.has(each)) expect.unreachable(`page ${each} is released twice`)
          released.add(each)
        }
      })
      const givenUp: GivenUp[] = []
      const live: { page: number; count: number; made: number }[] = [{ page: 1, count: 1, made: 1 }]
      const pins: number[] = []
      let durable = 1
      /** Epoch of a checkpoint that is frozen, and not yet durable. */
      let frozen: number | undefined
      /** Not all that only the checkpoint before the durable one reached was looked at. */
      let isLeaving = false
      let epoch = 2
      let nextPage = 2
      const isReached = ({ made, freed }: GivenUp): boolean =>
        [durable, frozen ?? durable, ...pins].some((each) => made <= each && each < freed)
      for (const { kind, pick } of steps) {
        if (kind === 'write') {
          const [old] = live.splice(pick % live.length, 1)
          givenUp.push({ ...old!, freed: epoch })
          reclaim.retire(old!.page, old!.count, old!.made, epoch)
          for (const count of [1, 1 + (pick % 3)]) {
            live.push({ page: nextPage, count, made: epoch })
            nextPage += count
          }
        } else if (kind === 'snapshot') {
          reclaim.pin(epoch)
          pins.push(epoch)
          epoch += 1
        } else if (kind === 'release' && pins.length > 0) {
          const [pin] = pins.splice(pick % pins.length, 1)
          reclaim.unpin(pin!)
        } else if (kind === 'freeze' && isLeaving) {
          isLeaving = !reclaim.advance(durable, 1 + (pick % 3))
        } else if (kind === 'freeze' && frozen === undefined) {
          frozen = epoch
          epoch += 1
          expect(pagesOf(reclaim.freeze(frozen)).length).toBe(reclaim.heldCount)
        } else if (kind === 'checkpoint' && frozen !== undefined) {
          durable = frozen
          frozen = undefined
          isLeaving = !reclaim.advance(durable, pick % 4)
        } else if (kind === 'sift') reclaim.sift(pick % 4)
        for (const each of givenUp) {
          const isReleased = released.has(each.page)
          if (isReleased && isReached(each)) expect.unreachable(`page ${each.page} is released and reached`)
          for (let page = each.page; page < each.page + each.count; page += 1) {
            if (released.has(page) !== isReleased) expect.unreachable(`page ${page} is not with its run`)
          }
        }
        expectHeld(reclaim, givenUp, released)
        expect(reclaim.pinCount).toBe(pins.length)
      }
      for (const pin of pins.splice(0)) reclaim.unpin(pin)
      if (isLeaving) reclaim.advance(durable)
      if (frozen !== undefined) reclaim.advance(frozen)
      frozen = undefined
      durable = epoch
      reclaim.freeze(epoch)
      reclaim.advance(epoch)
      reclaim.sift()
      for (const each of givenUp) expect(released.has(each.page)).toBe(true)
      expect(reclaim.heldCount).toBe(0)
    }),
    { numRuns: 300 },
  )
})

/** All pages of some spans. */
function pagesOf(spans: readonly HeldSpan[]): number[] {
  const pages: number[] = []
  for (const span of spans) {
    passOn({ ...span }, Infinity, (page, count) => {
      for (let each = page; each < page + count; each += 1) pages.push(each)
    })
  }
  return pages
}

/** Held are exactly the pages given up and not released. */
function expectHeld(reclaim: Reclaim, givenUp: readonly GivenUp[], released: ReadonlySet<number>): void {
  const held = new Set<number>()
  reclaim.forEachHeld((page, count) => {
    for (let each = page; each < page + count; each += 1) held.add(each)
  })
  const expected = new Set<number>()
  for (const { page, count } of givenUp) {
    for (let each = page; each < page + count; each += 1) if (!released.has(each)) expected.add(each)
  }
  expect([...held].filter((page) => !expected.has(page))).toEqual([])
  expect(held.size).toBe(expected.size)
  expect(reclaim.heldCount).toBe(expected.size)
}

test('a page of the present epoch is free at once', () => {
  const released: number[] = []
  const reclaim = new Reclaim(1, (page) => released.push(page))
  reclaim.pin(1)
  reclaim.retire(9, 1, 2, 2)
  expect(released).toEqual([9])
})

test('what an old snapshot does not reach comes back while it is open', () => {
  let releasedCount = 0
  const reclaim = new Reclaim(1, () => {
    releasedCount += 1
  })
  reclaim.pin(1)
  // Each round: a short snapshot of the epoch, one page replaced while it is open, then it goes.
  for (let epoch = 2; epoch < 5000; epoch += 1) {
    reclaim.pin(epoch)
    reclaim.retire(epoch, 1, epoch, epoch + 1)
    reclaim.unpin(epoch)
  }
  expect(releasedCount + reclaim.heldCount).toBe(4998)
  expect(reclaim.heldCount).toBeLessThan(100)
})

test('hundreds of thousands of snapshots can be open and go in any order', () => {
  const reclaim = new Reclaim(1, () => undefined)
  const count = 200_000
  for (let epoch = 2; epoch < count; epoch += 1) reclaim.pin(epoch)
  for (let epoch = count - 1; epoch > 2; epoch -= 5000) reclaim.unpin(epoch)
  reclaim.unpin(2)
  expect(reclaim.pinCount).toBe(count - 2 - Math.ceil((count - 3) / 5000) - 1)
})
