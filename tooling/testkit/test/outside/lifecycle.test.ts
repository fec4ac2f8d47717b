// Strategy: whole programs on real directories. Loops that await operations of the asynchronous API run beside a timer; functions of
// the caller reject; databases are closed under pending calls; programs end with calls pending.
// Invariants: timers run beside a loop of awaits; a rejection is reported once, so that the process ends with code 0; no call hangs; what
// was reported as written is there after the next open.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
})
afterEach(() => {
  folder.remove()
})

/** Opens a database of 2,000 entries as `db`, whose pages are resident. */
const OPEN = `
  import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
  const db = await AsyncDatabase.open('data')
  const keys = Array.from({ length: 2000 }, (_, index) => 'key' + String(index).padStart(6, '0'))
  const batch = db.batch()
  for (const key of keys) batch.put(key, 'value of ' + key)
  await batch.commit()
  await db.entries().toArray()
`

describe('a loop of awaits lets timers run:', () => {
  // Each loop ends when a timer of 20 ms has fired. Without turns of the event loop it would run for 20 s.
  it.each([
    ['get', 'await db.get(keys[round % 2000])'],
    ['get of an absent key', "await db.get('absent')"],
    ['has', 'await db.has(keys[round % 2000])'],
    ['getMany', 'await db.getMany(keys.slice(0, 20))'],
    ['count', 'await db.count({ lt: keys[20] })'],
    ['estimate', 'await db.estimate({ lt: keys[20] })'],
    ['toArray', 'await db.keys({ limit: 5 }).toArray()'],
    ['next', 'if ((await scan.next()).done) scan = db.entries()'],
    ['next of a helper', 'if ((await mapped.next()).done) mapped = db.entries().map((entry) => entry)'],
    ['return', 'await db.keys().return()'],
    ['a cursor', 'if (!(await cursor.next())) await cursor.first()'],
    ['put at none', "await db.put('a', '1', { durability: 'none' })"],
    ['put at periodic', "await db.put('a', '1', { durability: 'periodic' })"],
    ['putIfAbsent of a present key', "await db.putIfAbsent(keys[0], 'x')"],
    ['compareAndSwap that fails', "await db.compareAndSwap(keys[0], 'x', 'y')"],
    ['update', "await db.update(keys[0], (value) => value, { durability: 'none' })"],
    ['an empty batch', 'await db.batch().commit()'],
    ['an empty range', "await db.deleteRange({ gt: 'b', lt: 'a' })"],
    ['a snapshot', 'const s = db.snapshot(); await s.get(keys[3]); await s.release()'],
    ['a transaction', 'await db.transaction((tx) => tx.get(keys[3]))'],
    ['reads of a transaction', 'await tx.get(keys[3])'],
    ['writes of a transaction', "await tx.put('a', '1')"],
    ['begin and rollback', 'const t = db.begin(); await t.rollback()'],
    ['keyspaces', 'await db.keyspaces()'],
    ['stats', 'await db.stats()'],
    ['many loops at once', 'await Promise.all(keys.slice(0, 50).map((key) => db.get(key)))'],
  ])('%s', async (_, call) => {
    const end = await folder.run(`${OPEN}
      const cursor = db.cursor()
      const tx = db.begin()
      let scan = db.entries()
      let mapped = db.entries().map((entry) => entry)
      // Those that the loop does not use would be collected, with a warning.
      globalThis.held = [cursor, scan, mapped]
      let isOver = false
      const startedAt = performance.now()
      setTimeout(() => { isOver = true }, 20)
      let round = 0
      while (!isOver && performance.now() - startedAt < 20_000) { ${call}; round++ }
      console.log(isOver, round > 0)
      await tx.rollback()
      await db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'true true\n', stderr: '' })
  })

  it('a change stream that is far behind', async () => {
    const end = await folder.run(`${OPEN}
      const since = db.seq
      for (let index = 0; index < 30_000; index++) void db.put(keys[index % 2000], String(index), { durability: 'none' })
      await db.synced()
      let fired = 0
      const timer = setInterval(() => { fired++ }, 1)
      let count = 0
      const startedAt = performance.now()
      for await (const { seq } of db.changes({ since })) if (++count === 30_000) break
      const ms = performance.now() - startedAt
      clearInterval(timer)
      console.log(fired >= Math.min(3, Math.floor(ms / 50)))
      await db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
  })
})

describe('a process', () => {
  it('ends with code 0 after functions that reject were refused', async () => {
    const end = await folder.run(`${OPEN}
      const calls = [
        () => db.sync.transaction(async (tx) => { tx.put('a', '1'); throw new Error('mine') }),
        () => db.sync.transaction(() => ({ then() { throw new Error('mine') } })),
        () => db.sync.update('a', () => Promise.reject(new Error('mine'))),
        () => db.update('a', async () => { throw new Error('mine') }),
        () => db.sync.entries().forEach(async () => { throw new Error('mine') }),
        () => db.sync.entries().filter(async () => { throw new Error('mine') }).toArray(),
        () => db.sync.verify({ onProgress: async () => { throw new Error('mine') } }),
      ]
      for (const call of calls) {
        try {
          await call()
          console.log('accepted', String(call))
        } catch (error) {
          if (!isLdbError(error, 'LDB_INVALID_ARGUMENT')) console.log(error)
        }
      }
      db.on('checkpoint', async () => { throw new Error('mine') })
      await db.checkpoint()
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log(await db.has('a'))
      await db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'false\n', stderr: '' })
  })

  it('learns what became of a transaction that a close ends', async () => {
    const end = await folder.run(`${OPEN}
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
      const running = db.transaction(async (tx) => { await tx.put('a', '1'); await sleep(200); return 1 })
      const failed = running.catch((error) => error.code)
      await db.close()
      console.log(await failed)
      const again = Database.open('data')
      let code
      try { again.transaction((tx) => { tx.put('a', '1'); again.close(); return 1 }) } catch (error) { ({ code } = error) }
      console.log(code)
      const last = Database.open('data')
      console.log(last.has('a'), last.verify().ok)
      last.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'LDB_CLOSED\nLDB_CLOSED\nfalse true\n', stderr: '' })
  })

  it.each([
    ['close', 'const closed = db.close()'],
    ['close of the synchronous API', 'const closed = Promise.resolve(); db.sync.close()'],
  ])('finds after a %s what pending calls have reported', async (_, close) => {
    const end = await folder.run(
      `${OPEN}
      let done = 0
      for (let round = 0; round < 40; round++) {
        const db = await AsyncDatabase.open('data')
        const users = await db.keyspace('users')
        const name = 'r' + round
        const calls = {
          put: users.put(name + 'put', '1'),
          none: users.put(name + 'none', '1', { durability: 'none' }),
          absent: users.putIfAbsent(name + 'absent', '1'),
          batch: db.batch().in(users).put(name + 'batch', '1').commit(),
          transaction: db.transaction(async (tx) => {
            const value = await tx.get(keys[(round * 31) % 2000])
            await tx.in(users).put(name + 'transaction', value)
            return tx.keys().toArray()
          }),
          get: db.get(keys[(round * 97) % 2000]),
          many: db.getMany(keys),
          scan: db.entries().toArray(),
          range: db.deleteRange({ gte: 'x', limit: 5 }),
          cursor: db.cursor().last(),
          stream: db.changes().next(),
        }
        const names = Object.keys(calls)
        const settled = Promise.allSettled(Object.values(calls))
        for (let step = 0; step < round % 20; step++) await (round % 2 === 0 ? undefined : new Promise(setImmediate))
        ${close}
        const outcomes = await settled
        await closed
        const again = Database.open('data')
        const written = again.keyspace('users')
        outcomes.forEach((outcome, index) => {
          const call = names[index]
          const isThere = written.has(name + call)
          const isWrite = ['put', 'none', 'absent', 'batch', 'transaction'].includes(call)
          if (outcome.status === 'fulfilled') { if (isWrite && !isThere) console.log('lost', round, call) }
          else if (!isLdbError(outcome.reason, 'LDB_CLOSED')) console.log('wrong', round, call, outcome.reason)
          else if (isWrite && isThere) console.log('denied', round, call)
        })
        again.close()
        done++
      }
      console.log(done)
    `.replace('await db.entries().toArray()\n', 'await db.close()\n'),
      // Cursors and streams are left open on purpose.
      { flags: ['--no-warnings'] },
    )
    expect(end).toMatchObject({ code: 0, stdout: '40\n', stderr: '' })
  })

  it('ends while calls are pending, and the next one finds what was acknowledged', async () => {
    const end = await folder.run(`${OPEN}
      await db.put('acknowledged', '1')
      void db.put('pending', '1')
      void db.entries().map(() => new Promise(() => {})).toArray()
      void db.transaction(() => new Promise(() => {}))
      void db.changes().next()
      console.log('over')
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'over\n' })
    const next = await folder.run(`
      import { Database } from '@ldb/core'
      const db = Database.open('data')
      console.log(db.get('acknowledged'), db.verify().ok)
      db.close()
    `)
    expect(next).toMatchObject({ code: 0, stdout: '1 true\n', stderr: '' })
  })
})
