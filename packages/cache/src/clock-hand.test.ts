import { expect, test } from 'vitest'
import { ClockHand } from './clock-hand.js'

test('the hand takes unused frames in turn', () => {
  const hand = new ClockHand(4)
  const pins = new Int32Array(4)
  expect([0, 1, 2, 3, 4].map(() => hand.choose(pins))).toEqual([0, 1, 2, 3, 0])
})

test('a used frame outlives one round for each use, up to three', () => {
  const hand = new ClockHand(2)
  const pins = new Int32Array(2)
  for (let use = 0; use < 10; use += 1) hand.touch(0)
  const chosen = Array.from({ length: 6 }, () => hand.choose(pins))
  expect(chosen).toEqual([1, 1, 1, 0, 1, 0])
})

test('a new page in a frame does not inherit the uses of the old one', () => {
  const hand = new ClockHand(2)
  const pins = new Int32Array(2)
  hand.touch(0)
  hand.touch(0)
  hand.place(0)
  expect(hand.choose(pins)).toBe(0)
})

test('a pinned frame is never chosen, and keeps its uses', () => {
  const hand = new ClockHand(3)
  const pins = Int32Array.of(1, 0, 2)
  hand.touch(1)
  for (let round = 0; round < 5; round += 1) expect(hand.choose(pins)).toBe(1)
  expect(hand.choose(Int32Array.of(1, 1, 1))).toBe(-1)
})
