// Strategy: a consumer of changes falls behind, over restarts, with large values and without.
// Invariants: the statistics have the commits that it has not acknowledged and the bytes that are held back for it; the limit counts all of them.
import { MemoryVfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'
import type { DatabaseOptions } from '../src/index.js'

const TUNING = { [Symbol.for('ldb.tuning')]: { segmentBytes: 4096, preallocateBytes: 0, closeLogBytes: 0 } }

let vfs: MemoryVfs
let db: Database
let options: DatabaseOptions

function open(more: DatabaseOptions = {}): Database {
  options = { vfs, durability: 'full', ...TUNING, ...more } as DatabaseOptions
  db = Database.open('data', options)
  return db
}

function reopen(more: DatabaseOptions = options): Database {
  db.close()
  return open(more)
}

beforeEach(() => {
  vfs = new MemoryVfs()
  open()
})
afterEach(() => {
  db.close()
})

/** Writes commits of one entry each, and makes a checkpoint, which removes the log that no reader needs. */
function write(count: number, name = 'k'): void {
  for (let index = 0; index < count; index++) db.put(`${name}${index}`, 'v'.repeat(100))
  db.checkpoint()
}

it('a first consumer starts at a snapshot of a database in memory', async () => {
  using memory = Database.memory()
  memory.put('a', '1')
  using snapshot = memory.snapshot()
  const stream = memory.changes({ consumer: 'index', since: snapshot.seq })
  memory.put('b', '2')
  expect((await stream.next()).value?.changes).toMatchObject([{ kind: 'put', key: 'b' }])
  await stream.return()
})

describe('the lag of a consumer', () => {
  it('is in the statistics, open or not, and over restarts', async () => {
    expect(db.stats().consumers).toEqual([])
    const stream = db.changes({ consumer: 'index' })
    const [first] = await Promise.all([stream.next(), Promise.resolve(db.put('first', ''))])
    const lag = (): unknown => db.stats().consumers[0]
    // It has been given the commit, and has not acknowledged it.
    expect(lag()).toMatchObject({ name: 'index', isOpen: true, lagCommits: 1 })
    await stream.acknowledge()
    // Its own commit.
    expect(lag()).toMatchObject({ isOpen: true, lagCommits: 1 })
    await stream.return()
    write(100)
    const recorded = first.value?.seq ?? 0
    const { lagCommits, heldBytes, isOpen } = db.stats().consumers[0] ?? {}
    expect([lagCommits, isOpen]).toEqual([db.seq - recorded, false])
    expect(heldBytes).toBeGreaterThan(100 * 100)
    reopen()
    expect(lag()).toMatchObject({ name: 'index', isOpen: false, lagCommits })
    expect((lag() as { heldBytes: number }).heldBytes).toBeGreaterThan(100 * 100)
    db.dropConsumer('index')
    expect(db.stats().consumers).toEqual([])
  })

  it('contains large values, of commits of an earlier process, too', async () => {
    db.close()
    vfs = new MemoryVfs()
    open({ blobBytes: 4096, compression: 'none' })
    const stream = db.changes({ consumer: 'index' })
    const next = stream.next()
    db.put('first', '')
    await next
    await stream.acknowledge()
    await stream.return()
    for (let index = 0; index < 10; index += 1) db.put('large', `${index}`.repeat(50_000))
    const held = (): number => db.stats().consumers[0]?.heldBytes ?? 0
    expect(held()).toBeGreaterThan(500_000)
    reopen()
    expect(held()).toBeGreaterThan(500_000)
    // So it is released beyond the limit.
    reopen({ ...options, consumerBacklogBytes: 400_000 })
    write(1)
    expect(db.consumers()).toMatchObject([{ isLost: true }])
  })
})
