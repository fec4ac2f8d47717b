// Strategy: functions of the caller that return promises, foreign promises that throw, and results whose `then` cannot be read.
// Invariants: U2, U4. The call reports such a function once, as its own error; no rejection stays unhandled.
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { Database } from '../src/database.js'
import type { Logger } from '../src/health/logger.js'
import { codeOf, codeOfAsync, turns } from './outcome-codes.js'

/** Results of functions that must be synchronous. */
const PROMISES: Readonly<Record<string, () => unknown>> = {
  'a promise': () => Promise.resolve(1),
  'a rejected promise': () => Promise.reject(new Error('rejected')),
  'a promise that is rejected later': async () => {
    await Promise.resolve()
    throw new Error('rejected later')
  },
  'a foreign promise that throws': () => ({
    then: () => {
      throw new Error('thrown by then')
    },
  }),
  'a function with a method then': () =>
    Object.assign(() => 1, {
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('no')),
    }),
  'an object whose then cannot be read': () => ({
    get then(): never {
      throw new Error('thrown by the getter')
    },
  }),
}

describe.each(Object.entries(PROMISES))('a function that returns %s', (_, result) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(async () => {
    await turns()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
  const given = result as () => never

  it('is refused where it must be synchronous, and nothing is written', async () => {
    using db = Database.memory()
    db.put('a', '1')
    const custom = db.keyspace('custom', { values: { name: 'custom', encode: given, decode: given } })
    const calls: readonly (() => unknown)[] = [
      () => db.transaction(given),
      () =>
        db.transaction((tx) => {
          tx.put('a', '2')
          return given()
        }),
      () => db.update('a', given),
      () => db.entries().forEach(given),
      () => db.entries().filter(given).toArray(),
      () => db.entries().some(given),
      () => db.entries().every(given),
      () => db.entries().find(given),
      () => db.entries().flatMap(given).toArray(),
      () => db.verify({ onProgress: given }),
      () => custom.put('a', '1' as never),
    ]
    for (const call of calls) expect(codeOf(call)).toBe('LDB_INVALID_ARGUMENT')
    expect(await codeOfAsync(() => db.promises.update('a', given))).toBe('LDB_INVALID_ARGUMENT')
    expect(await codeOfAsync(() => db.promises.verify({ onProgress: given }))).toBe('LDB_INVALID_ARGUMENT')
    expect(db.entries().toArray()).toEqual([['a', '1']])
    expect(db.stats().transactions.openCount + db.stats().reads.openCount).toBe(0)
    await db.promises.close()
  })

  it('is reported to the logger where it listens to events', async () => {
    const errors: string[] = []
    const ignore = (): void => undefined
    const logger: Logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (text) => void errors.push(text),
    }
    const db = Database.memory({ logger })
    db.on('checkpoint', given)
    db.put('a', '1')
    db.checkpoint()
    await turns()
    expect(errors).toHaveLength(result === PROMISES['a promise'] ? 0 : 1)
    db.off('checkpoint', given)
    db.close()
  })
})

test('a logger and a listener that fail do not fail the operation', async () => {
  const fail = (): never => {
    throw Object.create(null)
  }
  const reject = (): Promise<never> => Promise.reject(new Error('rejected'))
  for (const logger of [
    { debug: fail, info: fail, warn: fail, error: fail },
    { debug: reject, info: reject, warn: reject, error: reject },
  ]) {
    const db = Database.memory({ logger: logger as unknown as Logger })
    db.on('checkpoint', fail)
    db.put('a', '1')
    db.checkpoint()
    expect(db.get('a')).toBe('1')
    db.close()
    await turns()
  }
})

test('functions of scans may work on promises where those are results', async () => {
  using db = Database.memory()
  db.batch().put('a', '1').put('b', '2').commit()
  const lengths = db.keys().map(async (key) => key.length)
  expect(await Promise.all(lengths.toArray())).toEqual([1, 1])
  const text = db.values().reduce(async (joined, value) => (await joined) + value, Promise.resolve(''))
  expect(await text).toBe('12')
})
