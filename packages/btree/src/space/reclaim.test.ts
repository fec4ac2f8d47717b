import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drainSpan } from './pending-free-list.js'
import type { PendingSpan } from './pending-free-list.js'
import { Reclaim } from './reclaim.js'

/** Retired pages, and the epochs in which they were made and retired. */
interface Retired {
  readonly page: number
  readonly count: number
  readonly birthEpoch: number
  readonly deathEpoch: number
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
    'sweep',
  ),
  pick: fc.nat(),
})

/**
 * Strategy: random writes, snapshots and checkpoints of a tree of numbered pages, beside a model that knows what reaches each
 * retired page. Invariants: no page that a snapshot or checkpoint reaches is released (B1); a page that nothing
 * reaches is released at the latest after the last snapshot and one more checkpoint.
 */
test('retired pages are released when nothing reaches them, and not before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const released = new Set<number>()
      const reclaim = new Reclaim(1, (page, count) => {
        for (let each = page; each < page + count; each += 1) {
          if (released.has(each)) expect.unreachable(`page ${each} is released twice`)
          released.add(each)
        }
      })
      const retired: Retired[] = []
      const live: { page: number; count: number; birthEpoch: number }[] = [
        { page: 1, count: 1, birthEpoch: 1 },
      ]
      const pins: number[] = []
      let durable = 1
      /** Epoch of a frozen checkpoint that is not durable yet. */
      let frozen: number | undefined
      /** `advance` has not released all pages that only the previous checkpoint reached. */
      let isAdvancing = false
      let epoch = 2
      let nextPage = 2
      const isReached = ({ birthEpoch, deathEpoch }: Retired): boolean =>
        [durable, frozen ?? durable, ...pins].some((each) => birthEpoch <= each && each < deathEpoch)
      for (const { kind, pick } of steps) {
        if (kind === 'write') {
          const [old] = live.splice(pick % live.length, 1)
          retired.push({ ...old!, deathEpoch: epoch })
          reclaim.retire(old!.page, old!.count, old!.birthEpoch, epoch)
          for (const count of [1, 1 + (pick % 3)]) {
            live.push({ page: nextPage, count, birthEpoch: epoch })
            nextPage += count
          }
        } else if (kind === 'snapshot') {
          reclaim.pin(epoch)
          pins.push(epoch)
          epoch += 1
        } else if (kind === 'release' && pins.length > 0) {
          const [pin] = pins.splice(pick % pins.length, 1)
          reclaim.unpin(pin!)
        } else if (kind === 'freeze' && isAdvancing) {
          isAdvancing = !reclaim.advance(durable, 1 + (pick % 3))
        } else if (kind === 'freeze' && frozen === undefined) {
          frozen = epoch
          epoch += 1
          expect(pagesOf(reclaim.freeze(frozen)).length).toBe(reclaim.pendingCount)
        } else if (kind === 'checkpoint' && frozen !== undefined) {
          durable = frozen
          frozen = undefined
          isAdvancing = !reclaim.advance(durable, pick % 4)
        } else if (kind === 'sweep') reclaim.sweep(pick % 4)
        for (const each of retired) {
          const isReleased = released.has(each.page)
          if (isReleased && isReached(each)) expect.unreachable(`page ${each.page} is released and reached`)
          for (let page = each.page; page < each.page + each.count; page += 1) {
            if (released.has(page) !== isReleased)
              expect.unreachable(`page ${page} is not released with its extent`)
          }
        }
        expectPending(reclaim, retired, released)
        expect(reclaim.pinCount).toBe(pins.length)
      }
      for (const pin of pins.splice(0)) reclaim.unpin(pin)
      if (isAdvancing) reclaim.advance(durable)
      if (frozen !== undefined) reclaim.advance(frozen)
      frozen = undefined
      durable = epoch
      reclaim.freeze(epoch)
      reclaim.advance(epoch)
      reclaim.sweep()
      for (const each of retired) expect(released.has(each.page)).toBe(true)
      expect(reclaim.pendingCount).toBe(0)
    }),
    { numRuns: 300 },
  )
})

/** Returns all pages of some spans. */
function pagesOf(spans: readonly PendingSpan[]): number[] {
  const pages: number[] = []
  for (const span of spans) {
    drainSpan({ ...span }, Infinity, (page, count) => {
      for (let each = page; each < page + count; each += 1) pages.push(each)
    })
  }
  return pages
}

/** Checks that exactly the retired pages that are not released are pending. */
function expectPending(reclaim: Reclaim, retired: readonly Retired[], released: ReadonlySet<number>): void {
  const pending = new Set<number>()
  reclaim.forEachPending((page, count) => {
    for (let each = page; each < page + count; each += 1) pending.add(each)
  })
  const expected = new Set<number>()
  for (const { page, count } of retired) {
    for (let each = page; each < page + count; each += 1) if (!released.has(each)) expected.add(each)
  }
  expect([...pending].filter((page) => !expected.has(page))).toEqual([])
  expect(pending.size).toBe(expected.size)
  expect(reclaim.pendingCount).toBe(expected.size)
}

test('a page that is retired in its birth epoch is free at once', () => {
  const released: number[] = []
  const reclaim = new Reclaim(1, (page) => released.push(page))
  reclaim.pin(1)
  reclaim.retire(9, 1, 2, 2)
  expect(released).toEqual([9])
})

test('pages that an old snapshot does not reach are released while it is open', () => {
  let releasedCount = 0
  const reclaim = new Reclaim(1, () => {
    releasedCount += 1
  })
  reclaim.pin(1)
  // Each round: a short snapshot, during which one page is replaced.
  for (let epoch = 2; epoch < 5000; epoch += 1) {
    reclaim.pin(epoch)
    reclaim.retire(epoch, 1, epoch, epoch + 1)
    reclaim.unpin(epoch)
  }
  expect(releasedCount + reclaim.pendingCount).toBe(4998)
  expect(reclaim.pendingCount).toBeLessThan(100)
})

test('hundreds of thousands of snapshots can be open and released in any order', () => {
  const reclaim = new Reclaim(1, () => undefined)
  const count = 200_000
  for (let epoch = 2; epoch < count; epoch += 1) reclaim.pin(epoch)
  for (let epoch = count - 1; epoch > 2; epoch -= 5000) reclaim.unpin(epoch)
  reclaim.unpin(2)
  expect(reclaim.pinCount).toBe(count - 2 - Math.ceil((count - 3) / 5000) - 1)
})
