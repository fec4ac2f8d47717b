// Strategy: scans of the asynchronous API in memory, with async callbacks and concurrent calls.
// Invariants: the iterator helpers have their standard meaning, results keep their order, and every scan releases its
// snapshot.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import type { AsyncScan } from '../src/async/scan.js'
import { rejection } from './async-setup.js'

describe('scans of the asynchronous API', () => {
  it('have the iterator helpers, with async callbacks', async () => {
    const db = await AsyncDatabase.memory()
    for (const key of ['a', 'b', 'c', 'd']) await db.put(key, key.toUpperCase())
    const later = async <T>(value: T): Promise<T> => value
    expect(
      await db
        .keys()
        .map(later)
        .filter((key) => later(key !== 'b'))
        .drop(1)
        .take(1)
        .toArray(),
    ).toEqual(['c'])
    expect(
      await db
        .values()
        .flatMap((value) => [value, value])
        .take(3)
        .toArray(),
    ).toEqual(['A', 'A', 'B'])
    expect(await db.values().reduce((all, value) => later(all + value))).toBe('ABCD')
    expect(await db.values().reduce((all, value) => all + value.length, 10)).toBe(14)
    expect(await db.keys().some((key) => later(key === 'c'))).toBe(true)
    expect(await db.keys().every((key) => key < 'c')).toBe(false)
    expect(await db.keys().find((key) => later(key > 'b'))).toBe('c')
    const seen: string[] = []
    await db.keys().forEach(async (key) => {
      await Promise.resolve()
      seen.push(key)
    })
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
    await expect(db.keys({ gt: 'x' }).reduce((all, key) => all + key)).rejects.toEqual(
      rejection('LDB_INVALID_ARGUMENT'),
    )
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('refuse a second walk over their results', async () => {
    const db = await AsyncDatabase.memory()
    await db.batch().put('a', '1').put('b', '2').commit()
    const ways: ((scan: AsyncScan<string>) => Promise<unknown>)[] = [
      (scan) => scan.toArray(),
      (scan) => scan.return(),
      (scan) => scan.some(() => true),
      (scan) => scan.filter(() => true).toArray(),
      async (scan) => {
        for await (const value of scan) expect(value).not.toBe('')
      },
    ]
    for (const read of ways) {
      const scan = db.values()
      await read(scan)
      await expect(scan.toArray()).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
      await expect(scan.forEach(() => undefined)).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
      expect(() => scan.take(1)).toThrow('a scan is read once')
      expect(() => scan[Symbol.asyncIterator]()).toThrow('a scan is read once')
      expect((await scan.next()).done).toBe(true)
    }
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('resolve concurrent calls of next in their order, and end on break and on errors', async () => {
    const db = await AsyncDatabase.memory()
    for (const key of ['a', 'b', 'c']) await db.put(key, key)
    const scan = db.keys()
    const results = await Promise.all([scan.next(), scan.next(), scan.next(), scan.next(), scan.next()])
    expect(results.map(({ value }) => value)).toEqual(['a', 'b', 'c', undefined, undefined])
    for await (const key of db.keys()) if (key === 'b') break
    await expect(
      db.keys().forEach(() => {
        throw new RangeError('mine')
      }),
    ).rejects.toThrow('mine')
    expect(() => db.keys({ gt: 7 as unknown as string })).toThrow()
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })
})
