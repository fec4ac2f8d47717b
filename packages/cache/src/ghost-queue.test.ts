import { expect, test } from 'vitest'
import { GhostQueue } from './ghost-queue.js'

test('a page that went is known once', () => {
  const departed = new GhostQueue(10)
  departed.add(77)
  expect(departed.take(78)).toBe(false)
  expect(departed.take(77)).toBe(true)
  expect(departed.take(77)).toBe(false)
})

test('a page is forgotten after so many others', () => {
  const departed = new GhostQueue(10)
  departed.add(1)
  departed.add(2)
  for (let name = 11; name < 20; name += 1) departed.add(name)
  expect(departed.take(1)).toBe(false)
  expect(departed.take(2)).toBe(true)
})

test('what was never there is not known, 0 included', () => {
  const departed = new GhostQueue(10)
  for (let name = -100; name < 100; name += 1) expect(departed.take(name)).toBe(false)
})
