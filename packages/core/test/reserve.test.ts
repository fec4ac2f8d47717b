// Strategy: a device that is full until the file RESERVE becomes shorter, in every operation that may meet it; and one that reports its free space.
// Invariants: deletes, checkpoints and opens use the reserve, commits that write entries never do; a refused commit changes nothing.
import { LdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const RESERVE = 'data/RESERVE'
const TUNING = Symbol.for('ldb.tuning')

/** A device that is full as long as the reserve is as long as it was. */
class FullVfs extends FaultyVfs {
  /** Bytes that the device reports as free; `undefined` when it reports nothing. */
  reportedBytes: number | undefined = undefined

  get reserveBytes(): number {
    return this.status(RESERVE)?.length ?? 0
  }

  freeBytes(): number | undefined {
    return this.reportedBytes
  }

  fill(): void {
    const { reserveBytes } = this
    this.fault = (call, path) => {
      const isFull = this.reserveBytes >= reserveBytes
      return isFull && ['write', 'preallocate'].includes(call)
        ? deviceError('LDB_NO_SPACE', 'write', path)
        : undefined
    }
  }

  drain(): void {
    this.fault = () => undefined
  }
}

function open(vfs: FullVfs, options: DatabaseOptions = {}): Database {
  return Database.open('data', {
    vfs,
    ...options,
    [TUNING]: { reservingBytes: 4096, preallocateBytes: 0 },
  } as DatabaseOptions)
}

function filled(options?: DatabaseOptions): { vfs: FullVfs; db: Database } {
  const vfs = new FullVfs()
  const db = open(vfs, options)
  db.keyspace('users').put('u', '1')
  for (let index = 0; index < 100; index++) db.put(`key${index}`, 'v'.repeat(100))
  db.checkpoint()
  expect(vfs.reserveBytes).toBeGreaterThan(100_000)
  return { vfs, db }
}

function codeOf(step: () => unknown): string {
  try {
    step()
    return 'none'
  } catch (error) {
    return error instanceof LdbError ? error.code : String(error)
  }
}

describe('the reserve of a full device', () => {
  it.each([
    [
      'a delete',
      (db: Database) => {
        db.delete('key1')
      },
    ],
    [
      'a range delete',
      (db: Database) => {
        db.deleteRange({ gte: 'key1', lt: 'key2' })
      },
    ],
    [
      'clear',
      (db: Database) => {
        db.clear()
      },
    ],
    [
      'the drop of a keyspace',
      (db: Database) => {
        db.dropKeyspace('users')
      },
    ],
    [
      'a batch of deletes',
      (db: Database) => {
        db.batch().delete('key1').delete('key2').commit()
      },
    ],
    [
      'a transaction of deletes',
      (db: Database) => {
        db.transaction((tx) => {
          tx.delete('key1')
        })
      },
    ],
  ])('is used by %s, and made again', (_, action) => {
    const { vfs, db } = filled()
    const before = vfs.reserveBytes
    vfs.fill()
    action(db)
    expect(vfs.reserveBytes).toBeLessThan(before)
    db.checkpoint()
    vfs.drain()
    db.put('more', '1')
    db.checkpoint()
    expect(vfs.reserveBytes).toBeGreaterThanOrEqual(before)
    expect(db.verify().findings).toEqual([])
    db.close()
  })

  it.each([
    [
      'a put',
      (db: Database) => {
        db.put('more', '1')
      },
    ],
    [
      'a batch with a put',
      (db: Database) => {
        db.batch().delete('key1').put('more', '1').commit()
      },
    ],
    [
      'the creation of a keyspace',
      (db: Database) => {
        db.keyspace('more')
      },
    ],
    [
      'the first entry that expires',
      (db: Database) => {
        db.put('more', '1', { ttlMs: 1000 })
      },
    ],
  ])('is never used by %s', (_, action) => {
    const { vfs, db } = filled()
    const before = vfs.reserveBytes
    vfs.fill()
    expect(
      codeOf(() => {
        action(db)
      }),
    ).toBe('LDB_NO_SPACE')
    expect(vfs.reserveBytes).toBe(before)
    db.close()
    vfs.drain()
    const after = open(vfs)
    expect(after.get('more')).toBe(undefined)
    expect(after.count()).toBe(100)
    after.close()
  })

  it('is used by an open after a put that failed, and by the deletes that follow', () => {
    const { vfs, db } = filled()
    vfs.fill()
    expect(
      codeOf(() => {
        db.put('more', '1')
      }),
    ).toBe('LDB_NO_SPACE')
    expect(db.stats().poisoned).toBe(true)
    db.close()
    const after = open(vfs)
    after.deleteRange({ gte: 'key1' })
    after.checkpoint()
    expect(after.keys().toArray()).toEqual(['key0'])
    after.close()
  })

  it('is used by deletes of the asynchronous API', async () => {
    const { vfs, db } = filled()
    const before = vfs.reserveBytes
    vfs.fill()
    await Promise.all([db.promises.delete('key1'), db.promises.delete('key2')])
    expect(vfs.reserveBytes).toBeLessThan(before)
    expect(db.count()).toBe(98)
    db.close()
  })

  it('is not used for a limit of the file size', () => {
    const { vfs, db } = filled()
    const before = vfs.reserveBytes
    vfs.fault = (call, path) =>
      call === 'write'
        ? new LdbError('LDB_NO_SPACE', path, { details: { file: path, errno: 'EFBIG' } })
        : undefined
    expect(
      codeOf(() => {
        db.delete('key1')
      }),
    ).toBe('LDB_NO_SPACE')
    expect(vfs.reserveBytes).toBe(before)
    vfs.drain()
    db.close()
  })

  it('is synced once at a time, however often it is extended before the caller yields', async () => {
    const { vfs, db } = filled()
    await new Promise((resolve) => setImmediate(resolve))
    const before = vfs.reserveBytes
    let syncCount = 0
    const countSyncs = (call: string, path: string): undefined => {
      if (call === 'syncAsync' && path === RESERVE) syncCount++
      return undefined
    }
    for (let round = 0; round < 10; round++) {
      vfs.fill()
      db.delete(`key${round}`)
      expect(vfs.reserveBytes).toBeLessThan(before)
      vfs.fault = countSyncs
      db.checkpoint()
      expect(vfs.reserveBytes).toBeGreaterThanOrEqual(before)
    }
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(syncCount).toBe(2)
    db.close()
  })

  it('is removed with the database, and a small database has none', () => {
    const { vfs, db } = filled()
    db.close()
    Database.destroy('data', { vfs })
    expect(vfs.status('data')).toBeUndefined()
    const small = Database.open('data', { vfs })
    small.put('a', '1')
    small.close()
    expect(vfs.status(RESERVE)).toBeUndefined()
  })
})

describe('a device that reports its free space', () => {
  it('refuses a commit without space before it is written, and accepts deletes and later commits', async () => {
    const { vfs, db } = filled()
    vfs.reportedBytes = 10_000
    vfs.fill()
    expect(
      codeOf(() => {
        db.put('more', '1')
      }),
    ).toBe('LDB_NO_SPACE')
    await expect(db.promises.put('more', '1')).rejects.toMatchObject({ code: 'LDB_NO_SPACE' })
    expect(db.stats().poisoned).toBe(false)
    db.delete('key1')
    expect(db.count()).toBe(99)
    vfs.drain()
    vfs.reportedBytes = 1_000_000_000
    db.put('more', '1')
    await db.promises.put('more', '2')
    expect(db.get('more')).toBe('2')
    db.close()
  })

  it('is not believed when it has more than it reports', () => {
    const { vfs, db } = filled()
    vfs.reportedBytes = 0
    db.put('more', '1')
    expect(db.get('more')).toBe('1')
    db.close()
  })

  it('refuses a large value that fits into the log and not into the files of the keyspace', () => {
    const { vfs, db } = filled({ cacheBytes: 1_048_576 })
    vfs.reportedBytes = 8_000_000
    expect(
      codeOf(() => {
        db.put('large', 'v'.repeat(5_000_000))
      }),
    ).toBe('LDB_NO_SPACE')
    db.put('small', 'v'.repeat(500_000))
    expect(db.stats().poisoned).toBe(false)
    db.close()
  })

  it('makes a checkpoint before the log takes the space of the pages', () => {
    const { vfs, db } = filled()
    const before = db.stats().checkpoints.count
    vfs.reportedBytes = 1_000_000
    for (let index = 0; index < 800; index++) db.put(`more${index}`, 'v'.repeat(1000))
    expect(db.stats().checkpoints.count).toBeGreaterThan(before)
    db.close()
  })
})
