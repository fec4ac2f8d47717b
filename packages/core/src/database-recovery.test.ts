import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { copyAfterKill, readFile, writeFile } from '../test/directory-tree.js'
import { BTREE_SECTION_OFFSET_PAGE_BYTES } from './format.js'
import { readCatalog, replaceCatalog } from './catalog/file.js'
import { Database } from './database.js'
import { openDatabase } from './open/opening.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('recovery', () => {
  function filled(vfs: MemoryVfs): Database {
    const db = Database.open('data', { vfs })
    const other = db.keyspace('other')
    for (let number = 0; number < 50; number++) {
      db.batch().put(`key${number}`, 'x').in(other).put(`key${number}`, 'y').commit()
    }
    return db
  }

  it('replays the commits after the checkpoints (R2), and replays nothing after a checkpoint (R5)', () => {
    const vfs = new MemoryVfs()
    const db = filled(vfs)
    db.checkpoint()
    db.put('late', 'one')
    let left = copyAfterKill(vfs, 'data')
    db.close()
    for (let times = 0; times < 3; times++) {
      const again = Database.open('data', { vfs: left })
      // The creation of the keyspace is a commit, too.
      expect([again.count(), again.keyspace('other').count(), again.seq]).toEqual([51, 50, 52])
      left = copyAfterKill(left, 'data')
      again.close()
    }
  })

  it('refuses a keyspace that is older than its newest checkpoint (R4)', () => {
    const vfs = new MemoryVfs()
    let db = filled(vfs)
    db.checkpoint()
    db.close()
    const path = 'data/keyspaces/2/tree.ldb'
    const old = readFile(vfs, path)
    db = Database.open('data', { vfs })
    db.keyspace('other').put('new', 'z')
    db.checkpoint()
    db.close()
    writeFile(vfs, path, old)
    expect(() => Database.open('data', { vfs })).toThrowError(code('LDB_CORRUPTION'))
    expect(Database.verify('data', { vfs }).ok).toBe(false)
  })

  it('refuses each file, and the whole log, of another database with the same content', () => {
    const [mine, theirs] = [new MemoryVfs({ seed: 1 }), new MemoryVfs({ seed: 2 })]
    for (const vfs of [mine, theirs]) {
      const db = filled(vfs)
      db.checkpoint()
      db.close()
    }
    const segments = mine.list('data/wal').map((name) => `data/wal/${name}`)
    expect(theirs.list('data/wal').map((name) => `data/wal/${name}`)).toEqual(segments)
    const cases = [['data/CATALOG'], ['data/keyspaces/1/tree.ldb'], ['data/keyspaces/2/tree.ldb'], segments]
    for (const paths of cases) {
      const kept = paths.map((path) => readFile(mine, path))
      for (const path of paths) writeFile(mine, path, readFile(theirs, path))
      expect(() => Database.open('data', { vfs: mine }), paths[0]).toThrowError(code('LDB_CORRUPTION'))
      paths.forEach((path, index) => {
        writeFile(mine, path, kept[index] ?? new Uint8Array())
      })
    }
    Database.open('data', { vfs: mine }).close()
  })

  it('keeps the page size of a new database, and refuses files of another page size', () => {
    const vfs = new MemoryVfs()
    let db = new Database(openDatabase('data', { vfs }, { pageBytes: 1024 }))
    db.put('a', '1')
    db.close()
    db = new Database(openDatabase('data', { vfs }, { pageBytes: 4096 }))
    expect(db.stats().cache.pageBytes).toBe(1024)
    expect(db.get('a')).toBe('1')
    db.keyspace('made later').put('b', '2')
    expect(db.verify().ok).toBe(true)
    db.checkpoint()
    db.close()
    const catalog = readCatalog(vfs, 'data')
    const keyspaces = catalog.keyspaces.map(({ descriptor, section }) => {
      const other = section.slice()
      new DataView(other.buffer).setUint32(BTREE_SECTION_OFFSET_PAGE_BYTES, 4096, true)
      return { descriptor, section: other }
    })
    replaceCatalog(vfs, 'data', { ...catalog, keyspaces })
    expect(() => Database.open('data', { vfs })).toThrowError(code('LDB_CORRUPTION'))
    replaceCatalog(vfs, 'data', { ...catalog, pageBytes: 4096, keyspaces })
    expect(() => Database.open('data', { vfs })).toThrowError(code('LDB_CORRUPTION'))
    replaceCatalog(vfs, 'data', catalog)
    Database.open('data', { vfs }).close()
  })

  it('refuses a log that is older than the catalog and the keyspaces (R3)', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs })
    db.close()
    const oldLog = new Map(vfs.list('data/wal').map((name) => [name, readFile(vfs, `data/wal/${name}`)]))
    db = filled(vfs)
    db.close()
    for (const name of vfs.list('data/wal')) vfs.remove(`data/wal/${name}`)
    for (const [name, bytes] of oldLog) writeFile(vfs, `data/wal/${name}`, bytes)
    expect(() => Database.open('data', { vfs })).toThrowError(code('LDB_CORRUPTION'))
  })

  it('returns a prefix of the commits, or a typed error, after any flipped bit of the log', () => {
    const vfs = new MemoryVfs()
    const options = { cacheBytes: 262_144, durability: 'periodic' } as const
    const tuning = { preallocateBytes: 0 }
    const db = new Database(openDatabase('data', { ...options, vfs }, tuning))
    for (let number = 1; number <= 5; number++) db.put('last', String(number))
    const name = vfs.list('data/wal').at(-1) ?? ''
    const bytes = readFile(vfs, `data/wal/${name}`)
    let end = bytes.length
    while (bytes[end - 1] === 0) end--
    // Only zeros lie between the segment header and the first record.
    for (let at = 0; at < end; at++) {
      if (bytes[at] === 0 && at % 61 !== 0) continue
      const left = copyAfterKill(vfs, 'data')
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      writeFile(left, `data/wal/${name}`, flipped)
      try {
        using found = new Database(openDatabase('data', { ...options, vfs: left }, tuning))
        expect(['undefined', '0', '1', '2', '3', '4', '5']).toContain(String(found.get('last')))
        expect(found.verify().findings).toEqual([])
      } catch (error) {
        expect(isLdbError(error), String(error)).toBe(true)
        expect(['LDB_CORRUPTION', 'LDB_FORMAT']).toContain((error as { code: string }).code)
      }
    }
    db.close()
  })
})
