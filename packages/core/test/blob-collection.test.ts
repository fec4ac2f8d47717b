// Strategy: values above a tiny `blobBytes` are replaced and deleted while older states are pinned, and a process ends or a call fails at every
// step of the collector.
// Invariants: V6: what a present entry, an open pin, a durable checkpoint or the log names stays readable; dead bytes are returned.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const BYTES = 3000

/** The tests count bytes of values, which are not compressed for that. */
function open(vfs: MemoryVfs, options: DatabaseOptions = {}): Database {
  const defaults = { vfs, blobBytes: 100, compression: 'none' } as const
  return new Database(openDatabase('data', { ...defaults, ...options }, { blobFileBytes: 32_768 }))
}

function textOf(number: number): string {
  return `${number}:`.padEnd(BYTES, String(number % 10))
}

/** Writes rounds of the same 20 keys. */
function fill(db: Database, rounds: number, from = 0): void {
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < 20; index++) db.put(`k${index}`, textOf(from + round * 20 + index))
  }
}

function expectRound(db: Pick<Database, 'get'>, round: number, from = 0): void {
  for (let index = 0; index < 20; index++) expect(db.get(`k${index}`)).toBe(textOf(from + round * 20 + index))
}

function blobsOf(db: Database): { fileBytes: number; liveBytes: number } {
  const { blobs } = db.stats()
  if (blobs === undefined) throw new Error('there are no blobs')
  return blobs
}

describe('the collector', () => {
  it.each(['btree', 'lsm'] as const)('returns the space of dead values over %s', (engine) => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { engine })
    fill(db, 10)
    expect(blobsOf(db).fileBytes).toBeGreaterThan(9 * 20 * BYTES)
    db.compact()
    const { fileBytes, liveBytes } = blobsOf(db)
    expect(fileBytes).toBeLessThan(1.1 * 20 * BYTES)
    expect(liveBytes).toBeGreaterThan(20 * BYTES)
    expectRound(db, 9)
    // Every third record of each file dies: the others are copied, and found by their old references.
    for (let index = 0; index < 20; index += 3) db.delete(`k${index}`)
    db.compact()
    expect(blobsOf(db).fileBytes).toBeLessThan(1.1 * 13 * BYTES)
    expect(db.verify().ok).toBe(true)
    db.close()
    const again = open(vfs, { engine })
    for (let index = 0; index < 20; index++) {
      expect(again.get(`k${index}`)).toBe(index % 3 === 0 ? undefined : textOf(180 + index))
    }
    again.close()
  })

  it.each(['sync', 'async'] as const)(
    'returns everything at a compaction by the %s API, although a round of the worst files waits',
    async (api) => {
      const vfs = new MemoryVfs()
      const db = open(vfs)
      for (let index = 0; index < 200; index++) db.put(`k${index}`, textOf(index))
      // A fifth of the files is dead, and in each other one a tenth.
      for (let index = 0; index < 40; index++) db.delete(`k${index}`)
      for (let index = 40; index < 200; index += 10) db.delete(`k${index}`)
      const snapshot = db.snapshot()
      for (let turn = 0; turn < 50; turn++) {
        vfs.time.advance(20)
        await new Promise((resolve) => setImmediate(resolve))
      }
      snapshot.release()
      await (api === 'sync' ? db : db.promises).compact()
      const { fileBytes, liveBytes } = blobsOf(db)
      expect(fileBytes).toBeLessThan(1.03 * liveBytes)
      expect(db.verify().ok).toBe(true)
      db.close()
    },
  )

  it('knows the live bytes of every kind of change, and after an open', () => {
    const vfs = new MemoryVfs()
    let db = open(vfs)
    fill(db, 2)
    db.delete('k0')
    db.put('k1', 'small')
    db.batch().put('k2', textOf(1)).put('k2', textOf(2)).put('k3', 'small').put('k3', textOf(3)).commit()
    const live = blobsOf(db).liveBytes
    db.compact()
    // A count of all records finds what was noted commit by commit.
    expect(blobsOf(db).liveBytes).toBe(live)
    db.close()
    db = open(vfs)
    db.compact()
    expect(blobsOf(db).liveBytes).toBe(live)
    db.deleteRange({ gte: 'k1', lt: 'k2' })
    db.compact()
    expect(blobsOf(db).liveBytes).toBeLessThan(live - 9 * BYTES)
    const other = db.keyspace('other')
    other.put('a', textOf(4))
    db.dropKeyspace('other')
    db.clear()
    db.compact()
    expect(blobsOf(db)).toMatchObject({ liveBytes: 0 })
    expect(blobsOf(db).fileBytes).toBeLessThan(1000)
    db.close()
  })

  it('keeps what a snapshot, a transaction, a scan or a cursor names', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    fill(db, 1)
    const snapshot = db.snapshot()
    fill(db, 1, 100)
    const tx = db.begin({ readOnly: true })
    fill(db, 1, 200)
    const scan = db.entries()
    fill(db, 1, 300)
    const cursor = db.cursor()
    fill(db, 1, 400)
    for (let round = 0; round < 2; round++) db.compact()
    expectRound(snapshot, 0)
    expectRound(tx, 0, 100)
    expect(scan.toArray().map(([, value]) => value.length)).toEqual(new Array(20).fill(BYTES))
    expect(cursor.seek('k7') && cursor.value).toBe(textOf(307))
    snapshot.release()
    db.compact()
    expectRound(tx, 0, 100)
    expect(cursor.seek('k7') && cursor.value).toBe(textOf(307))
    tx.rollback()
    cursor.close()
    db.compact()
    expect(blobsOf(db).fileBytes).toBeLessThan(1.1 * 20 * BYTES)
    expectRound(db, 0, 400)
    db.close()
  })

  it('keeps what a stream of changes has not read', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const changes = db.promises.changes()
    fill(db, 3)
    db.compact()
    db.compact()
    for (let number = 0; number < 60; number++) {
      const { value } = await changes.next()
      expect(value?.changes[0]).toMatchObject({ kind: 'put', value: textOf(number) })
    }
    await changes.return()
    db.put('last', 'small')
    db.compact()
    expect(blobsOf(db).fileBytes).toBeLessThan(1.1 * 20 * BYTES)
    db.close()
  })

  it('leaves a file in which a record cannot be read: what follows may be live', () => {
    const vfs = new MemoryVfs()
    const first = open(vfs)
    fill(first, 1)
    for (let index = 0; index < 20; index += 2) first.delete(`k${index}`)
    first.close()
    const file = vfs.open('data/blobs/1.blob', 'write')
    // A byte of the header of the record of k3, which a get does not need.
    file.write(Uint8Array.of(0xff), 0, 1, 64 + 3 * 3048 + 10)
    file.close()
    const db = open(vfs)
    for (let round = 0; round < 2; round++) {
      db.compact()
      for (let index = 1; index < 20; index += 2) expect(db.get(`k${index}`)).toBe(textOf(index))
    }
    db.close()
  })

  it('keeps what streams of changes have not read, up to their backlog, large values included', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { changesBacklogBytes: 100_000 })
    const prompt = db.promises.changes()
    const laggard = db.promises.changes()
    for (let round = 0; round < 5; round++) {
      fill(db, 1, round * 20)
      for (let index = 0; index < 20; index++) {
        const { value } = await prompt.next()
        expect(value?.changes[0]).toMatchObject({ value: textOf(round * 20 + index) })
      }
      db.checkpoint()
    }
    db.compact()
    expect(blobsOf(db).fileBytes).toBeLessThan(1.2 * 20 * BYTES)
    await expect(laggard.next()).rejects.toMatchObject({ code: 'LDB_NOT_FOUND' })
    await prompt.return()
    db.close()
  })

  it('keeps what the log names after a process has ended, for streams that begin later', async () => {
    const vfs = new MemoryVfs()
    const first = open(vfs)
    fill(first, 3)
    const left = copyAfterKill(vfs, 'data')
    first.close()
    const db = open(left)
    const changes = db.promises.changes({ since: 0 })
    db.clear()
    db.compact()
    for (let number = 0; number < 60; number++) {
      expect((await changes.next()).value?.changes[0]).toMatchObject({ value: textOf(number) })
    }
    await changes.return()
    db.compact()
    expect(blobsOf(db).fileBytes).toBeLessThan(1000)
    db.close()
  })

  it('tells a stream that is released while it reads that its commit is gone', async () => {
    const outcomes = new Set<string>()
    for (let turns = 0; turns < 40; turns++) {
      const db = open(new MemoryVfs(), { changesBacklogBytes: 0 })
      const changes = db.promises.changes()
      db.batch().put('a', textOf(1)).put('b', textOf(2)).put('c', textOf(3)).commit()
      const reading = changes.next().then(
        ({ value }) => value?.changes.length,
        ({ code }: { code: string }) => code,
      )
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      db.clear()
      db.compact()
      outcomes.add(String(await reading))
      await changes.return()
      db.close()
    }
    expect([...outcomes].sort()).toEqual(['3', 'LDB_NOT_FOUND'])
  })

  it('works in the background of both APIs', async () => {
    const vfs = new MemoryVfs()
    const time = vfs.clock as unknown as { advance(ms: number): void }
    const db = open(vfs, { durability: 'none' })
    for (let round = 0; round < 60; round++) {
      fill(db, 1, round * 20)
      if (round % 2 === 0) await db.promises.put('async', textOf(round))
      // Timers run; so do the promises of the work that they begin.
      time.advance(100)
      for (let turn = 0; turn < 40; turn++) await Promise.resolve()
    }
    for (let turn = 0; turn < 30; turn++) {
      time.advance(10_000)
      await new Promise(setImmediate)
    }
    expect(blobsOf(db).fileBytes).toBeLessThan(1.3 * 21 * BYTES + 2000)
    expectRound(db, 0, 59 * 20)
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  it('loses nothing when any of its calls fails, or the process ends there', () => {
    for (let failing = 1, isDone = false; !isDone; failing++) {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      fill(db, 3)
      db.delete('k19')
      let count = 0
      isDone = true
      vfs.fault = (call, path) => {
        if (!path.includes('blobs') || call === 'close' || ++count < failing) return undefined
        isDone = false
        return deviceError('LDB_IO', call, path)
      }
      try {
        db.compact()
      } catch {
        // The failing call.
      }
      // A process that ended here has left the files as they are.
      vfs.fault = () => undefined
      for (let index = 0; index < 19; index++) expect(db.get(`k${index}`)).toBe(textOf(40 + index))
      db.compact()
      expect(blobsOf(db).fileBytes).toBeLessThan(1.1 * 20 * BYTES)
      expect(db.verify().ok).toBe(true)
      db.close()
      const again = open(vfs)
      for (let index = 0; index < 19; index++) expect(again.get(`k${index}`)).toBe(textOf(40 + index))
      again.close()
    }
  })
})
