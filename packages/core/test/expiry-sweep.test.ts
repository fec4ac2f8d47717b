// Strategy: entries that expire as fast as they are written, on a manual clock, in programs that yield to the event loop and in ones that
// never do; moves of the cursors of the store are counted.
// Invariants: the store holds a bounded number of expired entries; reads pass them page by page; a database of which no entry expires
// schedules nothing.
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import type { Clock, Scheduler } from '@ldb/vfs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Database } from '../src/database.js'
import type { KeyspaceStore } from '../src/keyspace/store.js'
import { openDatabase } from '../src/open/opening.js'
import type { ReadGate } from '../src/resident/read-gate.js'
import { flushMicrotasks, TUNING } from './async-setup.js'

const PAGE_BYTES = 4096
const TICK_MS = 10
const LIFE_MS = 200
/** 50,000 entries a second. */
const ENTRIES_PER_TICK = 500
const LIVE_COUNT = (LIFE_MS / TICK_MS) * ENTRIES_PER_TICK
/** Expired entries for which a walk begins, and those that expire until it has ended: the time of three ticks. */
const EXPIRED_MAX = 1024 + LIVE_COUNT / 16 + 3 * ENTRIES_PER_TICK

interface Opened {
  readonly db: Database
  readonly store: KeyspaceStore
  readonly gate: ReadGate
}

function open(
  environment: { readonly clock: Clock; readonly scheduler: Scheduler },
  files = new MemoryVfs(environment),
): Opened {
  const opened = openDatabase(
    'data',
    { vfs: files, cacheBytes: 1 << 24, durability: 'none' },
    { ...TUNING, pageBytes: PAGE_BYTES },
  )
  const db = new Database(opened)
  db.keyspace('timed', { ttlMs: LIFE_MS })
  return {
    db,
    gate: opened.gate,
    store: [...opened.keyspaces].find(({ descriptor }) => descriptor.name === 'timed')!,
  }
}

/** Writes the entries of one tick, in no order of keys. */
function write(db: Database, tick: number): void {
  const batch = db.batch().in(db.keyspace('timed'))
  for (let index = tick * ENTRIES_PER_TICK; index < (tick + 1) * ENTRIES_PER_TICK; index++) {
    batch.put(String(Math.imul(index, 0x9e37_79b1) >>> 0).padStart(12, '0'), 'x'.repeat(20))
  }
  batch.commit()
}

function storedCount({ store }: Opened): number {
  return store.rawStore.stats().entryCount
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('expired entries', () => {
  it('are removed as fast as they expire while the program yields', async () => {
    const time = new ManualTime(1_000_000)
    const opened = open({ clock: time, scheduler: time })
    let mostStored = 0
    for (let tick = 0; tick < 60; tick++) {
      write(opened.db, tick)
      time.advance(TICK_MS)
      await flushMicrotasks()
      await flushMicrotasks()
      mostStored = Math.max(mostStored, storedCount(opened))
    }
    expect(mostStored).toBeGreaterThanOrEqual(LIVE_COUNT)
    expect(mostStored).toBeLessThan(LIVE_COUNT + EXPIRED_MAX)
    expect(opened.db.keyspace('timed').count()).toBeLessThanOrEqual(LIVE_COUNT)
    for (let round = 0; round < 150; round++) {
      time.advance(TICK_MS)
      await flushMicrotasks()
    }
    expect(storedCount(opened)).toBe(0)
    expect(opened.db.verify().findings).toEqual([])
    opened.db.close()
  })

  it('are removed by synchronous commits when the program never yields', () => {
    const clock = new ManualTime(1_000_000)
    const opened = open({ clock, scheduler: new ManualTime() })
    let mostStored = 0
    for (let tick = 0; tick < 60; tick++) {
      write(opened.db, tick)
      // A slice takes no time of this clock: each commit performs one.
      for (let commit = 0; commit < 10; commit++) {
        clock.advance(TICK_MS / 10)
        opened.db.put('other', String(commit))
      }
      mostStored = Math.max(mostStored, storedCount(opened))
    }
    expect(mostStored).toBeGreaterThanOrEqual(LIVE_COUNT)
    // Besides, what expires while the event loop is given time.
    expect(mostStored).toBeLessThan(LIVE_COUNT + EXPIRED_MAX + 6 * ENTRIES_PER_TICK)
    expect(opened.db.keyspace('timed').count()).toBeLessThanOrEqual(LIVE_COUNT)
    expect(opened.db.verify().findings).toEqual([])
    opened.db.close()
  })

  it('of an earlier run are found after the next open', async () => {
    const time = new ManualTime(1_000_000)
    const environment = { clock: time, scheduler: time }
    const files = new MemoryVfs(environment)
    const first = open(environment, files)
    for (let tick = 0; tick < 10; tick++) write(first.db, tick)
    first.db.close()
    time.jump(LIFE_MS)
    const again = open(environment, files)
    expect(storedCount(again)).toBe(10 * ENTRIES_PER_TICK)
    for (let round = 0; round < 40; round++) {
      time.advance(50)
      await flushMicrotasks()
    }
    expect(storedCount(again)).toBe(0)
    again.db.close()
  })

  it('that are overwritten before they expire cost no walk for each of them', async () => {
    const time = new ManualTime(1_000_000)
    const opened = open({ clock: time, scheduler: time })
    const snapshots = vi.spyOn(opened.store.rawStore, 'snapshot')
    for (let tick = 0; tick < 200; tick++) {
      const batch = opened.db.batch().in(opened.db.keyspace('timed'))
      for (let index = 0; index < 100; index++) batch.put(`key${index}`, String(tick))
      batch.commit()
      time.advance(TICK_MS)
      await flushMicrotasks()
    }
    expect(snapshots.mock.calls.length).toBeLessThan(12)
    opened.db.close()
  })

  it('of no keyspace: nothing is scheduled', async () => {
    const time = new ManualTime(1_000_000)
    const opened = open({ clock: time, scheduler: time })
    opened.db.keyspace('timed').put('a', 'for ever', { ttlMs: Infinity })
    opened.db.keyspace('timed').put('b', 'short')
    for (let round = 0; round < 50; round++) {
      time.advance(100)
      await flushMicrotasks()
    }
    expect(storedCount(opened)).toBe(1)
    expect(time.pendingCount).toBe(0)
    opened.db.keyspace('timed').put('b', 'short')
    // The sync of the log, and the sweep.
    expect(time.pendingCount).toBe(2)
    for (let round = 0; round < 50; round++) {
      time.advance(100)
      await flushMicrotasks()
    }
    expect(time.pendingCount).toBe(0)
    opened.db.close()
  })
})

describe('reads of a store with many expired entries', () => {
  const COUNT = 20_000
  /** Moves between leaves, with at least 50 entries in each, and calls that skip within one. */
  const STEPS_MAX = (2 * COUNT) / 50

  /** Returns a database whose entries have all expired, but the last, and are not removed. */
  function expired(options: { readonly readOnly?: boolean } = {}): {
    readonly db: Database
    /** Moves of cursors so far. */
    readonly steps: () => number
    /** Turns of the event loop that reads have waited for so far. */
    readonly turns: () => number
  } {
    const clock = new ManualTime(1_000_000)
    const environment = { clock, scheduler: new ManualTime() }
    const files = new MemoryVfs(environment)
    const { db, store, gate } = open(environment, files)
    const yields = vi.spyOn(gate, 'yieldThread')
    const turns = (): number => yields.mock.calls.length
    const batch = db.batch().in(db.keyspace('timed'))
    for (let index = 0; index < COUNT; index++) batch.put(String(index).padStart(8, '0'), 'x'.repeat(20))
    batch.put('live', 'x', { ttlMs: Infinity })
    batch.commit()
    clock.advance(LIFE_MS)
    const view = store.rawStore.snapshot()
    const prototype = Object.getPrototypeOf(view.cursor()) as ReturnType<typeof view.cursor>
    view.release()
    const spies = [
      vi.spyOn(prototype, 'next'),
      vi.spyOn(prototype, 'previous'),
      vi.spyOn(prototype, 'skipWhile'),
    ]
    const steps = (): number => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
    if (options.readOnly !== true) return { db, steps, turns }
    db.close()
    const reader = new Database(
      openDatabase('data', { vfs: files, readOnly: true, cacheBytes: 1 << 24 }, TUNING),
    )
    return { db: reader, steps, turns }
  }

  it.each([{ readOnly: false }, { readOnly: true }])('pass them page by page: %o', async (options) => {
    const { db, steps } = expired(options)
    const timed = db.keyspace('timed')
    const reads: readonly (() => unknown)[] = [
      (): number => timed.count(),
      (): string[] => timed.keys().toArray(),
      (): string[] => timed.keys({ limit: 1 }).toArray(),
      (): string[] => timed.keys({ reverse: true }).toArray(),
      (): Promise<number> => db.promises.of(timed).count(),
      (): Promise<string[]> => db.promises.of(timed).keys({ reverse: true }).toArray(),
    ]
    for (const read of reads) {
      const before = steps()
      expect(await read()).toEqual(expect.toSatisfy((result) => result === 1 || String(result) === 'live'))
      expect(steps() - before).toBeGreaterThan(100)
      expect(steps() - before).toBeLessThan(STEPS_MAX)
    }
    db.close()
  })

  it('let other tasks of the event loop run meanwhile, by promise', async () => {
    const { db, turns } = expired()
    const adb = db.promises.of(db.keyspace('timed'))
    const cursor = adb.cursor()
    const reads: readonly (() => Promise<unknown>)[] = [
      (): Promise<unknown> => adb.count(),
      (): Promise<unknown> => adb.keys().toArray(),
      (): Promise<unknown> => adb.keys({ gt: '00000100', reverse: true }).toArray(),
      (): Promise<unknown> => cursor.seek('00000100'),
      (): Promise<unknown> => cursor.first(),
    ]
    for (const read of reads) {
      const before = turns()
      expect(['1', 'live', 'true']).toContain(String(await read()))
      // Where invariants are checked, after each third page.
      expect(turns() - before).toBeGreaterThan(20)
      expect(turns() - before).toBeLessThan(150)
    }
    expect(cursor.key).toBe('live')
    await cursor.close()
    db.close()
  })
})
