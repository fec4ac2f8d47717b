import { expect, test } from 'vitest'
import { GhostQueue } from './ghost-queue.js'

test('an evicted page is reported once', () => {
  const ghost = new GhostQueue(10)
  ghost.add(77)
  expect(ghost.take(78)).toBe(false)
  expect(ghost.take(77)).toBe(true)
  expect(ghost.take(77)).toBe(false)
})

test('an entry expires after the given number of evictions', () => {
  const ghost = new GhostQueue(10)
  ghost.add(1)
  ghost.add(2)
  for (let fingerprint = 11; fingerprint < 20; fingerprint += 1) ghost.add(fingerprint)
  expect(ghost.take(1)).toBe(false)
  expect(ghost.take(2)).toBe(true)
})

test('a page that was never evicted is not reported, including fingerprint 0', () => {
  const ghost = new GhostQueue(10)
  for (let fingerprint = -100; fingerprint < 100; fingerprint += 1)
    expect(ghost.take(fingerprint)).toBe(false)
})
