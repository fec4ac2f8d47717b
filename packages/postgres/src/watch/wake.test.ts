import { expect, test } from 'vitest'
import { Wake } from './wake.js'

const LONG_MS = 60_000

test('a poke ends the pause that is under way, or the next one', async () => {
  const wake = new Wake()
  const paused = wake.wait(LONG_MS)
  wake.poke()
  await paused
  await wake.wait(LONG_MS)
  wake.reset()
  let hasEnded = false
  const next = wake.wait(LONG_MS).then(() => (hasEnded = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(hasEnded).toBe(false)
  wake.poke()
  await next
})

test('a pause ends by itself', async () => {
  await expect(new Wake().wait(1)).resolves.toBe(undefined)
})
