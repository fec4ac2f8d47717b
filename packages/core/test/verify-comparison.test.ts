// Strategy: a database is copied, changed and compared with its copy, and with the same entries in other engines. Invariants: the counts and
// ranges are those of the changes, whatever checksums let the comparison skip.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { DatabaseComparison, DatabaseOptions } from '../src/index.js'
import { readFile, readTree, writeFile } from './directory-tree.js'

const COUNT = 4000
const OPTIONS = { blobBytes: 4096, workers: 0, durability: 'none' } as const

function keyOf(number: number): string {
  return `key${String(number).padStart(6, '0')}`
}

function fill(vfs: MemoryVfs, path: string, options: DatabaseOptions = {}): void {
  const db = Database.open(path, { vfs, ...OPTIONS, ...options })
  const other = db.keyspace('other')
  for (let number = 0; number < COUNT; number++) db.put(keyOf(number), `value ${number} `.repeat(10))
  db.put(keyOf(7), 'large'.repeat(2000))
  db.put(keyOf(8), 'huge'.repeat(400_000))
  other.put('a', 'b')
  other.put('expired', 'x', { ttlMs: 1 })
  db.checkpoint()
  db.close()
}

function copy(vfs: MemoryVfs, source: string, target: string): void {
  vfs.makeDirectory(target)
  for (const [path, bytes] of readTree(vfs, source)) {
    const to = target + path.slice(source.length)
    if (bytes === undefined) vfs.makeDirectory(to)
    else if (!path.endsWith('/LOCK')) writeFile(vfs, to, bytes)
  }
}

function change(vfs: MemoryVfs, path: string, act: (db: Database) => void, checkpoint = true): void {
  const db = Database.open(path, { vfs, ...OPTIONS })
  act(db)
  if (checkpoint) db.checkpoint()
  db.close()
}

function compare(vfs: MemoryVfs, path: string, against: string): DatabaseComparison {
  const { comparison } = Database.verify(path, { vfs, against })
  if (comparison === undefined) throw new Error('nothing was compared')
  return comparison
}

function shown({ keyspaces }: DatabaseComparison): object[] {
  const text = (bytes: Uint8Array | undefined): string | undefined =>
    bytes && Buffer.from(bytes).toString('latin1')
  return keyspaces.map(({ differences, ...rest }) => ({
    ...rest,
    differences: differences.map(({ lower, upper, entryCount, againstCount }) => [
      text(lower),
      text(upper),
      entryCount,
      againstCount,
    ]),
  }))
}

test.each([[true], [false]])(
  'a copy is equal until it is changed, and only what was changed is read: checkpoint %s',
  (checkpoint) => {
    const vfs = new MemoryVfs()
    fill(vfs, 'a')
    copy(vfs, 'a', 'b')
    const same = compare(vfs, 'a', 'b')
    expect(same.equal).toBe(true)
    expect(same.keyspaces.map(({ readCount }) => readCount)).toEqual([0, 0])
    change(
      vfs,
      'b',
      (db) => {
        db.put(keyOf(1000), 'changed')
        db.put(`${keyOf(1000)}x`, 'added')
        db.delete(keyOf(3000))
        db.keyspace('new').put('k', 'v')
        db.keyspace('empty')
      },
      checkpoint,
    )
    const changed = compare(vfs, 'a', 'b')
    expect(changed.equal).toBe(false)
    expect(shown(changed)).toMatchObject([
      {
        name: 'default',
        presence: 'both',
        equal: false,
        isComplete: true,
        onlyHereCount: 1,
        onlyThereCount: 1,
        changedCount: 1,
        differenceCount: 2,
        differences: [
          [keyOf(1000), keyOf(1001), 1, 2],
          [keyOf(3000), keyOf(3001), 1, 0],
        ],
      },
      { name: 'other', equal: true, readCount: 0 },
      {
        name: 'new',
        presence: 'there',
        equal: false,
        onlyThereCount: 1,
        differences: [['k', undefined, 0, 1]],
      },
      { name: 'empty', presence: 'there', equal: false, differenceCount: 0 },
    ])
    expect(changed.keyspaces[0]?.readCount).toBeLessThan(COUNT / 4)
    const reverse = compare(vfs, 'b', 'a')
    expect(reverse.keyspaces[0]).toMatchObject({ onlyHereCount: 1, onlyThereCount: 1, changedCount: 1 })
  },
)

test('databases of different engines with the same entries are equal, expired entries aside', () => {
  const vfs = new MemoryVfs()
  fill(vfs, 'a')
  fill(vfs, 'b', { engine: 'lsm', blobBytes: 1_073_741_824 })
  const comparison = compare(vfs, 'a', 'b')
  expect(comparison.equal).toBe(true)
  expect(comparison.keyspaces[0]?.readCount).toBe(2 * COUNT)
  change(vfs, 'b', (db) => {
    db.put(keyOf(8), `${'huge'.repeat(399_999)}hugs`)
    db.put(keyOf(9), 'value 9 '.repeat(10), { ttlMs: 1e9 })
    db.deleteRange({ gte: keyOf(10), lt: keyOf(20) })
  })
  expect(shown(compare(vfs, 'a', 'b'))).toMatchObject([
    { changedCount: 2, onlyHereCount: 10, differences: [[keyOf(8), keyOf(20), 12, 2]] },
    { equal: true },
  ])
})

test('ranges beyond the first thousand are counted', () => {
  const vfs = new MemoryVfs()
  fill(vfs, 'a')
  copy(vfs, 'a', 'b')
  change(vfs, 'b', (db) => {
    for (let number = 0; number < COUNT; number += 2) db.put(keyOf(number), 'other')
  })
  const [first] = compare(vfs, 'a', 'b').keyspaces
  expect(first).toMatchObject({ changedCount: COUNT / 2, differenceCount: COUNT / 2 })
  expect(first?.differences).toHaveLength(1000)
})

test('a damaged value differs, and a damaged page ends the comparison of its keyspace', () => {
  const vfs = new MemoryVfs()
  fill(vfs, 'a')
  copy(vfs, 'a', 'b')
  change(vfs, 'b', (db) => db.put(keyOf(7), 'large'.repeat(2000)))
  const blob = 'b/blobs/1.blob'
  const bytes = readFile(vfs, blob)
  bytes[20_000] = (bytes[20_000] ?? 0) ^ 1
  expect(compare(vfs, 'a', 'b').equal).toBe(true)
  writeFile(vfs, blob, bytes)
  expect(compare(vfs, 'a', 'b').keyspaces[0]).toMatchObject({ changedCount: 1, isComplete: true })
  const tree = 'b/keyspaces/1/tree.ldb'
  const pages = readFile(vfs, tree)
  for (let page = 2; page * 8192 < pages.length; page++)
    pages[page * 8192 + 4000] = 1 ^ (pages[page * 8192 + 4000] ?? 0)
  writeFile(vfs, tree, pages)
  expect(compare(vfs, 'a', 'b').keyspaces[0]).toMatchObject({ equal: false, isComplete: false })
})

test('the other database must exist; without one nothing is compared', () => {
  const vfs = new MemoryVfs()
  fill(vfs, 'a')
  const codeOf = (act: () => unknown): unknown => {
    try {
      act()
    } catch (error) {
      return (error as { code?: unknown }).code
    }
    return undefined
  }
  expect(codeOf(() => Database.verify('a', { vfs, against: 'nowhere' }))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => Database.verify('a', { vfs, against: 7 as never }))).toBe('LDB_INVALID_ARGUMENT')
  expect(Database.verify('a', { vfs }).comparison).toBeUndefined()
  expect(Database.verify('a', { vfs, against: 'a' }).comparison?.equal).toBe(true)
})
