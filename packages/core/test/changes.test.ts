// Strategy: change streams over in-memory files, with checkpoints, other keyspaces and slow readers between reads.
// Invariants: a stream returns every commit after `since` once, in order, with its changes; a stream resumes where
// another ended; a reader within the backlog limit holds the log back, and a slower one does not.
import fc from 'fast-check'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import type { CommittedChanges } from '../src/changes/change.js'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'

const TUNING = { pageBytes: 512, checkpointLogBytes: 1 << 20, segmentBytes: 2048, preallocateBytes: 0 }

function open(vfs: MemoryVfs, changesBacklogBytes = 1 << 20): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 65_536, changesBacklogBytes }, TUNING))
}

function rejection(code: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code })
}

async function take(stream: AsyncIterable<CommittedChanges>, count: number): Promise<CommittedChanges[]> {
  const taken: CommittedChanges[] = []
  for await (const commit of stream) if (taken.push(commit) === count) break
  return taken
}

/** Returns the expected change of a range delete over utf8 keys. */
function removed(keyspace: string, gte?: string, lt?: string): object {
  const bytes = (text: string | undefined): Uint8Array | undefined =>
    text === undefined ? undefined : Uint8Array.from(text, (character) => character.charCodeAt(0))
  return { kind: 'deleteRange', keyspace, gte, lt, lower: bytes(gte), upper: bytes(lt) }
}

describe('changes', () => {
  it.each(['sync', 'synced'] as const)(
    'are returned after %s has written them out of the process',
    async (how) => {
      const db = open(new MemoryVfs())
      // The first commit after idle time is written at once.
      db.put('first', '1', { durability: 'none' })
      const changes = db.changes({ since: 1 })
      const next = changes.next()
      let returnedSeq: unknown
      void next.then((result) => (returnedSeq = result.value?.seq))
      await db.promises.put('a', '1', { durability: 'none' })
      for (let round = 0; round < 100; round += 1) await Promise.resolve()
      expect(returnedSeq).toBe(undefined)
      if (how === 'sync') db.sync()
      else await db.promises.synced()
      for (let round = 0; round < 100; round += 1) await Promise.resolve()
      expect(returnedSeq).toBe(2)
      await changes.return()
      db.close()
    },
  )

  it('are returned commit by commit, with their numbers; a range delete is one change', async () => {
    const db = Database.memory()
    const users = db.keyspace('users', { keys: 'tuple', values: 'json' })
    const changes = db.changes()
    db.put('a', '1')
    db.batch().delete('a').put('b', '2').in(users).put([7, 'x'], { age: 36 }).commit()
    db.deleteRange({ gte: 'a', lt: 'c' })
    users.clear()
    expect(await take(changes, 4)).toEqual([
      { seq: 2, changes: [{ kind: 'put', keyspace: 'default', key: 'a', value: '1' }] },
      {
        seq: 3,
        changes: [
          { kind: 'delete', keyspace: 'default', key: 'a' },
          { kind: 'put', keyspace: 'default', key: 'b', value: '2' },
          { kind: 'put', keyspace: 'users', key: [7, 'x'], value: { age: 36 } },
        ],
      },
      { seq: 4, changes: [removed('default', 'a', 'c')] },
      { seq: 5, changes: [removed('users')] },
    ])
    expect(await changes.next()).toEqual({ done: true, value: undefined })
    db.close()
  })

  it('contain the bytes of range bounds that are not encodings of keys', async () => {
    const db = Database.memory()
    const points = db.keyspace('points', { keys: 'tuple' })
    const changes = db.changes()
    points.put(['a', 1], '1')
    points.deleteRange({ prefix: ['a'] })
    points.deleteRange({ gt: ['a', 1] })
    db.deleteRange({ prefix: '\u00ff' })
    db.deleteRange({ gt: 'b', lte: 'c' })
    const [, prefix, above, text, open] = (await take(changes, 5)).map((commit) => commit.changes[0])
    expect(prefix).toMatchObject({ gte: ['a'], lt: undefined })
    expect(prefix).toMatchObject({ upper: expect.any(Uint8Array) as Uint8Array })
    expect(above).toMatchObject({ gte: undefined, lt: undefined, upper: undefined })
    expect(above).toMatchObject({ lower: expect.any(Uint8Array) as Uint8Array })
    expect(text).toMatchObject({ gte: '\u00ff', lt: undefined, upper: Uint8Array.of(0xc3, 0xc0) })
    expect(open).toMatchObject({ gte: 'b\0', lt: 'c\0' })
    await changes.return()
    db.close()
  })

  it('can be limited to one keyspace and one prefix', async () => {
    const db = Database.memory()
    const users = db.keyspace('users')
    const changes = db.changes({ keyspace: users, prefix: 'u' })
    db.put('u1', 'other keyspace')
    users.put('v', 'other prefix')
    users.put('u1', 'Ada')
    users.clear()
    users.deleteRange({ gt: 'v' })
    users.put('u2', 'Grace')
    expect(await take(changes, 3)).toEqual([
      { seq: 4, changes: [{ kind: 'put', keyspace: 'users', key: 'u1', value: 'Ada' }] },
      { seq: 5, changes: [removed('users', 'u', 'v')] },
      { seq: 7, changes: [{ kind: 'put', keyspace: 'users', key: 'u2', value: 'Grace' }] },
    ])
    db.close()
  })

  it('wait for commits, and end with the stream, the signal and the database', async () => {
    const db = open(new MemoryVfs())
    const changes = db.changes()
    const next = changes.next()
    const asPromised = db.promises.put('a', '1')
    expect((await next).value?.seq).toBe(1)
    await asPromised
    const waiting = changes.next()
    await changes.return()
    expect((await waiting).done).toBe(true)
    const controller = new AbortController()
    const aborted = db.changes({ signal: controller.signal }).next()
    await Promise.resolve()
    controller.abort()
    await expect(aborted).rejects.toEqual(rejection('LDB_ABORTED'))
    const closed = db.promises.changes().next()
    await Promise.resolve()
    await db.promises.close()
    await expect(closed).rejects.toEqual(rejection('LDB_CLOSED'))
  })

  it('do not contain invisible commits', async () => {
    const db = open(new MemoryVfs())
    const changes = db.changes()
    const put = db.promises.put('a', '1')
    const order: string[] = []
    const returned = changes.next().then(() => order.push(`returned at ${db.seq}`))
    await Promise.all([put, returned])
    expect(order).toEqual(['returned at 1'])
    db.close()
  })

  it('resume after a commit, over checkpoints, while a reader holds the log back', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const changes = db.changes({ since: 0 })
    for (let index = 1; index <= 100; index++) {
      db.put(`key${index}`, 'x'.repeat(100))
      if (index % 25 === 0) db.checkpoint()
    }
    expect((await take(changes, 60)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    )
    const second = db.changes({ since: 75 })
    expect((await second.next()).value?.seq).toBe(76)
    db.checkpoint()
    expect((await second.next()).value?.seq).toBe(77)
    await second.return()
    db.put('last', '')
    db.checkpoint()
    expect(() => db.changes({ since: 60 })).toThrow(
      expect.objectContaining({ code: 'LDB_NOT_FOUND' }) as Error,
    )
    expect(db.verify().findings).toEqual([])
    db.close()
    const again = open(vfs)
    const latest = again.changes({ since: again.seq })
    again.put('new', '')
    expect((await latest.next()).value?.seq).toBe(102)
    again.close()
  })

  it('survive a killed process while a reader holds the log back', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const changes = db.changes({ since: 0 })
    for (let index = 1; index <= 50; index++) {
      db.put(`key${index}`, 'x'.repeat(100))
      if (index % 10 === 0) db.checkpoint()
    }
    expect((await changes.next()).value?.seq).toBe(1)
    // Nothing is closed: the files are as a killed process leaves them.
    const left = copyAfterKill(vfs, 'data')
    const again = open(left)
    expect(again.count()).toBe(50)
    expect(again.verify().findings).toEqual([])
    again.close()
    db.close()
  })

  it('fail for a reader beyond the backlog limit, and the log is truncated', async () => {
    const db = open(new MemoryVfs(), 4096)
    const laggard = db.changes()
    const prompt = db.changes()
    let seq = 0
    for (let round = 0; round < 20; round++) {
      db.put(`key${round}`, 'x'.repeat(1000))
      seq = (await prompt.next()).value?.seq ?? 0
      db.checkpoint()
    }
    expect(seq).toBe(20)
    await expect(laggard.next()).rejects.toEqual(rejection('LDB_NOT_FOUND'))
    expect(db.stats().log.fileBytes).toBeLessThan(8192)
    db.close()
  })

  it('fail for a reader beyond the limit in memory too', async () => {
    const db = Database.memory({ changesBacklogBytes: 2000 })
    const laggard = db.changes()
    for (let round = 0; round < 20; round++) db.put(`key${round}`, 'x'.repeat(1000))
    await expect(laggard.next()).rejects.toEqual(rejection('LDB_NOT_FOUND'))
    db.close()
  })

  it('reject invalid options', () => {
    const db = Database.memory()
    const other = Database.memory()
    for (const options of [
      { since: -1 },
      { since: 1 },
      { since: 0.5 },
      { keyspace: other },
      { keyspace: 'default' },
      { signal: 1 },
      { prefix: 7 },
      { unknown: 1 },
    ]) {
      expect(() => db.changes(options as never)).toThrow(
        expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }) as Error,
      )
    }
    db.close()
    other.close()
  })

  it('rebuild the content from any sequence of commits', async () => {
    const step = fc.record({
      kind: fc.constantFrom('put', 'delete', 'range', 'async', 'none', 'checkpoint', 'update'),
      key: fc.integer({ min: 0, max: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        async (steps, inMemory) => {
          const db = inMemory ? Database.memory() : open(new MemoryVfs())
          const changes = db.changes({ keyspace: db })
          const pending: Promise<unknown>[] = []
          steps.forEach(({ kind, key: number }, index) => {
            const key = `key${String(number).padStart(2, '0')}`
            if (kind === 'put') db.put(key, `${index}`)
            else if (kind === 'delete') db.delete(key)
            else if (kind === 'range') db.deleteRange({ gt: key, limit: 3 })
            else if (kind === 'async') pending.push(db.promises.put(key, `${index}`))
            else if (kind === 'none') pending.push(db.promises.put(key, `${index}`, { durability: 'none' }))
            else if (kind === 'update') pending.push(db.promises.update(key, (value) => `${value}+`))
            else db.checkpoint()
          })
          await Promise.all(pending)
          db.sync()
          const copy = new Map<string, string>()
          for (let seq = 0; seq < db.seq;) {
            const { value } = await changes.next()
            expect(value?.seq).toBe(++seq)
            for (const change of value?.changes ?? []) {
              if (change.kind === 'put') copy.set(change.key, change.value)
              else if ('key' in change) copy.delete(change.key)
              else if (change.kind === 'deleteRange') {
                for (const key of copy.keys())
                  if (key >= (change.gte ?? '') && (change.lt === undefined || key < change.lt))
                    copy.delete(key)
              }
            }
          }
          expect([...copy].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(db.entries().toArray())
          await changes.return()
          db.close()
        },
      ),
      { numRuns: 150 },
    )
  })
})
