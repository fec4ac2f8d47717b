// Strategy: a process uses up its descriptors before each operation of a database, in the states in which the operation needs a new one.
// Invariants: what fails, fails with LDB_IO before anything is logged; the database is not poisoned and the operation succeeds later; `verify`
// throws and finds no damage; nothing that was acknowledged is lost.
import { afterAll, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const REASON = process.platform === 'win32' ? 'no ulimit' : undefined

const SCRIPT = `
import { Database } from '@ldb/core'
import { closeSync, openSync, writeSync } from 'node:fs'
const path = process.argv[2]
const useUp = () => {
  const descriptors = []
  try { for (;;) descriptors.push(openSync('/dev/null')) } catch {}
  return () => { for (const descriptor of descriptors) closeSync(descriptor) }
}
const results = []
let db
const attempt = async (name, operation) => {
  const release = useUp()
  let code = 'none'
  try { await operation() } catch (error) { code = error.code ?? String(error) }
  release()
  const { poisoned } = db.stats()
  let again = 'none'
  try { await operation() } catch (error) { again = error.code ?? String(error) }
  results.push({ name, code, poisoned, again })
}
const verify = () => {
  const { findings } = db.verify()
  if (findings.length > 0) throw new Error(JSON.stringify(findings))
}
const reopen = () => {
  db?.close()
  db = Database.open(path)
}
reopen()
reopen()
await attempt('first put', () => db.put('a', '1'))
await attempt('put', () => db.put('b', '1'))
await attempt('put, asynchronous API', () => db.promises.put('c', '1'))
await attempt('synced', () => db.promises.synced())
await attempt('checkpoint', () => db.checkpoint())
await attempt('checkpoint, asynchronous API', async () => { db.put('d', '1'); await db.promises.checkpoint() })
await attempt('keyspace', () => db.keyspace('q'))
await attempt('keyspace, asynchronous API', () => db.promises.keyspace('r'))
await attempt('entry that expires', () => db.put('t', '1', { ttlMs: 1_000_000 }))
await attempt('drop', () => db.keyspaces().some(({ name }) => name === 'q') && db.dropKeyspace('q'))
await attempt('compact', () => db.compact())
await attempt('verify', verify)
reopen()
await attempt('first put, asynchronous API', () => db.promises.put('e', '1'))
reopen()
await attempt('first put at none', () => db.put('f', '1', { durability: 'none' }))
let closed = 'none'
const release = useUp()
try { Database.verify(path) } catch (error) { closed = error.code }
release()
reopen()
verify()
results.push({ name: 'verify, closed', code: closed, poisoned: false, again: 'none' })
writeSync(1, JSON.stringify({ results, keys: db.keys().toArray().join('') }))
db.close()
`

describe.skipIf(REASON !== undefined)('a process without descriptors', () => {
  const folder = new ScriptFolder()
  afterAll(() => {
    folder.remove()
  })

  it('fails before it logs, and its database works on', { timeout: 60_000 }, async () => {
    const { stdout, stderr, code } = await folder.run(SCRIPT, {
      args: [`${folder.path}/data`],
      through: ['sh', '-c', 'ulimit -n 300; exec "$@"', 'sh'],
    })
    expect(code, stderr).toBe(0)
    const { results, keys } = JSON.parse(stdout) as {
      results: readonly { name: string; code: string; poisoned: boolean; again: string }[]
      keys: string
    }
    for (const { name, code: found, poisoned, again } of results) {
      expect(['none', 'LDB_IO', 'LDB_LOCKED'], name).toContain(found)
      expect({ name, poisoned, again }).toEqual({ name, poisoned: false, again: 'none' })
    }
    expect(results.filter(({ code: found }) => found === 'LDB_IO').length).toBeGreaterThan(5)
    expect(keys).toBe('abcdeft')
  })
})
