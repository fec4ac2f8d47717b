// Strategy: batches so large that the log writes them from where they lie, of both faces and every durability, in turn, over batches that
// share their buffers; and a device that refuses what was sent to it ahead. Invariants: after the process is gone each value is
// what was put; a failure that nobody waited for ends all writes at the next thing that must be durable.
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
/** Nothing is brought into a file of entries unasked. */
const NEVER = { ...TUNING, checkpointLogBytes: 2 ** 40 }

function valueOf(number: number): Uint8Array {
  return Uint8Array.from(
    { length: VALUE_BYTES + number },
    (_, index) => (number * 31 + index * 7 + (index >> 8)) & 0xff,
  )
}

function openOver(vfs: FaultyVfs, tuning = NEVER): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 65_536 }, tuning))
}

/** The state that the end of the process leaves, read again. */
function expectAfterwards(db: Database, vfs: FaultyVfs, count: number): void {
  // What nobody has asked to be written is in the process only.
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

test('large commits of the sync face are in the log as they were', () => {
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

test('large commits of the async face are in the log as they were', async () => {
  const vfs = new FaultyVfs()
  const db = openOver(vfs)
  const values = await db.makePromises(AsyncDatabase).keyspace('values', { values: 'binary' })
  // The batch of each is there for the next one, and nobody has flushed it.
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
  'a failure of what was sent ahead is told when the %s must be durable',
  async (place) => {
    const vfs = new FaultyVfs()
    const db = openOver(vfs, { ...NEVER, segmentBytes: 2 ** 30 })
    const values = db.keyspace('values', { values: 'binary' })
    let failedPath: string | undefined
    vfs.fault = (call, path): LdbError | undefined => {
      if (call !== 'syncAsync' || path.endsWith('.wal') !== (place === 'log')) return undefined
      failedPath = path
      // Told once, as of some file systems.
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
