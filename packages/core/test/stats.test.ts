// Invariants: statistics of files count what is in the files, and those of the cache count hits as well as misses.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'

function bytesBelow(vfs: MemoryVfs, directory: string): number {
  let bytes = 0
  for (const name of vfs.list(directory)) bytes += vfs.status(`${directory}/${name}`)?.length ?? 0
  return bytes
}

function fill(db: Database): void {
  const lsm = db.keyspace('lsm', { engine: 'lsm' })
  const batch = db.batch()
  for (let number = 0; number < 2000; number++) batch.put(`key${number}`, 'v'.repeat(50))
  for (let number = 0; number < 2000; number++) batch.in(lsm).put(`key${number}`, 'v'.repeat(50))
  batch.commit()
}

describe('statistics', () => {
  it('count the bytes of files as bytes of files', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs })
    fill(db)
    const before = db.stats()
    expect(before.keyspaces.map(({ fileBytes }) => fileBytes)).toEqual([0, 0])
    expect(before.keyspaces[0]?.liveBytes).toBeGreaterThan(100_000)
    db.checkpoint()
    const [tree, lsm] = db.stats().keyspaces
    expect(tree?.fileBytes).toBe(vfs.status('data/keyspaces/1/tree.ldb')?.length)
    expect(tree?.fileBytes).toBeGreaterThanOrEqual(tree?.liveBytes ?? 0)
    const manifestBytes = vfs.status('data/keyspaces/2/MANIFEST')?.length ?? 0
    expect(lsm?.fileBytes).toBe(bytesBelow(vfs, 'data/keyspaces/2') - manifestBytes)
    fill(db)
    expect(db.stats().keyspaces[0]?.fileBytes).toBe(vfs.status('data/keyspaces/1/tree.ldb')?.length)
  })

  it('do not count buffered commits as bytes of the log', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs, durability: 'none' })
    // The first commit after idle time is written at once.
    db.put('a', '1')
    const { fileBytes } = db.stats().log
    db.put('a', 'v'.repeat(1000))
    const buffered = db.stats().log
    expect(buffered.bufferedBytes).toBeGreaterThan(1000)
    expect(buffered.fileBytes).toBe(fileBytes)
    db.sync()
    const synced = db.stats().log
    expect(synced.fileBytes).toBe(fileBytes + buffered.bufferedBytes)
    expect(synced.bufferedBytes).toBe(0)
  })

  it('count uses of resident pages', () => {
    using db = Database.memory()
    fill(db)
    const { hitCount, missCount } = db.stats().cache
    for (let number = 0; number < 100; number++) db.get(`key${number}`)
    const after = db.stats().cache
    expect(after.hitCount - hitCount).toBeGreaterThanOrEqual(100)
    expect(after.missCount).toBe(missCount)
    expect(db.stats().stalls).toEqual({ count: 0, totalMs: 0, longestMs: 0 })
  })
})
