// Strategy: one file or directory of a database is deleted, before an open and between the operations of an open database, for each of
// them, after a clean close and after a kill.
// Invariants: an open without a file that is required is LDB_CORRUPTION, and an open without one that is not required has every entry. An
// operation that misses a file is LDB_IO or LDB_POISONED. LDB_NOT_FOUND means only that there is no database.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database } from '../src/index.js'
import { copyAfterKill, readTree } from './directory-tree.js'
import { codeOf, codeOfAsync } from './outcome-codes.js'

const OPTIONS = { durability: 'full', cacheBytes: 1024 * 1024 } as const
/** Files that a database creates again; the catalog from its copy. */
const OPTIONAL = ['/db/RESERVE', '/db/LOCK', '/db/CATALOG.copy', '/db/CATALOG']

/** Returns the files of a database with two keyspaces, commits in its trees and, unless `isClean`, in its log. */
function filesOf(isClean: boolean): MemoryVfs {
  const vfs = new MemoryVfs()
  const db = Database.open('/db', { vfs, ...OPTIONS })
  db.keyspace('other').put('o', '1')
  db.keyspace('third', { engine: 'lsm' }).put('t', '1')
  db.put('a', '1')
  db.checkpoint()
  db.put('b', '2')
  if (isClean) db.close()
  const copy = copyAfterKill(vfs, '/db')
  if (!isClean) db.close()
  return copy
}

function removeTree(vfs: Vfs, path: string): void {
  if (vfs.status(path)?.kind === 'directory') {
    for (const name of vfs.list(path)) removeTree(vfs, `${path}/${name}`)
    vfs.removeDirectory(path)
  } else {
    vfs.remove(path)
  }
}

const CASES = [true, false].flatMap((isClean) =>
  [...readTree(filesOf(isClean), '/db').keys()].map((path) => ({ path, isClean })),
)

describe('before the open', () => {
  test.each(CASES)('$path, after a clean close: $isClean', async ({ path, isClean }) => {
    const isRequired = !OPTIONAL.includes(path)
    for (const options of [{}, { createIfMissing: false }, { readOnly: true }]) {
      const vfs = filesOf(isClean)
      removeTree(vfs, path)
      const use = (): number => {
        const db = Database.open('/db', { vfs, ...OPTIONS, ...options })
        const count = db.count()
        db.close()
        return count
      }
      expect(codeOf(use)).toBe(isRequired ? 'LDB_CORRUPTION' : 'returned 2')
      const useAsync = async (): Promise<number> => {
        const db = await AsyncDatabase.open('/db', { vfs, ...OPTIONS, ...options })
        const count = await db.count()
        await db.close()
        return count
      }
      expect(await codeOfAsync(useAsync)).toBe(isRequired ? 'LDB_CORRUPTION' : 'resolved to 2')
    }
    const vfs = filesOf(isClean)
    removeTree(vfs, path)
    const report = Database.verify('/db', { vfs })
    expect(report.ok).toBe(!isRequired && path !== '/db/CATALOG')
  })
})

describe('while the database is open', () => {
  const operations: readonly [string, (db: Database) => unknown][] = [
    ['get', (db): unknown => db.get('a')],
    ['get in the other keyspace', (db): unknown => db.keyspace('other').get('o')],
    ['put', (db): unknown => db.put('later', 'x'.repeat(5000))],
    ['keyspace', (db): unknown => db.keyspace('made')],
    ['checkpoint', (db): unknown => db.checkpoint()],
    ['drop', (db): unknown => db.dropKeyspace('other')],
    ['compact', (db): unknown => db.compact()],
    ['verify', (db): unknown => db.verify()],
    ['close', (db): unknown => db.close()],
  ]
  const codes = new Set<string>()
  function note(error: unknown): void {
    if (!isLdbError(error)) throw error
    codes.add(error.code)
  }

  test.each(CASES)('$path, after a clean close: $isClean', async ({ path, isClean }) => {
    for (const first of operations.keys()) {
      codes.clear()
      const vfs = filesOf(isClean)
      const db = Database.open('/db', { vfs, ...OPTIONS, maxOpenFiles: 2 })
      db.on('error', ({ error }) => {
        note(error)
      })
      if (vfs.status(path) === undefined) {
        db.close()
        return
      }
      const stream = db.changes()
      removeTree(vfs, path)
      for (const [, run] of operations.slice(first)) {
        try {
          run(db)
        } catch (error) {
          note(error)
        }
        stream.next().catch(note)
      }
      await new Promise(setImmediate)
      const allowed = ['LDB_IO', 'LDB_POISONED', 'LDB_COMMIT_UNKNOWN', 'LDB_CLOSED', 'LDB_CORRUPTION']
      expect([...codes].filter((code) => !allowed.includes(code))).toEqual([])
    }
  })
})

test('without the directory, there is no database', () => {
  const vfs = filesOf(true)
  removeTree(vfs, '/db')
  const open = (options: object): string =>
    codeOf(() => {
      Database.open('/db', { vfs, ...OPTIONS, ...options }).close()
    })
  expect([open({ createIfMissing: false }), open({ readOnly: true }), open({})]).toEqual([
    'LDB_NOT_FOUND',
    'LDB_NOT_FOUND',
    'returned undefined',
  ])
})
