import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database } from '../src/index.js'
import { copyAfterKill } from './directory-tree.js'

const OPTIONS = { engine: 'lsm', memtableBytes: 65_536, durability: 'periodic' } as const

function fill(db: Database, count: number): void {
  for (let index = 0; index < count; index++)
    db.put(`k${(index * 7919) % count}`, `${index} ${'v'.repeat(50)}`)
}

describe('a database of LSM trees', () => {
  test('has no file before its first checkpoint, and tables afterwards', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { ...OPTIONS, vfs })
    db.put('a', 'b')
    expect(vfs.list('data/keyspaces')).toEqual([])
    db.checkpoint()
    expect(vfs.list('data/keyspaces/1')).toEqual(['0000000001.sst', 'MANIFEST'])
    db.close()
    const again = Database.open('data', { vfs })
    expect(again.get('a')).toBe('b')
    expect(again.keyspaces()[0]?.engine).toBe('lsm')
    again.close()
  })

  test('flushes and compacts while a synchronous caller writes, and reports it', () => {
    const db = Database.open('data', { ...OPTIONS, vfs: new MemoryVfs() })
    let compactions = 0
    // A listener may call the database.
    db.on('compaction', () => db.put('compactions', `${++compactions}`))
    fill(db, 20_000)
    expect(compactions).toBeGreaterThan(2)
    expect(db.get('compactions')).toBe(`${compactions}`)
    expect(db.count()).toBe(20_001)
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('answers asynchronous reads, ranges and transactions', async () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { ...OPTIONS, vfs })
    fill(db, 5000)
    db.close()
    const adb = await AsyncDatabase.open('data', { ...OPTIONS, vfs, cacheBytes: 65_536 })
    expect(await adb.get('k4999')).toMatch(/^\d+ v+$/)
    expect(await adb.getMany(['k1', 'nothing', 'k2'])).toEqual([
      expect.stringMatching(/v$/),
      undefined,
      expect.stringMatching(/v$/),
    ])
    expect(await adb.count()).toBe(5000)
    const keys: string[] = []
    for await (const [key] of adb.entries({ prefix: 'k49', reverse: true })) keys.push(key)
    expect(keys).toEqual([...keys].sort().reverse())
    expect(keys.length).toBe(111)
    await adb.transaction(async (tx) => {
      await tx.put('k1', 'changed')
      await tx.deleteRange({ gte: 'k2', lt: 'k3' })
    })
    expect(await adb.get('k1')).toBe('changed')
    expect(await adb.count()).toBe(5000 - 1111)
    await adb.compact()
    expect((await adb.verify()).ok).toBe(true)
    await adb.close()
  })

  test('is recovered after an end without a close', () => {
    const vfs = new MemoryVfs()
    const lost = Database.open('data', { ...OPTIONS, vfs })
    fill(lost, 3000)
    lost.deleteRange({ gte: 'k1', lt: 'k2' })
    const copy = copyAfterKill(vfs, 'data')
    const db = Database.open('data', { ...OPTIONS, vfs: copy })
    expect(db.count()).toBe(lost.count())
    expect(db.verify().ok).toBe(true)
    db.close()
    lost.close()
  })

  test('expires entries, and gives their space back', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { ...OPTIONS, vfs })
    const sessions = db.keyspace('sessions', { ttlMs: 1000 })
    for (let index = 0; index < 500; index++) sessions.put(`s${index}`, 'x')
    sessions.put('kept', 'x', { ttlMs: 1e9 })
    vfs.time.advance(2000)
    expect(sessions.count()).toBe(1)
    expect(sessions.get('s1')).toBeUndefined()
    db.close()
  })

  test('can be opened read-only', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { ...OPTIONS, vfs })
    fill(db, 100)
    db.close()
    const reader = Database.open('data', { vfs, readOnly: true })
    expect(reader.count()).toBe(100)
    expect(() => reader.put('a', 'b')).toThrow(/read-only/)
    reader.close()
  })

  test.each([0, 65_535, 2 ** 30 + 1, 1.5, '1'])('refuses memtables of %s bytes', (memtableBytes) => {
    expect(() => Database.memory({ memtableBytes: memtableBytes as number })).toThrow(/memtableBytes/)
  })
})
