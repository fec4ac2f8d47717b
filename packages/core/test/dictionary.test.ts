// Strategy: keyspaces with dictionaries, in a plain and in an encrypted database, are written to and read in every way, killed, backed up, exported,
// damaged and repaired. Dictionaries are trained from few values here.
// Invariants: they behave as keyspaces without; their files are smaller, contain no text when encrypted, and are intact; the option is stored.
import { isLdbError } from '@ldb/base'
import { ManualTime, MemoryVfs, SeededRandom } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database, exportLines, importLines } from '../src/index.js'
import type { DatabaseOptions, Encryption, Keyspace } from '../src/index.js'
import { filesBelow } from './backup/backup-setup.js'
import { copyAfterKill } from './directory-tree.js'

const ENCRYPTION: Encryption = { key: Uint8Array.from({ length: 32 }, (_, index) => index * 7) }
const COUNT = 600

interface Person {
  readonly identifier: string
  readonly country: string
  readonly subscription: { readonly level: number; readonly renewal: string }
  readonly visits: number
}

function personOf(index: number): Person {
  return {
    identifier: (Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(36),
    country: ['Norway', 'Portugal', 'Ireland'][index % 3]!,
    subscription: { level: index % 4, renewal: 'monthly, unless cancelled before' },
    visits: index,
  }
}

function people(db: Database, dictionary?: boolean): Keyspace<string, Person> {
  return db.keyspace<string, Person>('people', {
    values: 'json' as never,
    ...(dictionary !== undefined && { dictionary }),
  }) as Keyspace<string, Person>
}

function nameOf(index: number): string {
  return `p${String(index).padStart(5, '0')}`
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

function treeBytes(vfs: MemoryVfs, directory: string): number {
  let sum = 0
  for (const path of filesBelow(vfs, directory)) {
    if (!path.endsWith('tree.ldb')) continue
    const file = vfs.open(path, 'read')
    sum += file.length()
    file.close()
  }
  return sum
}

describe('the option', () => {
  test('is validated, stored and compared', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('db', { vfs, workers: 0 })
    expect(codeOf(() => db.keyspace('a', { dictionary: 1 as never }))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => db.keyspace('a', { dictionary: true, engine: 'lsm' }))).toBe('LDB_INVALID_ARGUMENT')
    db.keyspace('with', { dictionary: true })
    db.keyspace('without')
    expect(codeOf(() => db.keyspace('with', { dictionary: false }))).toBe('LDB_EXISTS')
    expect(codeOf(() => db.keyspace('without', { dictionary: true }))).toBe('LDB_EXISTS')
    db.close()
    using again = Database.open('db', { vfs, workers: 0 })
    again.keyspace('with', { dictionary: true })
    again.keyspace('with')
    again.keyspace('without', { dictionary: false })
    expect(codeOf(() => again.keyspace('with', { dictionary: false }))).toBe('LDB_EXISTS')
    expect(codeOf(() => Database.open('other', { vfs, dictionary: 'yes' as never }))).toBe(
      'LDB_INVALID_ARGUMENT',
    )
  })

  test('of the database applies to default and to new keyspaces with a B+tree', () => {
    using db = Database.memory({ dictionary: true })
    expect(codeOf(() => db.keyspace('default', { dictionary: false }))).toBe('LDB_EXISTS')
    db.keyspace('tree')
    expect(codeOf(() => db.keyspace('tree', { dictionary: false }))).toBe('LDB_EXISTS')
    db.keyspace('plain', { dictionary: false })
    db.keyspace('lsm', { engine: 'lsm' })
    db.keyspace('lsm', { dictionary: false })
    using lsm = Database.memory({ dictionary: true, engine: 'lsm' })
    lsm.keyspace('default', { dictionary: false })
    lsm.put('a', 'x')
    expect(lsm.get('a')).toBe('x')
  })
})

describe.each([
  ['plain', undefined],
  ['encrypted', ENCRYPTION],
] as const)('a keyspace of a database that is %s', (_, encryption) => {
  const options = (vfs: MemoryVfs): DatabaseOptions => ({
    vfs,
    workers: 0,
    pageBytes: 4096,
    ...(encryption !== undefined && { encryption }),
  })

  function filled(
    vfs = new MemoryVfs(),
    dictionary = true,
  ): { vfs: MemoryVfs; db: Database; model: Map<string, Person> } {
    const db = Database.open('db', options(vfs))
    const keyspace = people(db, dictionary)
    const model = new Map<string, Person>()
    for (let index = 0; index < COUNT; index++) {
      keyspace.put(nameOf(index), personOf(index))
      model.set(nameOf(index), personOf(index))
    }
    return { vfs, db, model }
  }

  test('is read and changed in every way', async () => {
    const { vfs, db, model } = filled()
    const keyspace = people(db)
    const changes = db.changes({ keyspace, since: 0 })[Symbol.asyncIterator]()
    const name = nameOf(COUNT - 1)
    const person = personOf(COUNT - 1)
    expect(keyspace.get(name)).toEqual(person)
    const promised = await db.promises.keyspace<string, Person>('people', { values: 'json' as never })
    expect(await promised.get(name)).toEqual(person)
    expect(keyspace.getMany([nameOf(0), name, 'none'])).toEqual([personOf(0), person, undefined])
    using snapshot = db.snapshot()
    expect(keyspace.compareAndSwap(name, person, { ...person, visits: -1 })).toBe(true)
    expect(keyspace.compareAndSwap(name, person, person)).toBe(false)
    keyspace.update(name, (present) => ({ ...present!, visits: -2 }))
    expect(keyspace.get(name)).toEqual({ ...person, visits: -2 })
    expect(snapshot.in(keyspace).get(name)).toEqual(person)
    db.transaction((tx) => {
      tx.in(keyspace).put(nameOf(1), { ...tx.in(keyspace).get(nameOf(1))!, visits: 77 })
    })
    model.set(name, { ...person, visits: -2 }).set(nameOf(1), { ...personOf(1), visits: 77 })
    expect([...keyspace.entries()]).toEqual([...model])
    expect([...keyspace.entries({ reverse: true, limit: 3 })]).toEqual([...model].slice(-3).reverse())
    expect(keyspace.count()).toBe(COUNT)
    // Changes are those of the log, in plain form.
    await changes.next()
    const first = await changes.next()
    expect(JSON.stringify(first.value)).toContain('unless cancelled before')
    await changes.return?.()
    db.compact()
    expect(db.verify().findings).toEqual([])
    expect([...keyspace.entries()]).toEqual([...model])
    db.close()
    using again = Database.open('db', { ...options(vfs), readOnly: true })
    expect([...people(again).entries()]).toEqual([...model])
    for (const path of filesBelow(vfs, 'db')) {
      const file = vfs.open(path, 'read')
      const bytes = new Uint8Array(file.length())
      file.read(bytes, 0, bytes.length, 0)
      file.close()
      if (encryption !== undefined) expect(Buffer.from(bytes).includes('cancelled'), path).toBe(false)
    }
  })

  test('takes half of the bytes, and what the log has is encoded when it is replayed', () => {
    const sizes = [true, false].map((dictionary) => {
      const { vfs, db, model } = filled(new MemoryVfs(), dictionary)
      db.sync()
      // The process is killed.
      const killed = copyAfterKill(vfs, 'db')
      db.close()
      using again = Database.open('db', options(killed))
      expect([...people(again).entries()]).toEqual([...model])
      again.checkpoint()
      expect(again.verify().findings).toEqual([])
      return treeBytes(killed, 'db')
    })
    // A tenth of the larger file are pages of fixed number.
    expect(sizes[0]).toBeLessThan(sizes[1]! * 0.65)
  })

  test('is backed up, restored, exported, imported and repaired', async () => {
    const { vfs, db, model } = filled()
    db.put('plain', 'x'.repeat(500))
    db.checkpoint()
    db.backup('backups')
    for (let index = 0; index < COUNT; index += 3) {
      people(db).put(nameOf(index), personOf(index + 1))
      model.set(nameOf(index), personOf(index + 1))
    }
    db.backup('backups', { incremental: true })
    const text = [...exportLines(db)].join('')
    expect(text).toContain('"dictionary":true')
    db.close()
    Database.restore('backups', 'restored', { vfs, ...(encryption !== undefined && { encryption }) })
    using imported = Database.open('imported', options(vfs))
    async function* parts(): AsyncGenerator<string> {
      yield text
    }
    await importLines(imported, parts())
    using restored = Database.open('restored', options(vfs))
    for (const each of [restored, imported]) {
      expect([...people(each, true).entries()]).toEqual([...model])
      expect(each.verify().findings).toEqual([])
    }
    const tree = filesBelow(vfs, 'db').find((path) => path.endsWith('2/tree.ldb'))!
    const file = vfs.open(tree, 'write')
    // The meta blocks, the spare and the copy.
    for (const at of [0, 4096, 8192, 32_768]) file.write(new Uint8Array(512).fill(1), 0, 512, at)
    file.close()
    const report = Database.repair('db', {
      target: 'repaired',
      vfs,
      ...(encryption !== undefined && { encryption }),
    })
    using repaired = Database.open('repaired', options(vfs))
    const found = new Map(people(repaired, true).entries())
    for (const [key, value] of found) expect(value).toEqual(model.get(key))
    // Without a meta block, the dictionaries of an encrypted tree are not found: values that were encoded are reported as lost.
    if (encryption === undefined) expect(found.size).toBe(COUNT)
    else expect(report.losses.length).toBeGreaterThan(0)
  })
})

test('expired entries are absent, and are removed', () => {
  const time = new ManualTime()
  time.advance(1000)
  const vfs = new MemoryVfs({ clock: time, scheduler: time, random: new SeededRandom(1) })
  using db = Database.open('db', { vfs, workers: 0 })
  const keyspace = db.keyspace<string, Person>('people', {
    values: 'json' as never,
    dictionary: true,
    ttlMs: 60_000,
  }) as Keyspace<string, Person>
  for (let index = 0; index < COUNT; index++)
    keyspace.put(nameOf(index), personOf(index), index % 2 === 0 ? { ttlMs: 5000 } : {})
  db.checkpoint()
  time.advance(6000)
  expect(keyspace.get(nameOf(COUNT - 2))).toBeUndefined()
  expect(keyspace.get(nameOf(COUNT - 1))).toEqual(personOf(COUNT - 1))
  expect([...keyspace.keys()].length).toBe(COUNT / 2)
  // The sweep.
  time.advance(50_000)
  expect([...keyspace.values()]).toEqual(
    Array.from({ length: COUNT / 2 }, (_, index) => personOf(2 * index + 1)),
  )
  expect(db.verify().findings).toEqual([])
  time.advance(10_000)
  expect(keyspace.count()).toBe(0)
})
