// Strategy: batches so large that the log borrows their buffers, from both APIs at every durability, with buffers that are reused; and a
// device that fails early writeback. Invariants: after the process is killed, each value is as it was put; a failure that no caller
// waited for is reported by the next operation that must be durable, and ends all writes.
import { LdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { Database } from '../src/database.js'
import type { Durability } from '../src/health/options.js'
import { openDatabase } from '../src/open/opening.js'
import { AsyncDatabase } from '../src/async-database.js'
import { FaultyVfs } from './faulty-vfs.js'
import { rejection, TUNING } from './async-setup.js'

const DURABILITIES: readonly Durability[] = ['none', 'periodic', 'none', 'full']
const VALUE_BYTES = 90_000
/** No automatic checkpoints. */
const NEVER = { ...TUNING, checkpointLogBytes: 2 ** 40 }

function valueOf(number: number): Uint8Array {
  return Uint8Array.from(
    { length: VALUE_BYTES + number },
    (_, index) => (number * 31 + index * 7 + (index >> 8)) & 0xff,
  )
}

function openOver(vfs: FaultyVfs, tuning = NEVER): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 65_536, blobBytes: 2 ** 30 }, tuning))
}

/** Kills the database, and checks the recovered values. */
function expectAfterwards(db: Database, vfs: FaultyVfs, count: number): void {
  // Commits at `none` are buffered in the process until a sync.
  db.sync()
  vfs.fault = (): LdbError => new LdbError('LDB_IO', 'the process is gone')
  expect(() => db.close()).toThrow()
  vfs.fault = (): undefined => undefined
  const again = openOver(vfs)
  const values = again.keyspace('values', { values: 'binary' })
  for (let number = 0; number < count; number++) {
    expect(Buffer.compare(values.get(`key${number}`)!, valueOf(number)), `key${number}`).toBe(0)
  }
  again.close()
}

test('the log contains large commits of the synchronous API unchanged', () => {
  const vfs = new FaultyVfs()
  const db = openOver(vfs)
  const values = db.keyspace('values', { values: 'binary' })
  for (let number = 0; number < 24; number++) {
    const durability = DURABILITIES[number % 4]!
    if (number % 3 === 0) values.put(`key${number}`, valueOf(number), { durability })
    else db.batch().in(values).put(`key${number}`, valueOf(number)).commit({ durability })
  }
  expectAfterwards(db, vfs, 24)
})

test('the log contains large commits of the asynchronous API unchanged', async () => {
  const vfs = new FaultyVfs()
  const db = openOver(vfs)
  const values = await db.makePromises(AsyncDatabase).keyspace('values', { values: 'binary' })
  // Each batch is reused by the next commit, before any flush.
  for (let number = 0; number < 6; number++) {
    await values.put(`key${number}`, valueOf(number), { durability: 'none' })
  }
  for (let round = 1; round < 6; round++) {
    const commits = []
    for (let number = round * 8 - 2; number < round * 8 + 6; number++) {
      commits.push(
        values.put(`key${number}`, valueOf(number), {
          durability: DURABILITIES[(number >> (round % 3)) % 4]!,
        }),
      )
    }
    await Promise.all(commits)
  }
  expectAfterwards(db, vfs, 46)
})

test.each(['log', 'store'])(
  'a failed early writeback is reported when the %s must be durable',
  async (component) => {
    const vfs = new FaultyVfs()
    const db = openOver(vfs, { ...NEVER, segmentBytes: 2 ** 30 })
    const values = db.keyspace('values', { values: 'binary' })
    // Begins the first background sync, which is not the one that fails.
    values.put('first', new Uint8Array(8), { durability: 'periodic' })
    await new Promise(setImmediate)
    let failedPath: string | undefined
    vfs.fault = (call, path): LdbError | undefined => {
      if (call !== 'syncAsync' || path.endsWith('.wal') !== (component === 'log')) return undefined
      failedPath = path
      // The error is reported once, as by some file systems.
      vfs.fault = (): undefined => undefined
      return new LdbError('LDB_IO', 'the device is gone')
    }
    const value = new Uint8Array(2 ** 20)
    for (let number = 0; number < 20; number++) {
      values.put(`key${number}`, value, { durability: 'periodic' })
    }
    await new Promise(setImmediate)
    expect(failedPath).toBeDefined()
    expect(() => db.checkpoint()).toThrow(rejection('LDB_IO') as Error)
    expect(() => values.put('after', value)).toThrow(rejection('LDB_POISONED') as Error)
    expect(() => db.close()).not.toThrow()
  },
)
