// Strategy: automatic checkpoints of the synchronous API in a program that never yields, over in-memory files that count calls, with and
// without another thread for syncs, which the test plays.
// Invariants: no commit writes more than a part of a checkpoint, or waits for the device while another thread syncs; checkpoints end,
// lose nothing, and follow one another; a failure poisons, and the commit that met it has succeeded (C7).
import { LdbError } from '@ldb/base'
import type { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { TUNING } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'
import { WatchedVfs } from './watched-vfs.js'

const LOG_BYTES = 20_000

function open(vfs: MemoryVfs): Database {
  const tuning = { ...TUNING, checkpointLogBytes: LOG_BYTES }
  return new Database(openDatabase('data', { vfs, cacheBytes: 262_144, durability: 'periodic' }, tuning))
}

function put(db: Database, index: number): void {
  db.put(`key${(index * 7) % 500}`, `${index}`.padEnd(40, 'x'))
}

/** The syncs of page files that another thread has been asked for and has not done. */
function wantedSyncs(vfs: WatchedVfs): { sync: () => void }[] {
  return vfs.deadlineSyncs.filter(({ path, state }) => path.endsWith('tree.ldb') && state === 'due')
}

describe('automatic checkpoints of a program that never yields', () => {
  it('are spread over many commits, follow one another, and lose nothing', () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    let checkpoints = 0
    let stalls = 0
    db.on('checkpoint', () => checkpoints++)
    db.on('stall', () => stalls++)
    let writes = 0
    vfs.fault = (call, path) => {
      if (call === 'write' && !path.includes('wal')) writes++
      return undefined
    }
    let mostWrites = 0
    for (let index = 0; index < 4000; index++) {
      writes = 0
      put(db, index)
      mostWrites = Math.max(mostWrites, writes)
    }
    expect(checkpoints).toBeGreaterThan(3)
    expect(stalls).toBe(0)
    // A checkpoint writes about a hundred pages.
    expect(mostWrites).toBeGreaterThan(0)
    expect(mostWrites).toBeLessThan(20)
    const entries = [...db.entries()]
    expect(db.verify().findings).toEqual([])
    db.close()
    const again = open(vfs)
    expect([...again.entries()]).toEqual(entries)
    again.close()
  })

  it('do not wait for the device while another thread syncs', () => {
    const vfs = new WatchedVfs()
    const db = open(vfs)
    let checkpoints = 0
    db.on('checkpoint', () => checkpoints++)
    let index = 0
    while (wantedSyncs(vfs).length === 0) put(db, index++)
    const blocked: string[] = []
    vfs.fault = (call, path) => {
      if (call === 'sync') blocked.push(path)
      return undefined
    }
    for (let count = 0; count < 50; count++) put(db, index++)
    expect([checkpoints, blocked]).toEqual([0, []])
    for (let count = 0; count < 200 && checkpoints === 0; count++) {
      for (const wanted of vfs.deadlineSyncs) if (wanted.state === 'due') wanted.sync()
      put(db, index++)
    }
    expect(checkpoints).toBe(1)
    vfs.fault = () => undefined
    db.close()
    const again = open(vfs)
    expect(again.count()).toBe(Math.min(index, 500))
    expect(again.verify().findings).toEqual([])
    again.close()
  })

  it('are completed by the commit that makes the log four times as long as it should be', () => {
    const vfs = new WatchedVfs()
    const db = open(vfs)
    const reasons: string[] = []
    db.on('stall', ({ reason }) => reasons.push(reason))
    let index = 0
    while (reasons.length === 0 && index < 10_000) put(db, index++)
    expect(reasons).toEqual(['checkpoint'])
    expect(db.stats().checkpoints.count).toBe(1)
    // About 100 bytes of log for each commit.
    expect(index * 100).toBeGreaterThan(2 * LOG_BYTES)
    db.close()
  })

  it('poison the database when the sync of the other thread fails, and the commit has succeeded', () => {
    const vfs = new WatchedVfs()
    const db = open(vfs)
    const errors: unknown[] = []
    db.on('error', (error) => errors.push(error))
    let index = 0
    while (wantedSyncs(vfs).length === 0) put(db, index++)
    for (const wanted of vfs.deadlineSyncs) {
      if (wanted.path.endsWith('tree.ldb')) wanted.failure = new LdbError('LDB_IO', 'the device is gone')
    }
    db.put('last', '1')
    expect(db.get('last')).toBe('1')
    expect(errors).toHaveLength(1)
    expect(() => put(db, index)).toThrow(expect.objectContaining({ code: 'LDB_POISONED' }))
    try {
      db.close()
    } catch {
      // It reports the failure again.
    }
    const again = open(vfs)
    expect(again.get('last')).toBe('1')
    again.close()
  })

  it('are completed by close', () => {
    const vfs = new WatchedVfs()
    const db = open(vfs)
    let index = 0
    while (wantedSyncs(vfs).length === 0) put(db, index++)
    db.close()
    const again = open(vfs)
    expect(again.count()).toBe(Math.min(index, 500))
    expect(again.verify().findings).toEqual([])
    again.close()
  })
})
