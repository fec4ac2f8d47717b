// Strategy: a real process gives `Object.prototype` members with the names of options, before it imports the packages or before each
// use of them, and uses both APIs with few options. A second process, without such members, opens the database.
// Invariants: what is read is as without the members, and the database verifies and has its contents.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

/** Without `errno` and `error`, which `node:fs` of Node 20 takes for failures of its own. */
const NAMES = [
  ...[
    'ttlMs',
    'expires',
    'prefix',
    'gte',
    'gt',
    'lt',
    'lte',
    'reverse',
    'limit',
    'offset',
    'engine',
    'keys',
    'values',
  ],
  ...[
    'create',
    'mustExist',
    'createIfMissing',
    'errorIfExists',
    'readOnly',
    'durability',
    'isolation',
    'borrow',
  ],
  ...[
    'retries',
    'since',
    'keyspace',
    'onProgress',
    'cacheBytes',
    'pageBytes',
    'maxOpenFiles',
    'logger',
    'vfs',
  ],
  ...[
    'lower',
    'upper',
    'bounds',
    'force',
    'effort',
    'timeSlice',
    'order',
    'call',
    'isSorted',
    'starts',
    'origin',
  ],
  ...[
    'encodeInto',
    'encodePrefix',
    'decodesBorrowed',
    'absolutePath',
    'link',
    'copy',
    'freeBytes',
    'pinDirectory',
  ],
  ...[
    'identity',
    'deadlineSync',
    'removeAsync',
    'syncDirectoryAsync',
    'atExit',
    'afterCollection',
    'immediate',
  ],
  ...['addEventListener', 'removeEventListener', 'reason', 'aborted', 'isRetryable', 'cause', 'details'],
]

const PROLOGUE = `
  const NAMES = ${JSON.stringify(NAMES)}
  const VALUES = {
    number: 1,
    text: 'x',
    boolean: true,
    object: {},
    function: () => 1,
  }
  const [, , kind, path] = process.argv

  function pollute() {
    for (const name of NAMES) {
      const member = { __proto__: null, configurable: true, enumerable: true }
      if (kind === 'getter') member.get = () => { throw new TypeError(name + ' was read from Object.prototype') }
      else {
        member.value = VALUES[kind]
        member.writable = true
      }
      Object.defineProperty(Object.prototype, name, member)
    }
  }

  async function codeOf(promise) {
    try {
      await promise
    } catch (error) {
      return error.code
    }
    return undefined
  }

  function restore() {
    for (const name of NAMES) delete Object.prototype[name]
  }
`

const USE = `
  async function use(AsyncDatabase, Database) {
    const results = []
    const db = Database.open(path)
    for (const key of ['a', 'b', 'c', 'd']) db.put(key, key.toUpperCase())
    db.keyspace('q').put('k', 'v')
    const tuples = db.keyspace('tuples', { keys: 'tuple', values: 'json' })
    tuples.put(['x', 1], { name: 'Ada' })
    results.push(db.entries().toArray(), db.count({ gt: 'a' }), db.getMany(['a', 'z']), tuples.entries().toArray())
    results.push(db.transaction((tx) => { tx.put('t', '1').delete('b'); return tx.keys().toArray() }))
    db.batch().put('e', 'E').in(tuples).put(['y'], [1]).commit()
    db.compact({ gte: 'a' })
    results.push(db.verify().ok)
    db.close()

    const adb = await AsyncDatabase.open(path)
    const since = adb.seq
    await Promise.all([adb.put('f', 'F'), adb.put('g', 'G', {}), adb.delete('d')])
    await adb.putIfAbsent('h', 'H')
    await adb.update('h', (value) => value + '!')
    await adb.transaction(async (tx) => { await tx.put('i', 'I') })
    const controller = new AbortController()
    await adb.put('j', 'J', { signal: controller.signal })
    results.push(await adb.get('f'), await adb.entries().toArray(), await adb.count({ lt: 'f' }))
    results.push(await adb.entries({ gte: 'c', limit: 2 }).map(([key]) => key).toArray())
    await adb.deleteRange({ gte: 'g', lt: 'h' })
    controller.abort()
    results.push(await codeOf(adb.put('j', 'K', { signal: controller.signal })))
    results.push(await codeOf(adb.keyspace('tuples', { ttlMs: -1 })))
    const changes = []
    for await (const commit of adb.changes({ since })) {
      changes.push(commit.seq)
      if (commit.seq === adb.seq) break
    }
    results.push(changes.length > 0)
    await adb.checkpoint()
    await adb.compact()
    results.push((await adb.verify()).ok)
    await adb.close()
    results.push(Database.verify(path).ok)
    return JSON.stringify(results)
  }
`

const PLAIN = `
  const { AsyncDatabase, Database } = await import('@ldb/core')
  console.log(await use(AsyncDatabase, Database))
`

const EARLY = `
  pollute()
  const { AsyncDatabase, Database } = await import('@ldb/core')
  const results = await use(AsyncDatabase, Database)
  restore()
  console.log(results)
`

const LATE = `
  const { AsyncDatabase, Database } = await import('@ldb/core')
  pollute()
  const results = await use(AsyncDatabase, Database)
  restore()
  console.log(results)
`

const READ = `
  const { Database } = await import('@ldb/core')
  const db = Database.open(path)
  console.log(JSON.stringify([
    db.keyspaces(),
    db.entries().toArray(),
    db.keyspace('q').entries().toArray(),
    db.keyspace('tuples').entries().toArray(),
    db.verify().ok,
  ]))
  db.close()
`

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
})
afterEach(() => {
  folder.remove()
})

async function outputOf(source: string, kind: string): Promise<string> {
  const args = [kind, `${folder.path}/${kind}`]
  const { stdout, stderr, code } = await folder.run([PROLOGUE, USE, source].join('\n'), { args })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe('Object.prototype with members of the names of options', { timeout: 60_000 }, () => {
  it.each([
    ['before the import', EARLY, ['number', 'object']],
    ['after the import', LATE, ['number', 'text', 'boolean', 'function', 'getter']],
  ])('%s', async (_, source, kinds) => {
    const expected = await outputOf(PLAIN, 'none')
    const contents = await outputOf(READ, 'none')
    expect(JSON.parse(contents)).toMatchObject([
      { length: 3 },
      { length: 8 },
      [['k', 'v']],
      { length: 2 },
      true,
    ])
    for (const kind of kinds) {
      expect(await outputOf(source, kind), kind).toBe(expected)
      expect(await outputOf(READ, kind), kind).toBe(contents)
    }
  })
})
