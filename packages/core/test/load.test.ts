import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database } from '../src/index.js'
import type { Change } from '../src/index.js'
import { codeOf } from './outcome-codes.js'

const OPTIONS = { memtableBytes: 65_536, durability: 'periodic' } as const
type Pair = [string, string]

/** Sorted entries `from`, `from` + `step` …, below `to`. */
function pairs(from: number, to: number, value: string, step = 1): Pair[] {
  const result: Pair[] = []
  for (let index = from; index < to; index += step)
    result.push([`k${String(index).padStart(6, '0')}`, `${value} ${index}`])
  return result
}

function* lazily<T>(values: Iterable<T>, beforeEach: (index: number) => void): Generator<T, void, void> {
  let index = 0
  for (const value of values) {
    beforeEach(index++)
    yield value
  }
}

async function* slowly<T>(
  values: Iterable<T>,
  beforeEach: (index: number) => unknown = () => undefined,
): AsyncGenerator<T, void, void> {
  let index = 0
  for (const value of values) {
    await beforeEach(index++)
    yield value
  }
}

function fileNames(vfs: MemoryVfs): string[] {
  return vfs.status('data/keyspaces/1') === undefined
    ? []
    : vfs.list('data/keyspaces/1').filter((name) => name.endsWith('.sst'))
}

describe.each(['lsm', 'btree'] as const)('a load into %s', (engine) => {
  const open = (vfs: MemoryVfs): Database => Database.open('data', { ...OPTIONS, engine, vfs })

  test('writes all entries as one durable commit', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    db.put('k000003', 'old')
    db.put('other', 'stays')
    const seq = db.stats().seq
    expect(db.load(pairs(0, 5000, 'new'))).toBe(5000)
    expect(db.stats().seq).toBe(seq + 1)
    expect(db.get('k000003')).toBe('new 3')
    const expected = [...pairs(0, 5000, 'new'), ['other', 'stays']]
    expect(db.entries().toArray()).toEqual(expected)
    expect(db.verify().findings).toEqual([])
    db.close()
    const again = open(vfs)
    expect(again.entries().toArray()).toEqual(expected)
    again.put('k000004', 'newer')
    expect(again.get('k000004')).toBe('newer')
    again.close()
  })

  test('is not seen by snapshots, scans and transactions that began before', () => {
    const db = open(new MemoryVfs())
    db.load(pairs(0, 100, 'old'))
    const snapshot = db.snapshot()
    const scan = db.entries()[Symbol.iterator]()
    scan.next()
    const transaction = db.begin()
    expect(transaction.get('k000050')).toBe('old 50')
    db.load(pairs(0, 200, 'new'))
    db.compact()
    expect(snapshot.entries().toArray()).toEqual(pairs(0, 100, 'old'))
    expect([...scan]).toEqual(pairs(1, 100, 'old'))
    expect(transaction.get('k000051')).toBe('old 51')
    transaction.put('x', 'y')
    expect(codeOf(() => transaction.commit())).toBe('LDB_CONFLICT')
    snapshot.release()
    const other = db.begin()
    other.get('unrelated')
    db.load(pairs(0, 10, 'again'))
    other.put('x', 'y').commit()
    expect(db.get('x')).toBe('y')
    expect(db.verify().findings).toEqual([])
    db.close()
  })

  test('overwrites what its own iterator writes meanwhile', () => {
    const db = open(new MemoryVfs())
    expect(
      db.load(
        lazily(pairs(0, 2000, 'loaded'), (index) => {
          if (index % 100 !== 0) return
          db.put('k000000', 'meanwhile')
          db.put('count', `${index}`)
        }),
      ),
    ).toBe(2000)
    expect(db.get('k000000')).toBe('loaded 0')
    expect(db.get('count')).toBe('1900')
    db.close()
  })

  test.each<[string, unknown, string]>([
    [
      'keys that descend',
      [
        ['b', '1'],
        ['a', '2'],
      ],
      'LDB_INVALID_ARGUMENT',
    ],
    [
      'a key twice',
      [
        ['b', '1'],
        ['b', '2'],
      ],
      'LDB_INVALID_ARGUMENT',
    ],
    ['no entries', 17, 'LDB_INVALID_ARGUMENT'],
    ['an entry that is no pair', ['ab'], 'LDB_INVALID_ARGUMENT'],
    ['an entry with three members', [['a', 'b', 'c']], 'LDB_INVALID_ARGUMENT'],
    [
      'a value of another type',
      [
        ['a', '1'],
        ['b', 2],
      ],
      'LDB_INVALID_ARGUMENT',
    ],
    [
      'a key that is too long',
      [
        ['a', '1'],
        ['b'.repeat(70_000), '2'],
      ],
      'LDB_TOO_LARGE',
    ],
  ])('refuses %s, and writes nothing', (_, entries, code) => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const { seq } = db.stats()
    expect(codeOf(() => db.load(entries as Pair[]))).toBe(code)
    expect(codeOf(() => db.load([], { ttlMs: -1 }))).toBe('LDB_INVALID_ARGUMENT')
    expect(db.stats().seq).toBe(seq)
    expect(db.count()).toBe(0)
    expect(fileNames(vfs)).toEqual([])
    db.put('a', 'b')
    db.close()
  })

  test('without entries is no commit', () => {
    const db = open(new MemoryVfs())
    const { seq } = db.stats()
    expect(db.load([])).toBe(0)
    expect(db.stats().seq).toBe(seq)
    db.close()
  })

  test('passes an exception of its iterator on, and removes its files', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const failing = lazily(pairs(0, 5000, 'x'), (index) => {
      if (index === 4000) throw new RangeError('mine')
    })
    expect(() => db.load(failing)).toThrow(RangeError)
    expect(fileNames(vfs)).toEqual([])
    expect(db.count()).toBe(0)
    db.close()
  })

  test('ends when its iterator closes the database, or drops the keyspace', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const dropped = db.keyspace('dropped')
    const dropping = lazily(pairs(0, 5000, 'x'), (index) => {
      if (index === 3000) db.dropKeyspace('dropped')
    })
    expect(codeOf(() => dropped.load(dropping))).toBe('LDB_NOT_FOUND')
    expect(vfs.list('data/keyspaces').filter((name) => name === '2')).toEqual([])
    const closing = lazily(pairs(0, 5000, 'x'), (index) => {
      if (index === 3000) db.close()
    })
    expect(codeOf(() => db.load(closing))).toBe('LDB_CLOSED')
    expect(fileNames(vfs)).toEqual([])
    const again = open(vfs)
    expect(again.count()).toBe(0)
    again.close()
  })

  test('is refused in a read-only database, and within a transaction', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    expect(codeOf(() => db.transaction(() => db.load(pairs(0, 3, 'x'))))).toBe('LDB_INVALID_ARGUMENT')
    db.close()
    const reader = Database.open('data', { vfs, readOnly: true })
    expect(codeOf(() => reader.load(pairs(0, 3, 'x')))).toBe('LDB_READ_ONLY')
    reader.close()
  })

  test('sets the expiry of its entries', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const sessions = db.keyspace('sessions', { ttlMs: 1000 })
    sessions.load(pairs(0, 500, 'x'))
    sessions.load(pairs(500, 510, 'kept'), { ttlMs: 1e9 })
    expect(sessions.count()).toBe(510)
    vfs.time.advance(2000)
    expect(sessions.entries().toArray()).toEqual(pairs(500, 510, 'kept'))
    db.close()
  })

  test('works in memory', () => {
    const db = Database.memory({ engine })
    db.load(pairs(0, 1000, 'x'))
    expect(db.count()).toBe(1000)
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('takes async iterables, beside other commits', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs })
    const puts: Promise<void>[] = []
    const loaded = db.load(
      slowly(pairs(0, 3000, 'loaded'), (index) => {
        if (index % 10 === 0) puts.push(db.put(`k${String(index).padStart(6, '0')}`, 'meanwhile'))
      }),
    )
    expect(await db.get('k000001')).toBeUndefined()
    expect(await loaded).toBe(3000)
    await Promise.all(puts)
    expect(await db.entries().toArray()).toEqual(pairs(0, 3000, 'loaded'))
    expect(await db.load(pairs(0, 10, 'sync iterable'))).toBe(10)
    expect((await db.verify()).findings).toEqual([])
    await db.close()
    const again = await AsyncDatabase.open('data', { vfs })
    expect(await again.count()).toBe(3000)
    await again.close()
  })

  test('two at once both take effect, the later commit last', async () => {
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs: new MemoryVfs() })
    const seen: string[] = []
    const note = (name: string) => (count: number) => seen.push(`${name} ${count}`)
    await Promise.all([
      db.load(slowly(pairs(0, 400, 'first'))).then(note('first')),
      db.load(slowly(pairs(200, 400, 'second'))).then(note('second')),
    ])
    expect(seen).toEqual(['second 200', 'first 400'])
    expect(await db.entries().toArray()).toEqual(pairs(0, 400, 'first'))
    await db.close()
  })

  test('is aborted by its signal at every entry, and ends its iterator', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs })
    for (const at of [0, 1, 1500]) {
      const controller = new AbortController()
      let isEnded = false
      const entries = (async function* () {
        try {
          yield* slowly(pairs(0, 3000, 'x'), (index) => {
            if (index === at) controller.abort()
          })
        } finally {
          isEnded = true
        }
      })()
      await expect(db.load(entries, { signal: controller.signal })).rejects.toMatchObject({
        code: 'LDB_ABORTED',
      })
      await Promise.resolve()
      await new Promise((resolve) => setTimeout(resolve))
      expect(isEnded).toBe(true)
    }
    expect(await db.count()).toBe(0)
    expect(fileNames(vfs)).toEqual([])
    await db.close()
  })

  test('whose entries never come ends with the close of the database', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs })
    const never = slowly(pairs(0, 3000, 'x'), (index) =>
      index === 2000 ? new Promise(() => undefined) : undefined,
    )
    const failure = db.load(never).catch((error: unknown) => error)
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve))
    await db.close()
    expect(isLdbError(await failure, 'LDB_CLOSED')).toBe(true)
    expect(fileNames(vfs)).toEqual([])
  })

  test('is ended by the drop of its keyspace', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs })
    const dropped = await db.keyspace('dropped')
    const entries = slowly(pairs(0, 3000, 'x'), async (index) => {
      if (index === 2000) await db.dropKeyspace('dropped')
    })
    await expect(dropped.load(entries)).rejects.toMatchObject({ code: 'LDB_NOT_FOUND' })
    await db.close()
  })

  test('is in the stream of changes', async () => {
    const db = await AsyncDatabase.open('data', { ...OPTIONS, engine, vfs: new MemoryVfs() })
    const changes = db.changes()
    await db.put('a', '1')
    await db.load(pairs(0, 3, 'x'))
    await db.put('b', '2')
    const seen: { seq: number; changes: readonly Change[] }[] = []
    for (let count = 0; count < 3; count++) {
      const { value } = await changes.next()
      if (value !== undefined) seen.push(value)
    }
    expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3])
    const loaded = seen[1]?.changes ?? []
    if (engine === 'btree') {
      expect(loaded.map((change) => change.kind)).toEqual(['put', 'put', 'put'])
    } else {
      expect(loaded).toEqual([
        expect.objectContaining({ kind: 'load', keyspace: 'default', gte: 'k000000', lt: 'k000002\0' }),
      ])
    }
    await changes.return()
    const filtered = db.changes({ since: 1, keyspace: db, prefix: 'zzz' })
    const next = filtered.next()
    await db.put('zzz', '1')
    expect((await next).value?.seq).toBe(4)
    await filtered.return()
    await db.close()
  })
})
