// Strategy: fake timers that nothing moves on, under conflicts, whose retries wait.
// Invariant: every call ends. The expiry of entries follows the replaced clock.
import { afterEach, expect, test, vi } from 'vitest'
import { ClusterDatabase, memoryDriver } from '../src/index.js'

afterEach(() => {
  vi.useRealTimers()
})

test('fake timers of a test library hold no call up', async () => {
  vi.useFakeTimers()
  const db = await ClusterDatabase.open(memoryDriver())
  const numbers = await db.keyspace<string, number>('numbers', { values: 'json' })
  const increments = Array.from({ length: 16 }, () =>
    db.transaction(async (tx) => {
      const view = tx.in(numbers)
      await view.put('n', ((await view.get('n')) ?? 0) + 1)
    }),
  )
  await Promise.all(increments)
  expect(await numbers.get('n')).toBe(16)
  await db.put('short', 'x', { ttlMs: 1000 })
  vi.setSystemTime(Date.now() + 2000)
  expect(await db.get('short')).toBeUndefined()
  await db.close()
})
