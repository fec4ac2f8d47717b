// Strategy: named consumers of changes over commits, checkpoints, closes and opens, with small limits, beside batches and transactions of
// both APIs.
// Invariants: a consumer continues after what it has acknowledged, and misses nothing; what is acknowledged with a commit is acknowledged if
// and only if the commit is made; the log is kept for it within the limits, and beyond them it gets an error.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeStream } from '../src/index.js'
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

/** Returns the keys that the next `count` commits put. */
async function keysOf(stream: ChangeStream<unknown, unknown>, count: number): Promise<unknown[]> {
  const keys: unknown[] = []
  while (keys.length < count) {
    const { value } = await stream.next()
    if (value === undefined) break
    for (const change of value.changes) if ('key' in change) keys.push(change.key)
  }
  return keys
}

const nameOf = (index: number): string => `k${index}`
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => nameOf(from + index))

async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

describe('a named consumer', () => {
  it('continues after a checkpoint, a clean close and an open', async () => {
    const stream = db.changes({ consumer: 'index' })
    await Promise.all([stream.next(), Promise.resolve(db.put('first', ''))])
    await stream.acknowledge()
    await stream.return()
    write(200)
    reopen()
    write(10, 'later')
    reopen()
    // The commits are there for any other stream, too.
    await db.changes({ since: 1 }).return()
    const again = db.changes({ consumer: 'index' })
    expect(await keysOf(again, 200)).toEqual(names(0, 200))
    expect(await keysOf(again, 10)).toEqual(Array.from({ length: 10 }, (_, index) => `later${index}`))
    await again.return()
    db.dropConsumer('index')
    write(1)
    reopen()
    expect(await codeOf(() => db.changes({ since: 1 }))).toBe('LDB_NOT_FOUND')
    expect(db.consumers()).toEqual([])
  })

  it('is given again what it has not acknowledged', async () => {
    const stream = db.changes({ consumer: 'index', since: 0 })
    write(10)
    expect(await keysOf(stream, 5)).toEqual(names(0, 5))
    await stream.return()
    // The fifth one was returned, and the sixth one was never asked for.
    const again = db.changes({ consumer: 'index' })
    expect(await keysOf(again, 6)).toEqual(names(4, 10))
    await again.acknowledge()
    await again.return()
    const last = db.changes({ consumer: 'index' })
    db.put('new', '1')
    expect(await keysOf(last, 1)).toEqual(['new'])
  })

  it('acknowledges nothing by itself on request', async () => {
    const stream = db.changes({ consumer: 'index', since: 0, acknowledge: 'explicit' })
    write(10)
    const { value } = await stream.next()
    expect(await keysOf(stream, 9)).toEqual(names(1, 10))
    await stream.acknowledge(value?.seq)
    await stream.return()
    reopen()
    const again = db.changes({ consumer: 'index', acknowledge: 'explicit' })
    expect(await keysOf(again, 9)).toEqual(names(1, 10))
  })

  it('does not see its own records, which do not follow each other for ever', async () => {
    const stream = db.changes({ consumer: 'index', since: 0 })
    const other = db.changes({ consumer: 'other', since: 0 })
    write(100)
    expect(await keysOf(stream, 100)).toHaveLength(100)
    expect(await keysOf(other, 100)).toHaveLength(100)
    let isReturned = false
    const pending = [stream.next(), other.next()].map(async (next) => {
      await next
      isReturned = true
    })
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    const { seq } = db
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(db.seq).toBe(seq)
    expect(isReturned).toBe(false)
    expect(seq).toBeLessThan(115)
    db.put('a', '1')
    await Promise.all(pending)
  })

  it('that selects nothing does not hold the log back', async () => {
    const stream = db.changes({ consumer: 'index', since: 0, prefix: 'none' })
    const pending = stream.next()
    for (let round = 0; round < 3; round++) {
      write(200)
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    db.checkpoint()
    expect(db.consumers()[0]?.heldBytes).toBeLessThan(30_000)
    expect(db.stats().log.fileBytes).toBeLessThan(60_000)
    await stream.return()
    await pending
  })

  it('has one stream at a time', async () => {
    const stream = db.changes({ consumer: 'index' })
    expect(await codeOf(() => db.changes({ consumer: 'index' }))).toBe('LDB_LOCKED')
    expect(await codeOf(() => db.dropConsumer('index'))).toBe('LDB_LOCKED')
    await stream.return()
    await db.changes({ consumer: 'index' }).return()
    expect(db.consumers()).toMatchObject([{ name: 'index', isOpen: false, isLost: false }])
    db.dropConsumer('index')
    expect(await codeOf(() => db.dropConsumer('index'))).toBe('LDB_NOT_FOUND')
  })
})

describe('an acknowledgement with the own writes of a consumer', () => {
  const writers = {
    'a batch': async (stream: ChangeStream<unknown, unknown>, isCommitted: boolean) => {
      const batch = db.batch().put('effect', '1')
      stream.acknowledgeIn(batch)
      if (isCommitted) batch.commit()
    },
    'an asynchronous batch': async (stream: ChangeStream<unknown, unknown>, isCommitted: boolean) => {
      const batch = db.promises.batch().put('effect', '1')
      stream.acknowledgeIn(batch)
      if (isCommitted) await batch.commit()
    },
    'a transaction': async (stream: ChangeStream<unknown, unknown>, isCommitted: boolean) => {
      const tx = db.begin()
      tx.put('effect', '1')
      stream.acknowledgeIn(tx)
      if (isCommitted) tx.commit()
      else tx.rollback()
    },
    'an asynchronous transaction': async (stream: ChangeStream<unknown, unknown>, isCommitted: boolean) => {
      await db.promises
        .transaction(async (tx) => {
          await tx.put('effect', '1')
          await stream.acknowledgeIn(tx)
          if (!isCommitted) throw new Error('no')
        })
        .catch(() => undefined)
    },
  }

  it.each(Object.entries(writers))('%s is made with it or not at all', async (_name, writeWith) => {
    for (const isCommitted of [false, true]) {
      db.delete('effect')
      db.put('cause', '1')
      const stream = db.changes({ consumer: 'index', since: db.seq - 1, acknowledge: 'explicit' })
      expect(await keysOf(stream, 1)).toEqual(['cause'])
      await writeWith(stream, isCommitted)
      await stream.return()
      reopen()
      expect(db.has('effect')).toBe(isCommitted)
      db.put('sentinel', '1')
      const again = db.changes({ consumer: 'index', acknowledge: 'explicit' })
      expect((await keysOf(again, 1))[0]).toBe(isCommitted ? 'effect' : 'cause')
      await again.return()
    }
  })
})

describe('a consumer that is too far behind', () => {
  const limits: [name: string, limit: DatabaseOptions][] = [
    ['bytes', { consumerBacklogBytes: 20_000 }],
    ['time', { consumerIdleMs: 0 }],
  ]

  it.each(limits)('by %s gets an error, and starts over from a snapshot without a gap', async (_, limit) => {
    reopen({ ...limit })
    await db.changes({ consumer: 'index', since: 0 }).return()
    vfs.time.advance(5)
    write(500)
    reopen({ ...limit })
    expect(db.consumers()).toMatchObject([{ name: 'index', heldBytes: 0, isLost: true }])
    expect(await codeOf(() => db.changes({ consumer: 'index' }))).toBe('LDB_NOT_FOUND')
    const seen = new Set<unknown>()
    const snapshot = db.snapshot()
    const stream = db.changes({ consumer: 'index', since: snapshot.seq })
    write(300, 'during')
    for (const key of snapshot.keys()) seen.add(key)
    snapshot.release()
    for (const key of await keysOf(stream, 300)) seen.add(key)
    expect(seen).toEqual(new Set(db.keys().toArray()))
    expect(db.consumers()).toMatchObject([{ isLost: false, isOpen: true }])
  })
})

describe('a copy of the database', () => {
  /** Acknowledges some commits of many. */
  async function consumeSome(): Promise<void> {
    const stream = db.changes({ consumer: 'index', since: 0 })
    write(20)
    await keysOf(stream, 5)
    await stream.acknowledge()
    await stream.return()
    write(20)
  }

  it('that is restored has its consumers, which start over, at once with a clear error', async () => {
    await consumeSome()
    db.backup('backups')
    db.close()
    Database.restore('backups', 'restored', { vfs })
    db = Database.open('restored', { vfs })
    expect(db.consumers()).toMatchObject([{ name: 'index', seq: 7, isLost: true, heldBytes: 0 }])
    expect(await codeOf(() => db.changes({ consumer: 'index' }))).toBe('LDB_NOT_FOUND')
    expect(await codeOf(() => db.changes({ since: db.seq - 1 }))).toBe('LDB_NOT_FOUND')
    const stream = db.changes({ consumer: 'index', since: db.seq })
    db.put('new', '1')
    expect(await keysOf(stream, 1)).toEqual(['new'])
  })

  it('that is repaired has none: it counts commits anew', async () => {
    await consumeSome()
    db.close()
    const report = Database.repair('data', { target: 'repaired', vfs })
    expect(report.keyspaces.map(({ name }) => name)).toEqual(['default'])
    db = Database.open('repaired', { vfs })
    expect(db.consumers()).toEqual([])
    expect(db.count()).toBe(20)
    // A position of before would skip the first commits.
    const stream = db.changes({ consumer: 'index' })
    db.put('new', '1')
    expect(await keysOf(stream, 1)).toEqual(['new'])
  })
})

describe('the keyspace of the positions', () => {
  it('is not listed, and cannot be opened or dropped', async () => {
    await db.changes({ consumer: 'index' }).return()
    expect(db.keyspaces().map(({ name }) => name)).toEqual(['default'])
    expect(await codeOf(() => db.keyspace('ldb:consumers'))).toBe('LDB_INVALID_ARGUMENT')
    expect(await codeOf(() => db.dropKeyspace('ldb:consumers'))).toBe('LDB_INVALID_ARGUMENT')
    expect(db.verify().ok).toBe(true)
  })
})

describe('wrong calls', () => {
  it.each<[string, () => unknown, string]>([
    ['an empty name', () => db.changes({ consumer: '' }), 'LDB_INVALID_ARGUMENT'],
    ['a long name', () => db.changes({ consumer: 'é'.repeat(129) }), 'LDB_INVALID_ARGUMENT'],
    ['a name that is no string', () => db.changes({ consumer: 1 as never }), 'LDB_INVALID_ARGUMENT'],
    ['acknowledge without consumer', () => db.changes({ acknowledge: 'next' }), 'LDB_INVALID_ARGUMENT'],
    ['acknowledge', () => db.changes({ consumer: 'a', acknowledge: 'x' as never }), 'LDB_INVALID_ARGUMENT'],
    ['a future commit', () => db.changes({ consumer: 'a', since: 5 }), 'LDB_INVALID_ARGUMENT'],
    ['no consumer', () => db.changes().acknowledge(), 'LDB_INVALID_ARGUMENT'],
    ['a commit not returned', () => db.changes({ consumer: 'b' }).acknowledge(9), 'LDB_INVALID_ARGUMENT'],
    ['no batch', () => db.changes({ consumer: 'c' }).acknowledgeIn({} as never), 'LDB_INVALID_ARGUMENT'],
    ['keys that are a string', () => db.changes({ keys: 'abc' }), 'LDB_INVALID_ARGUMENT'],
    ['a read-only database', () => reopen({ readOnly: true }).changes({ consumer: 'a' }), 'LDB_READ_ONLY'],
    [
      'a stream that has ended',
      async () => {
        const stream = db.changes({ consumer: 'a' })
        await stream.return()
        await stream.acknowledge()
      },
      'LDB_CLOSED',
    ],
  ])('%s', async (_name, call, code) => {
    expect(await codeOf(call)).toBe(code)
  })

  it('a name of 256 bytes is none', async () => {
    await db.changes({ consumer: 'é'.repeat(128) }).return()
    expect(db.consumers()).toHaveLength(1)
  })
})

it('keys selects changes of these keys, and ranges that contain one', async () => {
  const stream = db.changes({ since: 0, keys: ['b', 'd', 'x'] })
  for (const key of ['a', 'b', 'c', 'd', 'e']) db.put(key, '1')
  db.deleteRange({ gte: 'e', lt: 'f' })
  db.deleteRange({ gte: 'c', lt: 'e' })
  expect(await keysOf(stream, 2)).toEqual(['b', 'd'])
  const { value } = await stream.next()
  expect(value?.changes).toMatchObject([{ kind: 'deleteRange', gte: 'c', lt: 'e' }])
  await stream.return()
})

it('a memory-only database keeps commits for its consumers', async () => {
  using memory = Database.memory()
  await memory.changes({ consumer: 'index' }).return()
  memory.put('a', '1')
  const stream = memory.changes({ consumer: 'index' })
  expect((await stream.next()).value?.changes).toMatchObject([{ key: 'a' }])
  await stream.return()
})
