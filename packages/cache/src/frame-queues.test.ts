import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameQueues } from './frame-queues.js'

/** Puts pages 1 to `count` into as many frames. */
function filled(count: number): { queues: FrameQueues; pins: Int32Array } {
  const queues = new FrameQueues(count)
  for (let frame = 0; frame < count; frame += 1) queues.insert(frame, frame + 1)
  return { queues, pins: new Int32Array(count) }
}

/** Returns the frame that is chosen to another page. */
function replace(queues: FrameQueues, pins: Int32Array, page: number): number {
  const frame = queues.choose(pins)
  queues.replace(frame, page)
  return frame
}

test('pages that are used once go in the order in which they came', () => {
  const { queues, pins } = filled(20)
  for (let page = 21; page <= 80; page += 1) expect(replace(queues, pins, page)).toBe((page - 1) % 20)
})

test('a newcomer that was used twice stays, and outlives any number of others that were not', () => {
  const { queues, pins } = filled(20)
  queues.touch(3)
  queues.touch(3)
  for (let page = 21; page <= 1000; page += 1) expect(replace(queues, pins, page)).not.toBe(3)
})

test('a page that comes back soon is a resident at once', () => {
  const { queues, pins } = filled(20)
  expect(replace(queues, pins, 100)).toBe(0)
  expect(replace(queues, pins, 1)).toBe(1)
  for (let page = 200; page < 300; page += 1) expect(replace(queues, pins, page)).not.toBe(1)
})

test('a page that comes back late is a newcomer again', () => {
  const { queues, pins } = filled(20)
  for (let page = 21; page <= 100; page += 1) replace(queues, pins, page)
  const frame = replace(queues, pins, 1)
  const taken = Array.from({ length: 40 }, (_, index) => replace(queues, pins, 200 + index))
  expect(taken).toContain(frame)
})

test('residents go when they are not used any more', () => {
  const { queues, pins } = filled(20)
  for (let frame = 0; frame < 20; frame += 1) for (let use = 0; use < 3; use += 1) queues.touch(frame)
  const taken = new Set(Array.from({ length: 40 }, (_, index) => replace(queues, pins, 21 + index)))
  expect(taken.size).toBeGreaterThan(1)
})

test('a frame that was pinned stays, and when all are there is none', () => {
  const { queues, pins } = filled(20)
  pins.fill(1)
  expect(queues.choose(pins)).toBe(-1)
  pins[7] = 0
  for (let page = 21; page < 80; page += 1) expect(replace(queues, pins, page)).toBe(7)
})

test('an unpinned frame is always found, whatever came before', () => {
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
