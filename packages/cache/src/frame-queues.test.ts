import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameQueues } from './frame-queues.js'

/** Inserts pages 1 to `count` into as many frames. */
function filled(count: number): { queues: FrameQueues; pins: Int32Array } {
  const queues = new FrameQueues(count)
  for (let frame = 0; frame < count; frame += 1) queues.insert(frame, frame + 1)
  return { queues, pins: new Int32Array(count) }
}

/** Evicts a page, assigns its frame to another page and returns the frame. */
function replace(queues: FrameQueues, pins: Int32Array, page: number): number {
  const frame = queues.choose(pins)
  queues.replace(frame, page)
  return frame
}

test('pages that are used once are evicted in FIFO order', () => {
  const { queues, pins } = filled(20)
  for (let page = 21; page <= 80; page += 1) expect(replace(queues, pins, page)).toBe((page - 1) % 20)
})

test('a page of the small queue that was used twice is promoted and survives a scan', () => {
  const { queues, pins } = filled(20)
  queues.touch(3)
  queues.touch(3)
  for (let page = 21; page <= 1000; page += 1) expect(replace(queues, pins, page)).not.toBe(3)
})

test('a page in the ghost queue enters the main queue directly', () => {
  const { queues, pins } = filled(20)
  expect(replace(queues, pins, 100)).toBe(0)
  expect(replace(queues, pins, 1)).toBe(1)
  for (let page = 200; page < 300; page += 1) expect(replace(queues, pins, page)).not.toBe(1)
})

test('a page that has left the ghost queue enters the small queue', () => {
  const { queues, pins } = filled(20)
  for (let page = 21; page <= 100; page += 1) replace(queues, pins, page)
  const frame = replace(queues, pins, 1)
  const evicted = Array.from({ length: 40 }, (_, index) => replace(queues, pins, 200 + index))
  expect(evicted).toContain(frame)
})

test('pages of the main queue are evicted when they are no longer used', () => {
  const { queues, pins } = filled(20)
  for (let frame = 0; frame < 20; frame += 1) for (let use = 0; use < 3; use += 1) queues.touch(frame)
  const evicted = new Set(Array.from({ length: 40 }, (_, index) => replace(queues, pins, 21 + index)))
  expect(evicted.size).toBeGreaterThan(1)
})

test('a pinned frame is not chosen; when all are pinned, none is', () => {
  const { queues, pins } = filled(20)
  pins.fill(1)
  expect(queues.choose(pins)).toBe(-1)
  pins[7] = 0
  for (let page = 21; page < 80; page += 1) expect(replace(queues, pins, page)).toBe(7)
})

test('an unpinned frame is always found, after any operations', () => {
  const kinds = fc.constantFrom('touch', 'pin', 'unpin', 'drop', 'replace')
  const step = fc.record({ frame: fc.nat(11), kind: kinds })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { queues, pins } = filled(12)
      let page = 13
      for (const { frame, kind } of steps) {
        if (kind === 'touch') queues.touch(frame)
        else if (kind === 'pin') pins[frame] = 1
        else if (kind === 'unpin') pins[frame] = 0
        else if (kind === 'drop') {
          queues.remove(frame)
          queues.insert(frame, (page += 1))
        } else if (pins.some((count) => count === 0)) {
          const chosen = queues.choose(pins)
          expect(chosen).toBeGreaterThanOrEqual(0)
          expect(pins[chosen]).toBe(0)
          queues.replace(chosen, (page += frame % 3))
        } else expect(queues.choose(pins)).toBe(-1)
      }
    }),
  )
})
