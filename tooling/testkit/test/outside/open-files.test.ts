// Strategy: scripts open more keyspaces than their process may have descriptors, and use them through both APIs, read-only opens and
// verification. Others exhaust the descriptors of their process, or replace files below an open database.
// Invariants: the number of descriptors stays below the limit; every keyspace has its entries; an operation that finds no descriptor
// fails without poisoning the database; a file that is not the one of the keyspace is never used.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import type { ScriptEnd } from '../../src/outside/script-process.js'

const PRELUDE = `
  import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
  import { closeSync, openSync, readdirSync, readlinkSync, renameSync, cpSync, rmSync } from 'node:fs'
  const openFiles = () => readdirSync('/proc/self/fd').flatMap((name) => {
    try { return [readlinkSync('/proc/self/fd/' + name)] } catch { return [] }
  })
  const treesOpen = () => openFiles().filter((name) => name.includes('/keyspaces/')).length
  const codeOf = (run) => { try { run(); return 'none' } catch (error) { return isLdbError(error) ? error.code : String(error) } }
  const names = (count) => Array.from({ length: count }, (_, index) => 'k' + index)
`

/** Runs a script that opens many keyspaces, within a limit of descriptors. */
function manyKeyspaces(count: number, maxOpenFiles: number): string {
  return `
    const options = { maxOpenFiles: ${maxOpenFiles}, durability: 'none', cacheBytes: 1 << 20 }
    let greatest = 0
    const check = (what) => {
      greatest = Math.max(greatest, treesOpen())
      if (greatest > ${maxOpenFiles} + 1) throw new Error(what + ' has ' + greatest + ' files open')
    }
    let db = Database.open('data', options)
    const all = names(${count})
    const keyspaces = all.map((name) => db.keyspace(name))
    check('creation')
    for (const [index, keyspace] of keyspaces.entries()) keyspace.put('key', 'value ' + index)
    keyspaces[7].put('large', 'x'.repeat(100000))
    check('puts')
    db.checkpoint()
    check('a checkpoint')
    for (const [index, keyspace] of keyspaces.entries()) {
      if (keyspace.get('key') !== 'value ' + index) throw new Error('lost')
    }
    check('gets')
    db.close()
    db = Database.open('data', options)
    // After a clean close, the files of so many keyspaces are opened at their first use.
    console.log('open', treesOpen())
    for (const [index, name] of all.entries()) {
      if (db.keyspace(name).values({ limit: 1 }).toArray()[0] !== 'value ' + index) throw new Error('lost')
    }
    check('scans')
    for (const name of all.slice(0, 20)) db.dropKeyspace(name)
    const adb = db.promises
    await Promise.all(all.slice(20).map(async (name, index) => {
      const keyspace = await adb.keyspace(name)
      if (await keyspace.get('key') !== 'value ' + (index + 20)) throw new Error('lost')
      await keyspace.put('key', 'again ' + index)
    }))
    await adb.checkpoint()
    check('the asynchronous API')
    await adb.close()
    db = Database.open('data', { ...options, readOnly: true })
    for (const [index, name] of all.slice(20).entries()) {
      if (db.keyspace(name).get('key') !== 'again ' + index) throw new Error('lost')
    }
    check('a read-only open')
    console.log(db.verify().ok)
    check('verify')
    db.close()
  `
}

describe('descriptors', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  /** Runs a script in a process that may have `limit` descriptors. */
  const run = (source: string, limit: number): Promise<ScriptEnd> =>
    folder.run(PRELUDE + source, { through: ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh'] })

  it('many keyspaces are open with few descriptors', async () => {
    const end = await run(manyKeyspaces(150, 8), 128)
    expect(end).toMatchObject({ code: 0, stdout: 'open 0\ntrue\n', stderr: '' })
  })

  it('the limit of the process may be lower than the option', async () => {
    const end = await run(manyKeyspaces(150, 512), 128)
    expect(end).toMatchObject({ code: 0, stdout: 'open 0\ntrue\n', stderr: '' })
  })

  it('without a free descriptor in the process, the files of the keyspaces take turns with one', async () => {
    const end = await run(
      `
      const open = () => Database.open('data', { cacheBytes: 65536 })
      let db = open()
      for (const name of names(6)) {
        const batch = db.batch().in(db.keyspace(name))
        for (let index = 0; index < 500; index++) batch.put('key' + index, 'x'.repeat(200))
        batch.commit()
      }
      db.close()
      db = open()
      // The first write after an open creates the segments of the log.
      db.put('key', 'value')
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      const all = names(6).map((name) => db.keyspace(name))
      for (const each of all) if (each.get('key7') === undefined || each.count({ gte: 'key4' }) !== 166) throw new Error('lost')
      const counts = await Promise.all(all.map((each) => db.promises.of(each).count({ gte: 'key4' })))
      for (const each of all) each.put('key7', 'put')
      await Promise.all(all.map((each) => db.promises.of(each).put('key8', 'put')))
      console.log(counts.join(), all.map((each) => each.get('key7') + each.get('key8')).join(), db.stats().poisoned)
      for (const each of taken) closeSync(each)
      db.close()
      console.log(Database.verify('data').ok)
      `,
      128,
    )
    expect(end).toMatchObject({
      code: 0,
      stdout: `${'166,'.repeat(6).slice(0, -1)} ${'putput,'.repeat(6).slice(0, -1)} false\ntrue\n`,
      stderr: '',
    })
  })

  const REPLACED = `renameSync('data/keyspaces/2/tree.ldb', 'old'); cpSync('other/keyspaces/2/tree.ldb', 'data/keyspaces/2/tree.ldb')`
  const MOVED = `renameSync('data', 'moved')`
  const CREATED_AGAIN = `${MOVED}; cpSync('other', 'data', { recursive: true })`
  const REMOVED = `rmSync('data/keyspaces/2/tree.ldb')`

  /** Reports the code of a read in a keyspace whose file has changed since the database was opened, and that of one in another keyspace. */
  const readAfter = (change: string, count: number): Promise<ScriptEnd> =>
    run(
      `
      for (const path of ['data', 'other']) {
        const db = Database.open(path)
        for (const name of names(${count})) db.keyspace(name).put('key', path)
        // The log of so few commits is closed without a checkpoint, and a keyspace has no file before its first one.
        db.checkpoint()
        db.close()
      }
      const db = Database.open('data', { maxOpenFiles: 2, cacheBytes: 65536 })
      const [a, b] = names(${count}).map((name) => db.keyspace(name))
      ${change}
      console.log(codeOf(() => a.get('key')))
      console.log(codeOf(() => b.get('key')))
      process.exit()
      `,
      256,
    )

  it.each([
    ['was replaced', REPLACED],
    ['was moved away', MOVED],
    ['was moved away and created again', CREATED_AGAIN],
    ['was removed', REMOVED],
  ])('the file of a keyspace is not used after it %s', async (_, change) => {
    const end = await readAfter(change, 6)
    expect(end).toMatchObject({ code: 0, stdout: expect.stringMatching(/^LDB_POISONED\n/) as unknown })
  })

  it.each([
    ['was replaced', REPLACED, 'LDB_CORRUPTION\nnone\n'],
    ['was moved away', MOVED, 'LDB_POISONED\nLDB_POISONED\n'],
    ['was moved away and created again', CREATED_AGAIN, 'LDB_POISONED\nLDB_POISONED\n'],
    ['was removed', REMOVED, 'LDB_CORRUPTION\nnone\n'],
  ])('the file of a keyspace that was not used yet is refused after it %s', async (_, change, stdout) => {
    const end = await readAfter(change, 12)
    expect(end).toMatchObject({ code: 0, stdout })
  })
})
