import { LdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { BusyVfs, WatchedVfs } from './watched-vfs.js'

const DURABILITIES = ['periodic', 'none'] as const

function open(options: DatabaseOptions): Database {
  return Database.open('data', { cacheBytes: 65_536, ...options })
}

function errorsOf(db: Database): unknown[] {
  const errors: unknown[] = []
  db.on('error', ({ error }) => errors.push(error))
  return errors
}

describe('a program that does not yield, without another thread (C12)', () => {
  it.each(DURABILITIES)('begins a sync in each interval at %s', (durability) => {
    const vfs = new BusyVfs()
    const db = open({ vfs, durability, syncIntervalMs: 50 })
    for (; vfs.nowMs < 1000; vfs.nowMs++) db.put(`key${vfs.nowMs}`, 'value')
    expect(vfs.syncCount).toBe(20)
    db.close()
  })

  it('begins the sync of the first commit after idle time at once', () => {
    const vfs = new BusyVfs()
    const db = open({ vfs, durability: 'periodic', syncIntervalMs: 50 })
    db.put('a', '1')
    expect(vfs.syncCount).toBe(1)
    db.put('b', '1')
    expect(vfs.syncCount).toBe(1)
    vfs.nowMs += 3000
    db.put('c', '1')
    expect(vfs.syncCount).toBe(2)
    db.close()
  })

  it('writes the first commit after idle time at once at none, and the others at the first commit after the interval', () => {
    const vfs = new BusyVfs()
    const db = open({ vfs, durability: 'none', syncIntervalMs: 50 })
    db.put('a', '1')
    expect(db.stats().log.bufferedBytes).toBe(0)
    db.put('b', '1')
    vfs.nowMs += 49
    db.put('c', '1')
    expect(db.stats().log.bufferedBytes).toBeGreaterThan(0)
    vfs.nowMs += 1
    db.put('d', '1')
    expect(db.stats().log.bufferedBytes).toBe(0)
    db.close()
  })

  it('begins no sync at full, and none for a memory database', () => {
    const vfs = new BusyVfs()
    const db = open({ vfs, syncIntervalMs: 50 })
    db.put('a', '1')
    vfs.nowMs += 1000
    db.put('a', '2')
    expect(vfs.syncCount).toBe(0)
    expect(vfs.scheduler.exitTasks.size).toBe(0)
    db.close()
    using memory = Database.memory({ durability: 'none' })
    memory.put('a', '1')
    expect(memory.stats().log.syncCount).toBe(0)
  })
})

describe('commits at none through the async API', () => {
  it('are written when the interval is over, although nothing else runs between acknowledgement and timer', async () => {
    const vfs = new MemoryVfs()
    const db = open({ vfs, durability: 'none' })
    for (const key of ['a', 'b']) {
      await db.promises.put(key, '1')
      vfs.time.advance(1000)
    }
    await Promise.resolve()
    expect(db.stats().log.bufferedBytes).toBe(0)
    db.close()
  })
})

describe('a sync of another thread (C12)', () => {
  it('is requested once in a period, and covers what is written until it begins', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    db.put('b', '1')
    expect(vfs.current).toMatchObject({ state: 'waiting', requestCount: 1 })
    vfs.current.sync()
    expect(db.stats().log).toMatchObject({ unsyncedBytes: 0 })
    db.put('c', '1')
    expect(vfs.current).toMatchObject({ state: 'waiting', requestCount: 2 })
    expect(db.stats().log.unsyncedBytes).toBeGreaterThan(0)
    db.close()
  })

  it('counts in the statistics', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    const { syncCount } = db.stats().log
    vfs.current.sync()
    expect(db.stats().log.syncCount).toBe(syncCount + 1)
    db.close()
  })

  it('begins after the flush of the next commit, once its notice time has come', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'none' })
    db.put('a', '1')
    db.put('b', '1')
    expect(db.stats().log.bufferedBytes).toBeGreaterThan(0)
    vfs.current.state = 'noticed'
    db.put('c', '1')
    expect(vfs.current.state).toBe('due')
    expect(db.stats().log.bufferedBytes).toBe(0)
    // The sync has not begun: what is written now is covered, and what is buffered waits for the next period.
    db.put('d', '1')
    expect(db.stats().log.bufferedBytes).toBeGreaterThan(0)
    db.close()
  })

  it('begins after the flush of the timer in a program that yields', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'none', syncIntervalMs: 100 })
    db.put('a', '1')
    db.put('b', '1')
    vfs.time.advance(100)
    expect(db.stats().log.bufferedBytes).toBe(0)
    expect(vfs.current.state).toBe('due')
    vfs.current.sync()
    // The timer ends when it finds that everything is synced.
    vfs.time.advance(100)
    expect(vfs.time.pendingCount).toBe(0)
    expect(vfs.current.requestCount).toBe(2)
    db.close()
  })

  it('is cancelled by a sync of this thread', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    db.sync()
    expect(vfs.current.state).toBe('idle')
    db.put('b', '1')
    db.put('c', '1', { durability: 'full' })
    expect(vfs.current.state).toBe('idle')
    db.close()
  })

  it('is requested anew for a new segment, and ends with the old one', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    const first = vfs.current
    db.checkpoint()
    expect(first.state).toBe('closed')
    db.put('b', '1')
    expect(vfs.current).not.toBe(first)
    expect(vfs.current.state).toBe('waiting')
    db.close()
    expect(vfs.current.state).toBe('closed')
  })

  it('is requested anew for a new segment before the thread has started', () => {
    const vfs = new WatchedVfs()
    vfs.isServing = false
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    db.checkpoint()
    db.put('b', '1')
    // The second one was for the seal of the old segment.
    expect(vfs.deadlineSyncs.map(({ state }) => state)).toEqual(['closed', 'closed', 'waiting'])
    db.close()
  })

  it('is done by this thread while no other one serves the request', async () => {
    const vfs = new WatchedVfs()
    vfs.isServing = false
    const db = open({ vfs, durability: 'periodic', syncIntervalMs: 100 })
    db.put('a', '1')
    await new Promise(setImmediate)
    expect(db.stats().log.unsyncedBytes).toBe(0)
    db.put('b', '1')
    vfs.time.advance(100)
    expect(db.stats().log.unsyncedBytes).toBe(0)
    db.close()
  })

  it.each(['the next commit', 'the timer', 'sync'] as const)('poisons at %s when it fails (C7)', (when) => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    const errors = errorsOf(db)
    db.put('a', '1')
    const { current } = vfs
    current.state = 'idle'
    current.failure = new LdbError('LDB_IO', 'the device is gone')
    if (when === 'the next commit') db.put('b', '1')
    else if (when === 'the timer') vfs.time.advance(100)
    else expect(() => db.sync()).toThrowError(expect.objectContaining({ code: 'LDB_COMMIT_UNKNOWN' }))
    expect(errors).toMatchObject([{ code: 'LDB_COMMIT_UNKNOWN', cause: { code: 'LDB_IO' } }])
    expect(() => db.put('c', '1')).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    expect(db.stats().log.unsyncedBytes).toBeGreaterThan(0)
    db.close()
    // Every acknowledged commit is in the log.
    const again = open({ vfs: vfs })
    expect(again.get('a')).toBe('1')
    expect(again.get('b')).toBe(when === 'the next commit' ? '1' : undefined)
    again.close()
  })

  it('fails a close that finds its failure', () => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'periodic' })
    db.put('a', '1')
    vfs.current.failure = new LdbError('LDB_IO', 'the device is gone')
    expect(() => {
      db.close()
    }).toThrowError(LdbError)
    expect(open({ vfs }).get('a')).toBe('1')
  })
})

describe('commits at none whose flush fails', () => {
  it.each(['sync', 'async'] as const)('are refused through the %s API, and poison', async (api) => {
    const vfs = new WatchedVfs()
    const db = open({ vfs, durability: 'none' })
    const errors = errorsOf(db)
    db.put('a', '1')
    vfs.current.state = 'idle'
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('.wal')
        ? new LdbError('LDB_NO_SPACE', 'the device is full')
        : undefined
    const put = async (): Promise<void> => {
      if (api === 'sync') db.put('b', '1')
      else await db.promises.put('b', '1')
    }
    await expect(put()).rejects.toMatchObject({ code: 'LDB_NO_SPACE' })
    expect(db.get('b')).toBe(undefined)
    expect(errors).toHaveLength(1)
    await expect(put()).rejects.toMatchObject({ code: 'LDB_POISONED' })
    vfs.fault = () => undefined
    db.close()
  })
})

describe('the end of the process (C13)', () => {
  it.each(DURABILITIES)('writes and syncs what was acknowledged at %s', (durability) => {
    const vfs = new BusyVfs()
    const db = open({ vfs, durability })
    for (const key of ['a', 'b', 'c']) db.put(key, '1')
    vfs.scheduler.exit()
    expect(db.stats().log).toMatchObject({ bufferedBytes: 0, unsyncedBytes: 0 })
    // An exit listener of the program that runs later.
    db.put('d', '1')
    expect(db.stats().log).toMatchObject({ bufferedBytes: 0, unsyncedBytes: 0 })
    db.close()
  })

  it('forgets a closed database', () => {
    const vfs = new BusyVfs()
    const db = open({ vfs, durability: 'none' })
    db.put('a', '1')
    expect(vfs.scheduler.exitTasks.size).toBe(1)
    db.close()
    expect(vfs.scheduler.exitTasks.size).toBe(0)
  })

  it('reports no failure', () => {
    const vfs = new WatchedVfs()
    const tasks: (() => void)[] = []
    Object.assign(vfs.scheduler, {
      atExit: (owner: object, task: (owner: object) => void) => {
        tasks.push(() => {
          task(owner)
        })
        return { cancel: () => undefined }
      },
    })
    const db = open({ vfs, durability: 'none' })
    db.put('a', '1')
    vfs.fault = (call) => (call === 'sync' ? new LdbError('LDB_IO', 'the device is gone') : undefined)
    for (const task of tasks) expect(task).not.toThrow()
    expect(tasks).toHaveLength(1)
  })
})
