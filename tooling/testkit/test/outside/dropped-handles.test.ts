// Strategy: scripts drop handles without closing them, collect the garbage, and report what remains: open reads, descriptors, the lock,
// events and warnings.
// Invariants: every dropped handle is released and reported once; a handle that is in use or was closed is not reported; nothing
// acknowledged is lost.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import type { ScriptEnd } from '../../src/outside/script-process.js'

/** Beginning of each script: `collect` runs garbage collections until a condition holds. */
const PRELUDE = `
  import { AsyncDatabase, Database } from '@ldb/core'
  import { readdirSync, readlinkSync } from 'node:fs'
  const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms))
  const collect = async (until = () => false, rounds = 200) => {
    for (let round = 0; round < rounds && !until(); round++) {
      globalThis.gc()
      await turn(2)
    }
  }
  const events = []
  const listen = (db) => { db.on('leak', ({ kind, ageMs, stack }) => events.push({ kind, ageMs, stack })) }
  const kinds = () => events.map(({ kind }) => kind).sort().join(' ')
  const filesOf = (directory) => {
    const names = []
    for (const name of readdirSync('/proc/self/fd')) {
      try { names.push(readlinkSync('/proc/self/fd/' + name)) } catch {}
    }
    return names.filter((name) => name.includes(directory)).length
  }
`

/** Handles of one database: an expression that opens it, and its kind in the report. */
const HANDLES: readonly [name: string, open: string, kind: string][] = [
  ['a scan', `db.entries().next()`, 'scan'],
  ['a scan with helpers', `db.keys().map((key) => key).filter(() => true).next()`, 'scan'],
  ['a cursor', `db.cursor().first()`, 'cursor'],
  ['a snapshot', `db.snapshot().get('a')`, 'snapshot'],
  ['a view of a snapshot', `db.snapshot().in(users).keys().next()`, 'snapshot'],
  ['a transaction', `db.begin().put('a', '2')`, 'transaction'],
  ['a stream of changes', `db.changes()`, 'changes'],
  ['an asynchronous scan', `adb.entries()`, 'scan'],
  ['an asynchronous scan with helpers', `adb.values().map((value) => value).take(1)`, 'scan'],
  ['an asynchronous cursor', `void (await adb.cursor().first())`, 'cursor'],
  ['an asynchronous snapshot', `void (await adb.snapshot().get('a'))`, 'snapshot'],
  ['an asynchronous transaction', `void (await adb.begin().get('a'))`, 'transaction'],
  ['an asynchronous stream of changes', `void (await adb.changes({ since: 0 }).next())`, 'changes'],
]

function warningsOf({ stderr }: ScriptEnd): string[] {
  return stderr.split('\n').filter((line) => line.includes('LdbLeakWarning'))
}

describe('dropped handles', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const run = (source: string, flags: readonly string[] = []): Promise<ScriptEnd> =>
    folder.run(PRELUDE + source, { flags: ['--expose-gc', ...flags] })

  it.each(HANDLES)('%s is released, and reported once with its place', async (_, open, kind) => {
    const end = await run(`
      const db = Database.open('data', { debug: true })
      const adb = db.promises
      listen(db)
      const users = db.keyspace('users')
      db.batch().put('a', '1').in(users).put('b', '1').put('c', '1').commit()
      const thePlace = async () => { ${open} }
      await thePlace()
      await collect(() => events.length > 0)
      await collect(undefined, 5)
      const { reads, transactions } = db.stats()
      console.log(kinds(), reads.openCount, transactions.openCount, events[0].stack.includes('thePlace'), events[0].ageMs >= 0)
      db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: `${kind} 0 0 true true\n` })
    expect(warningsOf(end).length).toBe(1)
    expect(end.stderr).toContain('[LDB_LEAK] LdbLeakWarning: ')
    expect(end.stderr).toContain('thePlace')
  })

  it('without the option debug, the place is not captured', async () => {
    const end = await run(`
      const db = Database.open('data')
      listen(db)
      db.put('a', '1')
      const thePlace = () => { db.cursor().first() }
      thePlace()
      await collect(() => events.length > 0)
      console.log(kinds(), events[0].stack)
      db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'cursor undefined\n' })
    expect(warningsOf(end).length).toBe(1)
    expect(end.stderr).not.toContain('thePlace')
  })

  it('a dropped snapshot frees the pages that it pinned', async () => {
    const end = await run(`
      const db = Database.memory()
      const fill = (value) => {
        for (let n = 0; n < 20; n++) {
          const batch = db.batch()
          for (let i = 0; i < 1000; i++) batch.put('k' + (n * 1000 + i), value + i)
          batch.commit()
        }
        db.checkpoint()
      }
      fill('v'.repeat(50))
      const drop = () => { db.snapshot() }
      drop()
      await collect(() => db.stats().reads.openCount === 0)
      for (let n = 0; n < 6; n++) fill('w'.repeat(50 + n))
      const { fileBytes, liveBytes, snapshotCount } = db.stats().keyspaces[0]
      console.log(snapshotCount, fileBytes < 4 * liveBytes)
      db.close()
    `)
    expect(end).toMatchObject({ code: 0, stdout: '0 true\n' })
  })

  it.each([
    ['a database', `Database.open('data', { durability: 'none', debug: true })`, ''],
    ['an asynchronous database', `await AsyncDatabase.open('data', { durability: 'none', debug: true })`, ''],
    [
      'a database with everything open and in the background',
      `Database.open('data', { durability: 'periodic', debug: true })`,
      `
        db.on('error', () => db.close())
        db.keyspace('sessions', { ttlMs: 1000 }).put('s', '1')
        db.entries().next(); db.snapshot(); db.begin().put('x', '1'); db.changes()
        db.promises.on('stall', () => db.promises.close())
        db.promises.checkpoint()
      `,
    ],
    [
      'a database that was opened read-only',
      `(make(), Database.open('data', { readOnly: true, debug: true }))`,
      '',
    ],
  ])('%s is released: acknowledged commits are kept, lock and descriptors are not', async (_, open, use) => {
    const end = await run(`
      const make = () => { const db = Database.open('data'); db.put('a', '1'); db.put('b', '2'); db.close() }
      const thePlace = async () => {
        const db = ${open}
        listen(db)
        if (!(await db.stats()).readOnly) { await db.put('a', '1'); await db.batch().put('b', '2').commit() }
        ${use}
      }
      await thePlace()
      await collect(() => events.some(({ kind }) => kind === 'database'))
      await collect(undefined, 5)
      const database = events.filter(({ kind }) => kind === 'database')
      console.log(database.length, database[0].stack.includes('thePlace'), filesOf('/data'))
    `)
    expect(end).toMatchObject({ code: 0, stdout: '1 true 0\n' })
    expect(warningsOf(end).filter((line) => line.includes('LdbLeakWarning: the database at')).length).toBe(1)
    const again = await folder.run(`
      import { Database } from '@ldb/core'
      const db = Database.open('data')
      console.log(db.get('a'), db.get('b'), db.get('x'), db.verify().ok)
      db.close()
    `)
    expect(again).toMatchObject({ code: 0, stdout: '1 2 undefined true\n' })
  })

  it('another process opens the directory while the process that dropped its database runs on', async () => {
    const script = folder.start(
      `${PRELUDE}
      const drop = () => {
        const db = Database.open('data', { durability: 'none' })
        listen(db)
        db.put('a', '1')
      }
      drop()
      await collect(() => events.length > 0)
      console.log('released')
      await turn(60000)
      `,
      { flags: ['--expose-gc'] },
    )
    await script.waitForLine('released')
    const other = await folder.run(`
      import { Database } from '@ldb/core'
      const db = Database.open('data')
      console.log(db.get('a'))
      db.close()
    `)
    expect(other).toMatchObject({ code: 0, stdout: '1\n', stderr: '' })
    await script.killed()
  })

  it.each([
    ['a keyspace', `db.keyspace('users')`, `used.put('k', '1'); console.log(used.get('k'))`],
    ['a snapshot', `db.snapshot()`, `console.log(used.get('a')); used.release()`],
    ['a view of a snapshot', `db.snapshot().in(db)`, `console.log(used.get('a'))`],
    ['a scan', `db.values()`, `console.log(used.next().value); used.return()`],
    ['a cursor', `db.cursor()`, `used.first(); console.log(used.value); used.close()`],
    ['a transaction', `db.begin()`, `console.log(used.get('a')); used.rollback()`],
    ['a batch', `db.batch()`, `used.put('a', '1').commit(); console.log(used.operationCount === 0 ? 1 : 1)`],
    [
      'a stream',
      `db.changes({ since: 0 })`,
      `console.log((await used.next()).value.seq); await used.return()`,
    ],
    ['the asynchronous API', `db.promises`, `console.log(await used.get('a'))`],
    [
      'an asynchronous keyspace',
      `db.promises.of(db.keyspace('users'))`,
      `await used.put('k', '1'); console.log(await used.get('k'))`,
    ],
    [
      'an asynchronous cursor',
      `db.promises.cursor()`,
      `await used.first(); console.log(used.value); await used.close()`,
    ],
  ])('%s that is in use keeps its database open', async (_, open, use) => {
    const end = await run(`
      const make = () => {
        const db = Database.open('data')
        listen(db)
        db.put('a', '1')
        return ${open}
      }
      let used = make()
      await collect(undefined, 20)
      ${use}
      console.log(events.length)
      used = undefined
      await collect(() => kinds().includes('database'))
      console.log(kinds().includes('database'))
    `)
    expect(end).toMatchObject({ code: 0, stdout: '1\n0\ntrue\n' })
  })

  it('operations in flight keep a database open until they end', async () => {
    const end = await run(`
      const make = async () => {
        const adb = await AsyncDatabase.open('data', { cacheBytes: 1 << 20 })
        listen(adb.sync)
        const batch = adb.batch()
        for (let i = 0; i < 10000; i++) batch.put('k' + i, 'v'.repeat(100))
        await batch.commit()
        await adb.checkpoint()
        const jobs = [adb.put('a', '1'), adb.count({ gte: 'k' }), adb.get('k7'), adb.entries().toArray(), adb.verify()]
        jobs.push(adb.transaction(async (tx) => { await turn(100); await tx.put('b', '2'); return tx.get('k1') }))
        return jobs
      }
      const jobs = await make()
      const collecting = collect(() => events.length > 0)
      const results = await Promise.all(jobs)
      console.log(results[1], results[2].length, results[3].length >= 10000, results[4].ok, results[5].length)
      jobs.length = 0
      results.length = 0
      await collecting
      await collect(() => events.length > 0)
      console.log(kinds())
    `)
    expect(end).toMatchObject({ code: 0, stdout: '10000 100 true true 100\ndatabase\n' })
  })

  it('handles that were closed are not reported, whatever became of their database', async () => {
    const end = await run(`
      const use = async () => {
        const db = Database.open('data')
        listen(db)
        db.put('a', '1')
        for (const _ of db.entries()) break
        db.entries().toArray(); db.cursor().close(); db.snapshot().release(); db.begin().rollback()
        db.begin().commit(); await db.changes().return()
        const adb = db.promises
        await adb.entries().toArray(); await adb.cursor().close(); await adb.snapshot().release()
        await adb.begin().rollback(); await adb.transaction((tx) => tx.put('a', '2'))
        for await (const _ of adb.keys()) break
        // Open reads end with the database.
        db.entries().next(); db.snapshot(); db.begin(); db.changes(); adb.cursor()
        await turn(5)
        await adb.close()
        const memory = Database.memory()
        memory.put('a', '1')
        memory.close()
      }
      await use()
      await collect(undefined, 30)
      console.log(events.length)
    `)
    expect(end).toMatchObject({ code: 0, stdout: '0\n', stderr: '' })
  })

  it('an unclosed memory-only database with expiring entries is collectable', async () => {
    const end = await run(`
      let collected = 0
      const registry = new FinalizationRegistry(() => collected++)
      const make = () => {
        const db = Database.memory({ cacheBytes: 8 << 20 })
        const sessions = db.keyspace('sessions', { ttlMs: 10 })
        for (let i = 0; i < 100; i++) sessions.put('k' + i, 'v'.repeat(1000))
        registry.register(db, 1)
      }
      for (let n = 0; n < 40; n++) { make(); await turn() }
      await collect(() => collected === 40)
      await turn(1100)
      globalThis.gc()
      await turn(1)
      globalThis.gc()
      const { external, arrayBuffers } = process.memoryUsage()
      console.log(collected, arrayBuffers < 100e6 || arrayBuffers)
    `)
    expect(end).toMatchObject({ code: 0, stdout: '40 true\n' })
    expect(warningsOf(end).length).toBe(40)
  })

  it('an engine that was dropped keeps no descriptor', async () => {
    const end = await run(`
      import { BTree } from '@ldb/btree'
      import { NodeVfs } from '@ldb/vfs'
      import { Wal } from '@ldb/wal'
      const vfs = new NodeVfs()
      const drop = () => {
        BTree.open(vfs, 'tree')
        Wal.open(vfs, 'log').append(new Uint8Array(10))
        vfs.open('file', 'create')
      }
      drop()
      console.log(filesOf(process.cwd()) > 2)
      await collect(() => filesOf(process.cwd()) === 0)
      console.log(filesOf(process.cwd()))
    `)
    expect(end).toMatchObject({ code: 0, stdout: 'true\n0\n' })
  })
})
