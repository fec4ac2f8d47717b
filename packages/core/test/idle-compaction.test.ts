import { MemoryVfs } from '@ldb/vfs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AsyncDatabase } from '../src/index.js'
import { turns } from './outcome-codes.js'

const OPTIONS = { engine: 'lsm', compression: 'none', memtableBytes: 65_536, durability: 'periodic' } as const

afterEach(() => {
  vi.useRealTimers()
})

/** Lets the time without commits pass, and the background work run. */
async function idle(vfs: MemoryVfs): Promise<void> {
  for (let second = 0; second < 4; second++) {
    vfs.time.advance(1100)
    for (let round = 0; round < 40; round++) await turns()
  }
}

function bytesOf(db: AsyncDatabase): number {
  return db.sync.stats().keyspaces.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
}

async function open(vfs: MemoryVfs, count: number): Promise<AsyncDatabase> {
  const db = await AsyncDatabase.open('data', { ...OPTIONS, vfs })
  await db.load(
    Array.from({ length: count }, (_, index): [string, string] => [
      `k${String(index).padStart(6, '0')}`,
      `${index} ${'v'.repeat(90)}`,
    ]),
  )
  return db
}

describe('an idle database of LSM trees', () => {
  test('returns the space of deleted entries without further writes', async () => {
    const vfs = new MemoryVfs()
    const db = await open(vfs, 5000)
    const before = bytesOf(db)
    await db.deleteRange({ gte: 'k001000' })
    expect(bytesOf(db)).toBeGreaterThanOrEqual(before)
    await idle(vfs)
    expect(bytesOf(db)).toBeLessThan(before / 3)
    expect(await db.count()).toBe(1000)
    for (let index = 0; index < 1000; index++) await db.delete(`k${String(index).padStart(6, '0')}`)
    await idle(vfs)
    expect(bytesOf(db)).toBe(0)
    expect(vfs.list('data/keyspaces/1')).toEqual(['MANIFEST'])
    await db.close()
  })

  test('returns the space of expired entries', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { ...OPTIONS, vfs })
    const sessions = await db.keyspace('sessions', { ttlMs: 5000 })
    await sessions.load(
      Array.from({ length: 3000 }, (_, index): [string, string] => [`s${10_000 + index}`, 'v'.repeat(90)]),
    )
    expect(bytesOf(db)).toBeGreaterThan(100_000)
    vfs.time.advance(6000)
    for (let round = 0; round < 10; round++) await idle(vfs)
    expect(bytesOf(db)).toBe(0)
    await db.close()
  })

  test('does nothing when nothing can be gained, and waits while it is used', async () => {
    const vfs = new MemoryVfs()
    const db = await open(vfs, 3000)
    await db.checkpoint()
    const { count } = db.sync.stats().checkpoints
    await db.put('k1', 'x')
    await idle(vfs)
    expect(db.sync.stats().checkpoints.count).toBe(count)
    await db.deleteRange({ gte: 'k' })
    for (let round = 0; round < 5; round++) {
      vfs.time.advance(900)
      await turns()
      await db.put('in use', `${round}`)
    }
    expect(db.sync.stats().checkpoints.count).toBe(count)
    await idle(vfs)
    expect(db.sync.stats().checkpoints.count).toBeGreaterThan(count)
    await db.close()
  })

  test('leaves no timer behind, and is not disturbed by timers that run at once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const db = await AsyncDatabase.memory({ engine: 'lsm' })
    await db.put('a', 'b')
    vi.runAllTimers()
    await db.put('a', 'c')
    vi.runAllTimers()
    expect(await db.get('a')).toBe('c')
    await db.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
