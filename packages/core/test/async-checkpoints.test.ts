// Strategy: checkpoints of the asynchronous API over in-memory files that count calls, beside commits of both APIs, and
// completed synchronously at any point.
// Invariants: they run automatically, lose nothing, wait for the device off the thread, and poison the database when
// they fail.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { holdSyncs, open, rejection, TUNING } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('checkpoints of the asynchronous API', () => {
  it('run automatically beside writes, and lose nothing', async () => {
    const vfs = new FaultyVfs()
    const tuning = { ...TUNING, checkpointLogBytes: 20_000 }
    const db = new Database(openDatabase('data', { vfs, cacheBytes: 65_536 }, tuning)).makePromises(
      AsyncDatabase,
    )
    let checkpoints = 0
    db.on('checkpoint', () => checkpoints++)
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => db.put(`key${(round * 31 + index * 7) % 500}`, `${round}`)),
      )
    }
    expect(checkpoints).toBeGreaterThan(1)
    expect(db.sync.stats().poisoned).toBe(false)
    const entries = await db.entries().toArray()
    expect((await db.verify()).findings).toEqual([])
    await db.close()
    const again = open(vfs)
    expect(await again.entries().toArray()).toEqual(entries)
    await again.close()
  })

  it('wait for the device off the thread, while commits continue', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await Promise.all(Array.from({ length: 200 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
    const syncs: string[] = []
    vfs.fault = (call, path) => {
      if (call === 'sync') syncs.push(path)
      return undefined
    }
    const checkpoint = db.checkpoint()
    for (let index = 0; index < 50; index++) await db.put(`key${index}`, `beside ${index}`)
    await checkpoint
    expect(syncs).toEqual([])
    expect(db.sync.stats().checkpoints.lastSeq).toBeLessThan(250)
    vfs.fault = () => undefined
    await db.close()
    const again = open(vfs)
    expect(await again.count()).toBe(200)
    expect(await again.get('key49')).toBe('beside 49')
    expect((await again.verify()).findings).toEqual([])
    await again.close()
  })

  it.each([0, 5, 20, 60, 150])(
    'are completed by a call that must follow them, after %i time slices',
    async (roundCount) => {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      const users = await db.keyspace('users')
      await Promise.all(Array.from({ length: 50 }, (_, index) => users.put(`key${index}`, 'x'.repeat(50))))
      const checkpoint = db.checkpoint()
      for (let round = 0; round < roundCount; round++) await Promise.resolve()
      db.sync.put('a', '1')
      db.sync.dropKeyspace('users')
      db.sync.checkpoint()
      // The keyspace is created and dropped by a commit each.
      expect(db.sync.stats().checkpoints.lastSeq).toBe(53)
      await checkpoint
      expect(db.sync.verify().findings).toEqual([])
      await db.close()
      const again = open(vfs)
      expect(again.sync.keyspaces()).toHaveLength(1)
      expect(await again.get('a')).toBe('1')
      await again.close()
    },
  )

  it('write no root before the log has all that is in it (C6)', async () => {
    let coveredCount = 0
    for (let roundCount = 0; roundCount < 60; roundCount++) {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      await Promise.all(Array.from({ length: 20 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
      let unsyncedBytes = 0
      vfs.fault = (call, path) => {
        // The last write of a checkpoint is its meta page.
        if (call === 'write' && path.endsWith('tree.ldb')) unsyncedBytes = db.sync.stats().log.unsyncedBytes
        return undefined
      }
      const checkpoint = db.checkpoint()
      for (let round = 0; round < roundCount; round++) await Promise.resolve()
      await db.put('beside', 'x', { durability: 'none' })
      await checkpoint
      if (db.sync.stats().checkpoints.lastSeq === db.seq) {
        coveredCount++
        expect(unsyncedBytes).toBe(0)
      }
      vfs.fault = () => undefined
      await db.close()
    }
    expect(coveredCount).toBeGreaterThan(0)
  })

  it('slow commits down that outrun them, and stay off the thread', async () => {
    const vfs = new FaultyVfs()
    const tuning = { ...TUNING, checkpointLogBytes: 4000 }
    const db = new Database(openDatabase('data', { vfs, cacheBytes: 65_536 }, tuning)).makePromises(
      AsyncDatabase,
    )
    const failures: unknown[] = []
    let stallCount = 0
    let logBytesMost = 0
    await db.put('begun', '')
    vfs.fault = (call) => {
      if (call === 'sync') failures.push(new Error('a sync on the thread'))
      logBytesMost = Math.max(logBytesMost, db.sync.stats().log.bytesSinceCheckpoint)
      return undefined
    }
    db.on('error', ({ error }) => failures.push(error))
    const durations: number[] = []
    db.on('stall', ({ reason, durationMs }) => {
      expect(reason).toBe('checkpoint')
      durations.push(durationMs)
      stallCount++
    })
    const writer = async (_: unknown, which: number): Promise<void> => {
      for (let count = 0; count < 60; count++) {
        await db.put(`${which}/${count}`, 'x'.repeat(200))
        for (let left = (which * 7 + count) % 5; left > 0; left--) await Promise.resolve()
      }
    }
    await Promise.all(Array.from({ length: 30 }, writer))
    expect(failures).toEqual([])
    expect(stallCount).toBeGreaterThan(0)
    const { count, totalMs, longestMs } = db.sync.stats().stalls
    expect(count).toBe(stallCount)
    expect(totalMs).toBeCloseTo(durations.reduce((sum, durationMs) => sum + durationMs))
    expect(longestMs).toBe(Math.max(...durations))
    // Four times the limit, the logged bytes of the waiting group, and those of the group after it.
    expect(logBytesMost).toBeLessThan(4 * 4000 + 2 * 30 * 300)
    vfs.fault = () => undefined
    expect(await db.count()).toBe(1801)
    await db.close()
  })

  it('complete after their caller has stopped waiting', async () => {
    const db = open(new FaultyVfs())
    await Promise.all(Array.from({ length: 200 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
    const controller = new AbortController()
    const checkpoint = db.checkpoint({ signal: controller.signal })
    const other = db.checkpoint({ signal: controller.signal })
    await Promise.resolve()
    controller.abort()
    await expect(checkpoint).rejects.toEqual(rejection('LDB_ABORTED'))
    await expect(other).rejects.toEqual(rejection('LDB_ABORTED'))
    expect(db.sync.stats().poisoned).toBe(false)
    await db.put('after', 'x')
    await db.checkpoint()
    expect(db.sync.stats().checkpoints.lastSeq).toBe(201)
    await db.close()
  })

  it('leave no segment behind when its removal cannot block the thread', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await Promise.all(Array.from({ length: 50 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
    const checkpoint = db.checkpoint()
    while (!vfs.list('data/wal').some((name) => name.endsWith('.old'))) await Promise.resolve()
    const release = holdSyncs(vfs)
    for (let round = 0; round < 10; round++) await Promise.resolve()
    db.sync.checkpoint()
    db.sync.close()
    release()
    await checkpoint
    expect(vfs.list('data/wal').filter((name) => name.endsWith('.old'))).toEqual([])
  })

  it('skip a keyspace that is dropped while they run', async () => {
    for (let pause = 0; pause < 40; pause++) {
      const db = open(new FaultyVfs())
      const failures: unknown[] = []
      db.on('error', ({ error }) => failures.push(error))
      const users = await db.keyspace('users')
      for (let count = 0; count < 20; count++) await users.put(`key ${count}`, 'x'.repeat(100))
      const checkpoint = db.checkpoint()
      for (let left = pause; left > 0; left--) await Promise.resolve()
      db.sync.dropKeyspace('users')
      await checkpoint
      await db.put('key', 'value')
      expect(failures).toEqual([])
      await db.close()
    }
  })

  it('poison the database when a slice cannot be written', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await Promise.all(Array.from({ length: 200 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('tree.ldb') ? deviceError('LDB_NO_SPACE', call, path) : undefined
    await expect(db.checkpoint()).rejects.toEqual(rejection('LDB_NO_SPACE'))
    await expect(db.put('a', '1')).rejects.toEqual(rejection('LDB_POISONED'))
    vfs.fault = () => undefined
    await db.close()
    const again = open(vfs)
    expect(await again.count()).toBe(200)
    await again.close()
  })
})
