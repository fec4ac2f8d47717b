import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'
import type { Scan } from './scan.js'

function filled(): Database {
  const db = Database.memory()
  const batch = db.batch()
  for (let number = 0; number < 10; number++) batch.put(`k${number}`, String(number))
  batch.commit()
  return db
}

function openReads(db: Database): number {
  return db.stats().reads.openCount
}

describe('Scan', () => {
  it('has the methods of the standard iterator helpers', () => {
    using db = filled()
    const numbers = () => db.values().map(Number)
    expect(numbers().toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(
      numbers()
        .filter((number) => number % 3 === 0)
        .toArray(),
    ).toEqual([0, 3, 6, 9])
    expect(numbers().take(2).toArray()).toEqual([0, 1])
    expect(numbers().drop(8).toArray()).toEqual([8, 9])
    expect(numbers().drop(20).toArray()).toEqual([])
    expect(numbers().take(0).toArray()).toEqual([])
    expect(numbers().take(Infinity).drop(9).toArray()).toEqual([9])
    expect(
      numbers()
        .take(3)
        .flatMap((number) => [number, -number])
        .toArray(),
    ).toEqual([0, -0, 1, -1, 2, -2])
    expect(numbers().reduce((sum, number) => sum + number)).toBe(45)
    expect(numbers().reduce((text, number) => text + String(number), '')).toBe('0123456789')
    expect(numbers().some((number) => number > 8)).toBe(true)
    expect(numbers().every((number) => number < 5)).toBe(false)
    expect(numbers().find((number) => number > 4)).toBe(5)
    expect(numbers().find((number) => number > 40)).toBeUndefined()
    const seen: number[] = []
    numbers().forEach((number, index) => seen.push(number * index))
    expect(seen[9]).toBe(81)
    expect([...db.keys({ limit: 2 })]).toEqual(['k0', 'k1'])
    expect(openReads(db)).toBe(0)
  })

  it('refuses a second walk over its results', () => {
    using db = filled()
    const once = { code: 'LDB_INVALID_ARGUMENT', message: expect.stringContaining('read once') as string }
    const again = (scan: Scan<string>): void => {
      expect(() => [...scan]).toThrow(expect.objectContaining(once))
      expect(() => scan.toArray()).toThrow(expect.objectContaining(once))
      expect(() => scan.map(Number)).toThrow(expect.objectContaining(once))
      expect(() => scan.take(1)).toThrow(expect.objectContaining(once))
      expect(scan.next().done).toBe(true)
      expect(openReads(db)).toBe(0)
    }
    const ways: ((scan: Scan<string>) => void)[] = [
      (scan) => [...scan],
      (scan) => scan.toArray(),
      (scan) => scan.return(),
      (scan) => scan.forEach(() => undefined),
      (scan) => scan.find(() => true),
      (scan) => scan.map(Number).toArray(),
      (scan) => {
        for (const value of scan) if (value === '1') break
      },
      (scan) => {
        while (scan.next().done !== true) continue
      },
    ]
    for (const read of ways) {
      const scan = db.values()
      read(scan)
      again(scan)
    }
    const partly = db.values()
    partly.next()
    expect([...partly].length).toBe(9)
  })

  it('releases its snapshot at the end, on return, on break and when a callback throws (S2)', () => {
    using db = filled()
    const scan = db.entries()
    expect(openReads(db)).toBe(1)
    scan.next()
    scan.return()
    expect(scan.next()).toEqual({ done: true, value: undefined })
    expect(openReads(db)).toBe(0)
    for (const key of db.keys()) if (key === 'k3') break
    expect(openReads(db)).toBe(0)
    const fault = new Error('mine')
    const throws = () => {
      throw fault
    }
    expect(() => db.keys().map(throws).toArray()).toThrow(fault)
    expect(() => db.keys().filter(throws).next()).toThrow(fault)
    expect(() => db.keys().forEach(throws)).toThrow(fault)
    expect(() => db.keys().flatMap(throws).toArray()).toThrow(fault)
    expect(() => db.keys().reduce(throws)).toThrow(fault)
    {
      using _held = db.keys()
      expect(openReads(db)).toBe(1)
    }
    db.keys().some(() => true)
    db.keys().take(1).next()
    db.entries({ limit: 1 }).next()
    db.entries({ gt: 'z', lt: 'a' })
    expect(openReads(db)).toBe(0)
    const inner = { closed: false }
    const expanded = db.keys().flatMap(function* () {
      try {
        yield 1
        yield 2
      } finally {
        inner.closed = true
      }
    })
    expanded.next()
    expanded.return()
    expect(inner.closed).toBe(true)
  })

  it('counts in the statistics while it is open', () => {
    using db = filled()
    const scan = db.values()
    scan.next()
    expect(db.stats().reads).toMatchObject({ openCount: 1, oldestSeq: 1 })
    scan.return()
  })

  it('reads the state at the call that created it (S1)', () => {
    using db = filled()
    const scan = db.entries({ gte: 'k8' })
    db.clear()
    expect(scan.toArray()).toEqual([
      ['k8', '8'],
      ['k9', '9'],
    ])
  })

  it('lets callbacks write (U1)', () => {
    using db = filled()
    for (const [key, value] of db.entries()) db.put(key, `${value}!`)
    db.keys().forEach((key) => db.delete(key))
    expect(db.count()).toBe(0)
  })

  it('throws LDB_CLOSED instead of ending when the database closes', () => {
    const db = filled()
    const scans = [db.entries(), db.keys().map((key) => key), db.snapshot().values()]
    for (const scan of scans) scan.next()
    db.close()
    for (const scan of scans) {
      expect(() => scan.next()).toThrowError(expect.objectContaining({ code: 'LDB_CLOSED' }))
      scan.return()
    }
  })

  it('refuses an invalid callback or count, and releases its snapshot', () => {
    using db = filled()
    const wrong = [
      () => db.keys().map(7 as never),
      () => db.keys().take(-1),
      () => db.keys().drop(1.5),
      () => db.keys().find(undefined as never),
      () => db.keys({ gt: 'z' }).reduce((a) => a),
    ]
    for (const call of wrong)
      expect(call).toThrowError(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
    expect(openReads(db)).toBe(0)
  })
})
