// Strategy: a scheduler through which the test reports collections itself; tooling/testkit/test/outside has real ones.
// Invariants: a leaked handle is released before it is reported, once, to listeners, the process and the logger (S5); a leaked database
// keeps every acknowledged commit; nothing throws in the task of a collection; without reports of collections nothing changes.
import { expect, test } from 'vitest'
import { Database, isLdbError } from '@ldb/core'
import type { DatabaseOptions, LeakEvent } from '@ldb/core'
import { ManualTime, MemoryVfs } from '@ldb/vfs'

/** A scheduler that collects what the test tells it to. */
class CollectingTime extends ManualTime {
  readonly watched: Map<object, () => void> = new Map()
  readonly #immediate: (() => void)[] = []

  immediate(task: () => void): void {
    this.#immediate.push(task)
  }

  afterCollection(target: object, task: () => void): { cancel(): void } {
    this.watched.set(target, task)
    return {
      cancel: (): void => {
        this.watched.delete(target)
      },
    }
  }

  /** Runs the pending tasks of the event loop, after which new handles are watched. */
  turn(): void {
    for (const task of this.#immediate.splice(0)) task()
  }

  /** Reports the collection of the objects that were first watched, except the first `kept`. */
  collect(kept: number): void {
    this.turn()
    for (const task of [...this.watched.values()].slice(kept)) task()
  }
}

function make(options: DatabaseOptions = {}): {
  vfs: MemoryVfs
  time: CollectingTime
  db: Database
  events: LeakEvent[]
} {
  const time = new CollectingTime()
  const vfs = new MemoryVfs({ clock: time, scheduler: time })
  const db = Database.open('data', { vfs, ...options })
  const events: LeakEvent[] = []
  db.on('leak', (event) => events.push(event))
  return { vfs, time, db, events }
}

async function warningsDuring(run: () => void): Promise<Error[]> {
  const warnings: Error[] = []
  const listener = (warning: Error): void => {
    warnings.push(warning)
  }
  process.on('warning', listener)
  run()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listener)
  return warnings
}

test('every kind of handle is released and reported once', async () => {
  const logged: string[] = []
  const log = (message: string): void => {
    logged.push(message)
  }
  const { time, db, events } = make({ logger: { debug: log, info: log, warn: log, error: log } })
  db.batch().put('a', '1').put('b', '2').commit()
  db.entries().next()
  db.cursor().first()
  db.snapshot()
  db.begin().put('c', '3')
  db.changes()
  const { promises } = db
  promises.keys()
  promises.cursor()
  promises.snapshot()
  promises.begin()
  time.advance(70)
  const warnings = await warningsDuring(() => {
    time.collect(1)
  })
  expect(events.map(({ kind }) => kind).sort((one, other) => (one < other ? -1 : 1))).toEqual(
    'changes cursor cursor scan scan snapshot snapshot transaction transaction'.split(' '),
  )
  expect(events.every(({ ageMs, stack }) => ageMs === 70 && stack === undefined)).toBe(true)
  expect(db.stats()).toMatchObject({
    reads: { openCount: 0 },
    transactions: { openCount: 0, leakedCount: 2 },
  })
  expect(warnings.map(({ name }) => name)).toEqual(events.map(() => 'LdbLeakWarning'))
  expect(warnings.every((each) => (each as NodeJS.ErrnoException).code === 'LDB_LEAK')).toBe(true)
  expect(logged.length).toBe(9)
  expect(logged[0]).toContain('of the database at data was garbage-collected without')
  time.collect(1)
  expect(events.length).toBe(9)
  db.close()
  expect(time.watched.size).toBe(0)
})

test('the option debug captures the stack of the opening', () => {
  const { time, db, events } = make({ debug: true })
  const thePlace = (): void => {
    db.cursor()
    db.begin()
  }
  thePlace()
  time.collect(1)
  expect(events.map(({ stack }) => stack?.includes('thePlace'))).toEqual([true, true])
  expect(events.every(({ stack }) => stack?.startsWith('    at ') === true)).toBe(true)
  db.close()
})

test('a leaked database keeps its commits, releases its lock, and reports what was open in it', async () => {
  const { vfs, time, db, events } = make({ durability: 'none' })
  db.put('a', '1')
  db.keyspace('sessions', { ttlMs: 1000 }).put('s', '1')
  db.snapshot()
  db.begin().put('b', '2')
  const pending = db.promises.put('c', '3')
  time.turn()
  const [[, collectDatabase] = []] = time.watched
  collectDatabase?.()
  await pending
  expect(events.map(({ kind }) => kind)).toEqual(['snapshot', 'transaction', 'database'])
  expect(db.isOpen).toBe(false)
  using again = Database.open('data', { vfs })
  expect([again.get('a'), again.get('b'), again.get('c')]).toEqual(['1', undefined, '3'])
  expect(again.verify().ok).toBe(true)
})

test('no error leaves the task of a collection', () => {
  const errors: string[] = []
  const log = (message: string): void => {
    errors.push(message)
    throw new Error('the logger fails')
  }
  const { vfs, time, db } = make({
    durability: 'none',
    logger: { debug: log, info: log, warn: log, error: log },
  })
  db.on('leak', () => {
    throw new Error('a listener fails')
  })
  db.put('a', '1')
  db.cursor()
  vfs.open = (): never => {
    throw new Error('files fail')
  }
  expect(() => {
    time.turn()
    for (const task of [...time.watched.values()]) task()
  }).not.toThrow()
  expect(errors.some((message) => message.includes('a listener failed'))).toBe(true)
})

test('handles that were closed, or belong to a closed database, are not watched', () => {
  const { time, db, events } = make()
  db.put('a', '1')
  db.entries().toArray()
  db.cursor().close()
  db.snapshot().release()
  db.begin().rollback()
  time.turn()
  expect(time.watched.size).toBe(1)
  db.cursor()
  db.begin()
  void db.changes()
  time.turn()
  expect(time.watched.size).toBe(4)
  db.close()
  expect([time.watched.size, events.length]).toEqual([0, 0])
})

test('listeners of other events belong to the API, and not to the files and timers below', () => {
  const { db } = make()
  let count = 0
  db.on('checkpoint', () => count++)
  db.put('a', '1')
  db.checkpoint()
  db.close()
  expect(count).toBe(1)
})

test('the options are checked', () => {
  for (const options of [{ debug: 1 }, { maxOpenFiles: 1 }, { maxOpenFiles: 1e7 }, { maxOpenFiles: '9' }]) {
    let error: unknown
    try {
      Database.memory(options as unknown as DatabaseOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(isLdbError(error, 'LDB_INVALID_ARGUMENT')).toBe(true)
  }
})

test('the number of open files is bounded, and reported', () => {
  const { vfs, db } = make({ maxOpenFiles: 3 })
  for (let index = 0; index < 20; index++) db.keyspace(`k${index}`).put('a', `${index}`)
  expect(db.stats().files?.openCount).toBeLessThanOrEqual(3)
  db.checkpoint()
  db.close()
  using again = Database.open('data', { vfs, maxOpenFiles: 3 })
  for (let index = 0; index < 20; index++) expect(again.keyspace(`k${index}`).get('a')).toBe(`${index}`)
  expect(again.stats().files).toMatchObject({ openCount: 3 })
  for (let index = 0; index < 20; index++) again.keyspace(`k${index}`).put('a', 'b')
  again.checkpoint()
  expect(again.stats().files?.reopenCount).toBeGreaterThan(15)
  using memory = Database.memory()
  expect(memory.stats().files).toBe(undefined)
})
