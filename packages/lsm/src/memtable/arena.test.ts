import { expect, test, vi } from 'vitest'

test('memory is kept while another memtable has some, and is released with the last one', async () => {
  // Memtables of other tests count.
  vi.resetModules()
  const { giveArena, takeArena } = await import('./arena.js')
  const [first, second] = [takeArena(8192), takeArena(8192)]
  giveArena(first)
  const third = takeArena(0)
  expect(third.bytes).toBe(first.bytes)
  giveArena(second)
  giveArena(third)
  const fourth = takeArena(8192)
  expect([first.bytes, second.bytes]).not.toContain(fourth.bytes)
})
