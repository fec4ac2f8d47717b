// Strategy: one signal is aborted between two buffered entries, by a function of the caller, and while an operation waits for the
// device; and one signal serves ten thousand operations.
// Invariants: A7. Nothing more is returned or visited after the abort, the wait ends at once, and no listener stays on the signal.
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import type { AbortSignalLike } from '../src/health/abort-signal.js'
import { filled, flushMicrotasks, holdSyncs, open } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

const COUNT = 200
const REASON = new Error('no longer wanted')
const ABORTED: unknown = expect.objectContaining({ name: 'LdbError', code: 'LDB_ABORTED', cause: REASON })

/** Calls back at each entry, until the signal is aborted at the tenth. */
class TenthEntry {
  count = 0
  readonly controller = new AbortController()

  readonly note = (): boolean => {
    if (++this.count === 10) this.controller.abort(REASON)
    return false
  }
}

async function database(isResident: boolean): Promise<AsyncDatabase> {
  const db = await filled(new FaultyVfs(), COUNT)
  if (isResident) await db.entries().toArray()
  return db
}

describe.each([
  ['pages to load', false],
  ['resident pages', true],
])('an abort at an entry, with %s', (_, isResident) => {
  it.each<[string, (db: AsyncDatabase, signal: AbortSignal, note: () => boolean) => Promise<unknown>]>([
    [
      'for await over entries',
      async (db, signal, note) => {
        for await (const _entry of db.entries({ signal })) note()
      },
    ],
    [
      'for await over keys, backward',
      async (db, signal, note) => {
        for await (const _key of db.keys({ signal, reverse: true })) note()
      },
    ],
    [
      'for await over a helper',
      async (db, signal, note) => {
        for await (const _key of db
          .values({ signal })
          .filter(() => true)
          .drop(3)
          .take(100))
          note()
      },
    ],
    [
      'for await over a snapshot',
      async (db, signal, note) => {
        await using snapshot = db.snapshot()
        for await (const _key of snapshot.keys({ signal })) note()
      },
    ],
    ['map', (db, signal, note) => db.keys({ signal }).map(note).toArray()],
    [
      'async map',
      (db, signal, note) =>
        db
          .keys({ signal })
          .map(async () => note())
          .toArray(),
    ],
    ['filter', (db, signal, note) => db.keys({ signal }).filter(note).toArray()],
    [
      'flatMap',
      (db, signal, note) =>
        db
          .keys({ signal })
          .flatMap((key) => [key, note()])
          .toArray(),
    ],
    ['forEach', (db, signal, note) => db.entries({ signal }).forEach(note)],
    ['reduce', (db, signal, note) => db.entries({ signal }).reduce((sum) => sum + Number(note()), 0)],
    ['some', (db, signal, note) => db.entries({ signal }).some(note)],
    ['every', (db, signal, note) => db.entries({ signal }).every(() => !note())],
    ['find', (db, signal, note) => db.entries({ signal }).find(note)],
    [
      'a cursor',
      async (db, signal, note) => {
        await using cursor = db.cursor({ signal })
        for (let found = await cursor.first(); found; found = await cursor.next()) note()
      },
    ],
    [
      'a transaction',
      (db, signal, note) =>
        db.transaction(
          async (tx) => {
            for await (const key of tx.keys()) {
              await tx.put(key, 'written')
              note()
            }
          },
          { signal },
        ),
    ],
    [
      'changes',
      async (db, signal, note) => {
        const since = db.seq
        for (let index = 0; index < 20; index++) await db.put('a', String(index))
        for await (const _change of db.changes({ since, signal })) note()
      },
    ],
  ])('ends %s', async (_name, call) => {
    const db = await database(isResident)
    const entry = new TenthEntry()
    await expect(call(db, entry.controller.signal, entry.note)).rejects.toEqual(ABORTED)
    expect(entry.count).toBe(10)
    expect(await db.values().some((value) => value === 'written')).toBe(false)
    expect(db.sync.stats().reads.openCount + db.sync.stats().transactions.openCount).toBe(0)
    await db.close()
  })
})

it('an abort in a progress report ends a verification', async () => {
  const db = await database(true)
  const entry = new TenthEntry()
  entry.count = 8
  const { signal } = entry.controller
  await expect(db.verify({ signal, onProgress: () => void entry.note() })).rejects.toEqual(ABORTED)
  expect(entry.count).toBe(10)
  const last = new AbortController()
  let reports = 0
  await db.verify({ onProgress: () => void reports++ })
  const end = reports
  const verified = db.verify({
    signal: last.signal,
    onProgress: () => void (--reports === 0 && last.abort(REASON)),
  })
  await expect(verified).rejects.toEqual(ABORTED)
  expect([end > 0, reports]).toEqual([true, 0])
  await db.close()
})

describe('an abort while an operation waits for the device', () => {
  it.each<[string, (db: AsyncDatabase, signal: AbortSignal) => Promise<unknown>]>([
    ['get', (db, signal) => db.get('key000100', { signal })],
    ['has', (db, signal) => db.has('key000100', { signal })],
    ['getMany', (db, signal) => db.getMany(['key000100', 'key000150'], { signal })],
    ['count', (db, signal) => db.count({ gt: 'key', signal })],
    ['estimate', (db, signal) => db.estimate({ gt: 'key', signal })],
    ['next', (db, signal) => db.keys({ signal }).next()],
    ['toArray', (db, signal) => db.keys({ signal }).toArray()],
    ['forEach', (db, signal) => db.keys({ signal }).forEach(() => undefined)],
    ['a cursor', (db, signal) => db.cursor({ signal }).first()],
    ['deleteRange', (db, signal) => db.deleteRange({ gte: 'key', limit: 3 }, { signal })],
    ['a snapshot', (db, signal) => db.snapshot().get('key000100', { signal })],
    ['a transaction', (db, signal) => db.transaction((tx) => tx.get('key000100'), { signal })],
    ['a read of a transaction', (db, signal) => db.begin().getForUpdate('key000100', { signal })],
    ['changes', (db, signal) => db.changes({ signal }).next()],
  ])('ends %s at once', async (_, call) => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    vfs.delay = () => held
    const controller = new AbortController()
    const call1 = call(db, controller.signal)
    call1.catch(() => undefined)
    await flushMicrotasks()
    controller.abort(REASON)
    await expect(call1).rejects.toEqual(ABORTED)
    release()
    vfs.delay = () => Promise.resolve()
    expect(await db.count()).toBe(3000)
    await db.close()
  })

  it('ends maintenance at once', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await db.put('a', '1')
    const release = holdSyncs(vfs)
    for (const call of [
      (signal: AbortSignal) => db.synced({ signal }),
      (signal: AbortSignal) => db.checkpoint({ signal }),
      (signal: AbortSignal) => db.compact({ signal }),
    ]) {
      await db.put('a', '2', { durability: 'none' })
      const controller = new AbortController()
      const waiting = call(controller.signal)
      waiting.catch(() => undefined)
      await flushMicrotasks()
      controller.abort(REASON)
      await expect(waiting).rejects.toEqual(ABORTED)
    }
    release()
    await db.close()
  })

  it('ends a wait for a function of the caller', async () => {
    const db = await database(true)
    const never = new Promise<never>(() => undefined)
    const iterable = { [Symbol.asyncIterator]: () => ({ next: () => never }) }
    for (const call of [
      (signal: AbortSignal) =>
        db
          .keys({ signal })
          .map(() => never)
          .next(),
      (signal: AbortSignal) =>
        db
          .keys({ signal })
          .filter(() => never)
          .toArray(),
      (signal: AbortSignal) =>
        db
          .keys({ signal })
          .flatMap(() => iterable)
          .next(),
      (signal: AbortSignal) => db.keys({ signal }).forEach(() => never),
      (signal: AbortSignal) => db.transaction(() => never, { signal }),
    ]) {
      const controller = new AbortController()
      const waiting = call(controller.signal)
      waiting.catch(() => undefined)
      await flushMicrotasks()
      controller.abort(REASON)
      await expect(waiting).rejects.toEqual(ABORTED)
    }
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('refuses a write that waits for its position in commit order', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const controller = new AbortController()
    const { signal } = controller
    const first = db.update('key000100', () => 'updated')
    const waiting = [
      db.put('a', '1', { signal }),
      db.delete('key000101', { signal }),
      db.batch().put('b', '1').commit({ signal }),
      db.deleteRange({ gte: 'key000102' }, { signal }),
      db.putIfAbsent('c', '1', { signal }),
      db.transaction((tx) => tx.put('d', '1'), { signal }),
    ].map((call) => expect(call).rejects.toEqual(ABORTED))
    await Promise.resolve()
    controller.abort(REASON)
    await Promise.all([first, ...waiting])
    expect([await db.count(), await db.get('key000100')]).toEqual([3000, 'updated'])
    await db.close()
  })
})

it('ten thousand operations leave no listener on their signal', async () => {
  const vfs = new FaultyVfs()
  const db = await filled(vfs, 3000)
  let listenerCount = 0
  let addedCount = 0
  const signal: AbortSignalLike = {
    aborted: false,
    addEventListener: () => {
      listenerCount++
      addedCount++
    },
    removeEventListener: () => {
      listenerCount--
    },
  }
  for (let round = 0; round < 500; round++) {
    const key = `key${String((round * 37) % 3000).padStart(6, '0')}`
    await Promise.all([
      db.get(key, { signal }),
      db.has(key, { signal }),
      db.getMany([key, 'key000001'], { signal }),
      db.count({ gte: key, lt: `${key}~`, signal }),
      db.estimate({ gte: key, signal }),
      db.keys({ gte: key, limit: 3, signal }).toArray(),
      db
        .entries({ gte: key, limit: 3, signal })
        .map(async ([each]) => each)
        .next(),
      db.values({ gte: key, limit: 3, signal }).forEach(() => Promise.resolve()),
      db.cursor({ gte: key, signal }).first(),
      db.put(key, 'value', { signal }),
      db.delete('absent', { signal }),
      db.deleteRange({ gte: 'absent', lt: 'absent~', limit: 1 }, { signal }),
      db.putIfAbsent(key, 'value', { signal }),
      db.compareAndSwap(key, 'value', 'value', { signal }),
      db.update(key, (value) => value, { signal }),
      db.batch().put(key, 'value').commit({ signal }),
      db.transaction(async (tx) => tx.get(key), { signal }),
      db.transaction(() => Promise.reject(new Error('mine')), { signal }).catch(() => undefined),
      db.synced({ signal }),
      ...(round % 100 === 0
        ? [db.checkpoint({ signal }), db.compact({ signal }), db.verify({ signal })]
        : []),
    ])
    const changes = db.changes({ signal })
    const [next] = await Promise.all([changes.next(), db.put('a', String(round))])
    expect(next.done).toBe(false)
    await changes.return()
  }
  expect(addedCount).toBeGreaterThan(1000)
  expect(listenerCount).toBe(0)
  await db.close()
})
