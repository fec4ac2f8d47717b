import { AsyncDatabase } from '@ldb/core'
import { describe, expect, test } from 'vitest'
import { ClusterDatabase, memoryDriver } from '../src/index.js'
import type { KeyValueDatabase } from '../src/index.js'

// Both are assignable: the type check of this file is the test of the types.
const OPENERS: readonly (readonly [name: string, open: () => Promise<KeyValueDatabase>])[] = [
  ['an embedded database', () => AsyncDatabase.memory()],
  ['a cluster', () => ClusterDatabase.open(memoryDriver())],
]

describe.each(OPENERS)('a portable program on %s', (_name, open) => {
  test('transfers between accounts, and follows them in one snapshot', async () => {
    const db = await open()
    const accounts = await db.keyspace<string, number>('accounts', { values: 'json' })
    const journal = await db.keyspace('journal', { keys: 'tuple', values: 'json' })
    await db.batch().in(accounts).put('ada', 100).put('bob', 0).commit({ durability: 'full' })
    await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        db.transaction(
          async (tx) => {
            const view = tx.in(accounts)
            const [ada = 0, bob = 0] = await view.getMany(['ada', 'bob'])
            await view.put('ada', ada - 10)
            await view.put('bob', bob + 10)
            await tx.in(journal).put([number], { cents: 10 })
          },
          { retries: 100 },
        ),
      ),
    )
    const snapshot = db.snapshot()
    const clearing = accounts.clear()
    expect(await snapshot.in(accounts).entries().toArray()).toEqual([
      ['ada', 0],
      ['bob', 100],
    ])
    expect(await snapshot.in(journal).count()).toBe(10)
    await snapshot.release()
    await clearing
    expect(await accounts.count()).toBe(0)
    expect(
      await journal
        .values({ limit: 1 })
        .map((value) => JSON.stringify(value))
        .toArray(),
    ).toEqual(['{"cents":10}'])
    await db.close()
  })

  test('sees its own writes in a transaction', async () => {
    const db = await open()
    await db.batch().put('a', '1').put('b', '1').put('c', '1').commit()
    const tx = db.begin()
    await tx.deleteRange({ gte: 'b', limit: 1 })
    await tx.put('d', '2')
    await tx.update('a', (value) => `${value}!`)
    expect(await tx.entries({ reverse: true }).toArray()).toEqual([
      ['d', '2'],
      ['c', '1'],
      ['a', '1!'],
    ])
    expect(await tx.count({ lt: 'd' })).toBe(2)
    expect(await tx.take('c')).toBe('1')
    expect(await tx.putIfAbsent('c', '3')).toBe(true)
    await tx.rollback()
    expect(tx.isOpen).toBe(false)
    expect(await db.count()).toBe(3)
    await db.close()
  })
})
