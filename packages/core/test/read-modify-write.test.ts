// Strategy: each operation on a keyspace and in a transaction, with both APIs, on entries that expire and do not.
// Invariants: an operation acts on the value that it returns or compares; update keeps the expiry; a transaction conflicts when the entry that
// it acted on was changed; several entries are those of single moves.
import { describe, expect, it } from 'vitest'
import { MemoryVfs } from '@ldb/vfs'
import { Database } from '../src/index.js'

const CONFLICT: unknown = expect.objectContaining({ code: 'LDB_CONFLICT' })

/** A database whose clock a test moves. */
function open(): { db: Database; tick: (ms: number) => void } {
  const vfs = new MemoryVfs()
  let nowMs = 1_000_000
  const { clock } = vfs
  const moved = { ...clock, now: (): number => nowMs, monotonic: (): number => nowMs }
  Object.defineProperty(vfs, 'clock', { value: moved })
  const tick = (ms: number): void => {
    nowMs += ms
  }
  return { db: Database.open('data', { vfs }), tick }
}

describe('in a transaction', () => {
  it('putIfAbsent, compareAndSwap, update and take see its own writes', () => {
    using db = Database.memory()
    db.put('a', '1')
    db.transaction((tx) => {
      expect([tx.putIfAbsent('a', 'x'), tx.putIfAbsent('b', '2')]).toEqual([false, true])
      expect([tx.compareAndSwap('b', '1', 'x'), tx.compareAndSwap('b', '2', '3')]).toEqual([false, true])
      expect(tx.compareAndSwap('absent', undefined, undefined)).toBe(true)
      expect(tx.update('a', (value) => `${String(value)}!`)).toBe('1!')
      expect([tx.take('b'), tx.take('b'), tx.get('b')]).toEqual(['3', undefined, undefined])
      expect(tx.compareAndSwap('a', '1!', undefined)).toBe(true)
      expect(tx.update('c', (value) => value ?? 'new')).toBe('new')
    })
    expect(db.entries().toArray()).toEqual([['c', 'new']])
  })

  it.each([
    ['putIfAbsent', (tx: ReturnType<Database['begin']>) => tx.putIfAbsent('a', 'x')],
    ['compareAndSwap', (tx: ReturnType<Database['begin']>) => tx.compareAndSwap('a', 'other', 'x')],
    ['take', (tx: ReturnType<Database['begin']>) => tx.take('a')],
    ['update', (tx: ReturnType<Database['begin']>) => tx.update('a', (value) => value)],
  ])('%s conflicts with a change of the entry, even if it wrote nothing', (_name, act) => {
    using db = Database.memory()
    db.put('a', '1')
    using tx = db.begin({ isolation: 'snapshot' })
    act(tx)
    tx.put('other', 'x')
    db.put('a', '2')
    expect(() => tx.commit()).toThrow(CONFLICT)
  })

  it('refuses a promise of update, and writes nothing when it throws', () => {
    using db = Database.memory()
    using tx = db.begin()
    const promised = (() => Promise.resolve('x')) as unknown as () => string
    expect(() => tx.update('a', promised)).toThrow('promise')
    expect(() =>
      tx.update('a', () => {
        throw new Error('own')
      }),
    ).toThrow('own')
    expect(tx.get('a')).toBe(undefined)
  })

  it('works with promises, in the order of the calls', async () => {
    const db = Database.memory()
    db.put('a', '1')
    const results = await db.promises.transaction((tx) =>
      Promise.all([
        tx.update('a', (value) => `${String(value)}!`),
        tx.put('b', '2'),
        tx.putIfAbsent('b', 'x'),
        tx.take('b'),
        tx.putIfAbsent('b', '3'),
        tx.compareAndSwap('a', '1!', '4'),
      ]),
    )
    expect(results).toEqual(['1!', undefined, false, '2', true, true])
    expect(db.entries().toArray()).toEqual([
      ['a', '4'],
      ['b', '3'],
    ])
    db.close()
  })
})

describe('update keeps the expiry', () => {
  it.each([
    ['of a keyspace', (db: Database) => db.update('a', () => 'new')],
    ['with promises', (db: Database) => db.promises.update('a', () => 'new')],
    ['in a transaction', (db: Database) => db.transaction((tx) => tx.update('a', () => 'new'))],
    ['in one with promises', (db: Database) => db.promises.transaction((tx) => tx.update('a', () => 'new'))],
  ])('%s', async (_name, update) => {
    const { db, tick } = open()
    db.put('a', 'old', { ttlMs: 1000 })
    tick(600)
    expect(await update(db)).toBe('new')
    tick(399)
    expect(db.get('a')).toBe('new')
    tick(1)
    expect(db.get('a')).toBe(undefined)
    // An expired entry is absent: its expiry is not kept.
    expect(await update(db)).toBe('new')
    tick(10_000)
    expect(db.get('a')).toBe('new')
    db.close()
  })

  it('unless another is given', () => {
    const { db, tick } = open()
    db.put('a', 'old', { ttlMs: 1000 })
    db.update('a', () => 'new', { ttlMs: 5000 })
    tick(4000)
    expect(db.get('a')).toBe('new')
    db.close()
  })
})

describe('several entries at a time', () => {
  it('are taken once', async () => {
    const db = Database.memory()
    db.put('a', '1')
    expect(await Promise.all([db.promises.take('a'), db.promises.take('a')])).toEqual(['1', undefined])
    db.put('a', '2')
    expect([db.take('a', { durability: 'none' }), db.take('a'), db.has('a')]).toEqual(['2', undefined, false])
    db.close()
  })

  it('are looked up by hasMany', async () => {
    const db = Database.memory()
    db.put('a', '1')
    expect(db.hasMany(['b', 'a', 'a'])).toEqual([false, true, true])
    expect(await db.promises.hasMany(new Set(['a', 'c']))).toEqual([true, false])
    expect(() => db.hasMany(1 as unknown as string[])).toThrow('iterable')
    db.close()
  })

  it('are returned by nextMany, as single moves return them', async () => {
    const db = Database.memory()
    const all = Array.from({ length: 5 }, (_, i): [string, string] => [`k${i}`, `v${i}`])
    for (const [key, value] of all) db.put(key, value)
    using cursor = db.cursor()
    expect(cursor.nextMany(2)).toEqual(all.slice(0, 2))
    expect(cursor.key).toBe('k1')
    expect([cursor.nextMany(10), cursor.nextMany(1)]).toEqual([all.slice(2), []])
    expect([cursor.first(), cursor.nextMany(1)]).toEqual([true, all.slice(1, 2)])
    const reversed = db.promises.cursor({ reverse: true })
    expect(await reversed.nextMany(2)).toEqual(all.slice(3).reverse())
    expect([await reversed.nextMany(10), await reversed.nextMany(10)]).toEqual([
      all.slice(0, 3).reverse(),
      [],
    ])
    await expect(reversed.nextMany(0)).rejects.toThrow('count')
    expect(() => cursor.nextMany(1.5)).toThrow('count')
    await reversed.close()
    db.close()
  })
})
