import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { copyAfterKill, readFile, writeFile } from '../test/directory-tree.js'
import { BTREE_SECTION_OFFSET_PAGE_BYTES } from './format.js'
import { readCatalog, replaceCatalog } from './catalog/file.js'
import { Database } from './database.js'
import { openDatabase } from './open/open-database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('a database', () => {
  it('keeps what was committed, over closing, in all durability modes', () => {
    for (const durability of ['full', 'periodic', 'none'] as const) {
      const vfs = new MemoryVfs()
      let db = Database.open('data', { vfs, durability })
      db.put('a', '1')
      db.put('b', '2', { durability: 'none' })
      db.delete('a', { durability: 'full' })
      db.close()
      db = Database.open('data', { vfs })
      expect(db.entries().toArray()).toEqual([['b', '2']])
      expect(db.seq).toBe(3)
      db.put('c', '3')
      expect(db.seq).toBe(4)
      db.close()
    }
  })

  it('refuses everything after close, and close again is nothing (S4)', () => {
    const db = Database.memory()
    const keyspace = db.keyspace('more')
    const batch = db.batch().put('a', '1')
    const cursor = db.cursor()
    const snapshot = db.snapshot()
    expect(db.isOpen).toBe(true)
    db.close()
    db.close()
    db[Symbol.dispose]()
    expect(db.isOpen).toBe(false)
    const calls = [
      () => db.get('a'),
      () => db.put('a', '1'),
      () => db.entries(),
      () => db.count(),
      () => db.keyspace('more'),
      () => db.keyspaces(),
      () => db.dropKeyspace('more'),
      () => db.batch(),
      () => db.snapshot(),
      () => db.sync(),
      () => db.checkpoint(),
      () => db.compact(),
      () => db.verify(),
      () => db.stats(),
      () => db.on('error', () => undefined),
      () => keyspace.get('a'),
      () => batch.commit(),
      () => cursor.first(),
      () => snapshot.get('a'),
    ]
    for (const call of calls) expect(call, String(call)).toThrowError(code('LDB_CLOSED'))
    cursor.close()
    snapshot.release()
  })

  it('in memory, takes no options about files', () => {
    expect(() => Database.memory({ readOnly: true })).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => Database.memory({ vfs: new MemoryVfs() })).toThrowError(code('LDB_INVALID_ARGUMENT'))
    using db = Database.memory()
    using other = Database.memory()
    db.put('a', '1')
    expect(other.has('a')).toBe(false)
    db.checkpoint()
    db.compact()
    expect(db.verify().ok).toBe(true)
    expect(db.stats().log.fileBytes).toBe(0)
  })

  it('reads options by own properties only', () => {
    const prototype = Object.prototype as { readOnly?: boolean }
    prototype.readOnly = true
    try {
      using db = Database.memory({ durability: 'full' })
      db.put('a', '1')
    } finally {
      delete prototype.readOnly
    }
  })
})

describe('events', () => {
  it('tell of checkpoints and compactions, to listeners and on channels', () => {
    using db = Database.memory()
    const seen: string[] = []
    const channel = (message: unknown): void => {
      seen.push(`channel ${String((message as { seq: number }).seq)}`)
    }
    const listener = ({ seq }: { seq: number }): void => {
      seen.push(`checkpoint ${seq}`)
    }
    subscribe('ldb:checkpoint', channel)
    db.on('checkpoint', listener).on('checkpoint', listener)
    db.on('compaction', ({ keyspace }) => seen.push(`compaction ${keyspace}`))
    db.put('a', '1')
    db.checkpoint()
    db.checkpoint()
    unsubscribe('ldb:checkpoint', channel)
    db.compact()
    db.off('checkpoint', listener)
    db.put('a', '2')
    db.checkpoint()
    expect(seen).toEqual(['checkpoint 1', 'channel 1', 'compaction default', 'checkpoint 1'])
    expect(() => db.on('nothing' as never, listener)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.on('error', 5 as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('never fail what emitted them, and their listeners may write (U1, U2)', () => {
    const vfs = new MemoryVfs()
    const logged: string[] = []
    const log = (message: string): void => {
      logged.push(message)
    }
    const logger = { debug: log, info: log, warn: log, error: log }
    let db = new Database(openDatabase('data', { vfs, logger }, { checkpointLogBytes: 2_000 }))
    db.on('checkpoint', () => {
      db.put(`listener${db.seq}`, 'x')
      throw new Error('mine')
    })
    db.on('compaction', () => db.put('compacted', 'x'))
    const stalls: string[] = []
    db.on('stall', ({ reason }) => stalls.push(reason))
    for (let number = 0; number < 40; number++) db.put(`key${number}`, 'v'.repeat(200))
    db.compact()
    const entries = db.entries().toArray()
    expect(entries.length).toBeGreaterThan(42)
    expect(db.stats().checkpoints.count).toBeGreaterThan(2)
    expect(stalls).toContain('checkpoint')
    expect(logged.some((message) => message.includes('mine'))).toBe(true)
    const left = copyAfterKill(vfs, 'data')
    db.close()
    db = Database.open('data', { vfs: left })
    expect(db.entries().toArray()).toEqual(entries)
    db.close()
  })
})

describe('verification', () => {
  it('counts everything, tells how far it is, and can be ended', () => {
    using db = Database.memory()
    for (let number = 0; number < 2_000; number++) db.put(`key${number}`, 'v'.repeat(50))
    const parts = new Set<string>()
    let entryCount = 0
    const report = db.verify({
      onProgress: (progress) => {
        parts.add(progress.part)
        entryCount = progress.entryCount
        expect(() => db.put('a', 'b')).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(() => db.checkpoint()).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(() => db.close()).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(db.get('key7')).toHaveLength(50)
      },
    })
    expect(report.ok).toBe(true)
    expect(report.parts.find(({ name }) => name === 'keyspace:default')?.entryCount).toBe(2_000)
    expect(entryCount).toBeGreaterThanOrEqual(2_000)
    expect([...parts]).toEqual(['catalog', 'log', 'keyspace:default'])
    expect(() => db.verify({ signal: { aborted: true } })).toThrowError(code('LDB_ABORTED'))
    const fault = new Error('mine')
    const throwing = () =>
      db.verify({
        onProgress: () => {
          throw fault
        },
      })
    expect(throwing).toThrow(fault)
    db.put('a', 'b')
    expect(() => db.verify({ onProgress: 5 } as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('finds a changed byte in catalog and pages, open and closed', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { vfs })
    for (let number = 0; number < 2_000; number++) db.put(`key${number}`, 'v'.repeat(50))
    db.checkpoint()
    const catalog = readFile(vfs, 'data/CATALOG')
    writeFile(vfs, 'data/CATALOG', Uint8Array.of(...catalog.slice(0, -1), 0x7a))
    expect(db.verify().findings).toMatchObject([{ file: 'data/CATALOG' }])
    writeFile(vfs, 'data/CATALOG', catalog)
    db.close()
    const path = 'data/keyspaces/1/tree.ldb'
    const bytes = readFile(vfs, path)
    const middle = bytes.length - 4_000
    bytes[middle] = (bytes[middle] ?? 0) ^ 4
    writeFile(vfs, path, bytes)
    const report = Database.verify('data', { vfs })
    expect(report.ok).toBe(false)
    expect(report.findings[0]).toMatchObject({ file: path })
  })
})

describe('recovery', () => {
  function filled(vfs: MemoryVfs): Database {
    const db = Database.open('data', { vfs })
    const other = db.keyspace('other')
    for (let number = 0; number < 50; number++) {
      db.batch().put(`key${number}`, 'x').in(other).put(`key${number}`, 'y').commit()
    }
    return db
  }

  it('replays what the checkpoints do not hold (R2), then needs it no more (R5)', () => {
    const vfs = new MemoryVfs()
    const db = filled(vfs)
    db.checkpoint()
    db.put('late', 'one')
    let left = copyAfterKill(vfs, 'data')
    db.close()
    for (let times = 0; times < 3; times++) {
      const again = Database.open('data', { vfs: left })
      expect([again.count(), again.keyspace('other').count(), again.seq]).toEqual([51, 50, 51])
      left = copyAfterKill(left, 'data')
      again.close()
    }
  })

  it('refuses a keyspace that has fallen back behind its newest checkpoint (R4)', () => {
    const vfs = new MemoryVfs()
    let db = filled(vfs)
    db.close()
    const path = 'data/keyspaces/2/tree.ldb'
    const old = readFile(vfs, path)
    db = Database.open('data', { vfs })
    db.keyspace('other').put('new', 'z')
    db.close()
    writeFile(vfs, path, old)
    expect(() => Database.open('data', { vfs })).toThrowError(code('LDB_CORRUPTION'))
    expect(Database.verify('data', { vfs }).ok).toBe(false)
  })

  it('refuses each file of another database that holds as much, and its whole log', () => {
    const [mine, theirs] = [new MemoryVfs({ seed: 1 }), new MemoryVfs({ seed: 2 })]
    for (const vfs of [mine, theirs]) filled(vfs).close()
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

  it('keeps the page size that a database was made with, and refuses files with another one', () => {
    const vfs = new MemoryVfs()
    let db = new Database(openDatabase('data', { vfs }, { pageBytes: 1024 }))
    db.put('a', '1')
    db.close()
    db = new Database(openDatabase('data', { vfs }, { pageBytes: 4096 }))
    expect(db.stats().cache.pageBytes).toBe(1024)
    expect(db.get('a')).toBe('1')
    db.keyspace('made later').put('b', '2')
    expect(db.verify().ok).toBe(true)
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

  it('refuses a log that is older than catalog and keyspaces (R3)', () => {
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

  it('after any flipped byte of the log gives a prefix of the commits, or a typed error', () => {
    const vfs = new MemoryVfs()
    const options = { cacheBytes: 262_144, durability: 'periodic' } as const
    const tuning = { preallocateBytes: 0 }
    const db = new Database(openDatabase('data', { ...options, vfs }, tuning))
    for (let number = 1; number <= 5; number++) db.put('last', String(number))
    const name = vfs.list('data/wal').at(-1) ?? ''
    const bytes = readFile(vfs, `data/wal/${name}`)
    let end = bytes.length
    while (bytes[end - 1] === 0) end--
    // Between the front and the first record there is nothing but zeros.
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
