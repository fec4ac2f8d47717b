import { isLdbError } from '@ldb/base'
import { makeParents, MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { EngineName, RepairReport } from '../src/index.js'

/**
 * Strategy: a database of each engine, with large values, expiring entries and commits above its checkpoint, loses one part at a time.
 * Invariants: the source is not changed; what the part alone contained is lost and reported, and nothing else is; no old entry comes back
 * without a suspect.
 */

interface Content {
  readonly [keyspace: string]: ReadonlyMap<unknown, unknown>
}

const LARGE = 'large '.repeat(6000)

/** Writes a database, and returns what it contains. Commits from 'late' on are above the last checkpoint. */
function write(vfs: Vfs, engine: EngineName, isClosed = true): Content {
  const db = Database.open('/data', { vfs, engine, memtableBytes: 65_536 })
  const users = db.keyspace<string, object>('users', { values: 'json' })
  for (let index = 0; index < 400; index++)
    db.put(`key ${String(index).padStart(3, '0')}`, 'first '.repeat(9))
  for (let index = 0; index < 400; index += 2)
    db.put(`key ${String(index).padStart(3, '0')}`, `second ${index}`)
  for (let index = 100; index < 200; index++) db.delete(`key ${String(index).padStart(3, '0')}`)
  users.put('ada', { name: 'Ada' })
  users.put('expiring', { name: 'Eve' }, { ttlMs: 1e12 })
  db.put('large 1', `${LARGE}1`)
  db.checkpoint()
  db.put('key 000', 'late')
  db.delete('key 002')
  users.put('bob', { name: 'Bob' })
  db.put('large 2', `${LARGE}2`)
  const content = contentOf(db)
  if (isClosed) db.close()
  return content
}

function contentOf(db: Database): Content {
  return Object.fromEntries(
    db
      .keyspaces()
      .map(({ name, keys, values }) => [
        name,
        new Map([...db.keyspace(name, { keys: keys as 'utf8', values: values as 'utf8' }).entries()]),
      ]),
  )
}

/** Returns every file below a directory. */
function filesOf(vfs: Vfs, directory = '/data'): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const name of vfs.list(directory)) {
    const path = `${directory}/${name}`
    if (vfs.status(path)?.kind === 'directory')
      for (const [each, bytes] of filesOf(vfs, path)) files.set(each, bytes)
    else files.set(path, readFile(vfs, path))
  }
  return files
}

function readFile(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

/** Returns a file system with the files of a database that is open: those of a process that was killed. */
function imageOf(vfs: Vfs): MemoryVfs {
  const image = new MemoryVfs()
  for (const [path, bytes] of filesOf(vfs)) {
    makeParents(image, path)
    const file = image.open(path, 'createNew')
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  return image
}

function damage(vfs: Vfs, path: string, offset: number): void {
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, offset)
  byte[0]! ^= 0x04
  file.write(byte, 0, 1, offset)
  file.close()
}

function pathsOf(vfs: Vfs, ending: string): string[] {
  return [...filesOf(vfs).keys()].filter((path) => path.endsWith(ending))
}

function repair(vfs: Vfs): { report: RepairReport; content: Content } {
  const before = filesOf(vfs)
  const report = Database.repair('/data', { target: '/repaired', vfs })
  const after = filesOf(vfs)
  expect([...after.keys()]).toEqual([...before.keys()])
  for (const [path, bytes] of before) expect(Buffer.compare(bytes, after.get(path)!)).toBe(0)
  expect(vfs.list('/').sort()).toEqual(['data', 'repaired'])
  const db = Database.open('/repaired', { vfs, createIfMissing: false })
  const content = contentOf(db)
  expect(db.verify().findings).toEqual([])
  db.close()
  return { report, content }
}

describe.each(['btree', 'lsm'] as const)('a database with engine %s', (engine) => {
  test.each([true, false])('that is intact is copied as a whole; closed: %s', (isClosed) => {
    const written = new MemoryVfs()
    const expected = write(written, engine, isClosed)
    const vfs = isClosed ? written : imageOf(written)
    const { report, content } = repair(vfs)
    expect(content).toEqual(expected)
    expect(report).toMatchObject({
      isComplete: true,
      losses: [],
      suspects: [],
      catalog: 'CATALOG',
      lostCommitCount: 0,
    })
    expect(report.entryCount).toBe(expected['default']!.size + expected['users']!.size)
    const db = Database.open('/repaired', { vfs })
    expect(db.keyspace('users', { values: 'json' }).get('expiring')).toEqual({ name: 'Eve' })
    db.close()
  })

  test('without a catalog has its entries, under other names', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    vfs.remove('/data/CATALOG')
    if (vfs.status('/data/CATALOG.copy') !== undefined) vfs.remove('/data/CATALOG.copy')
    const { report, content } = repair(vfs)
    expect(report).toMatchObject({ catalog: 'files', isComplete: false })
    expect(report.keyspaces.map(({ name, isNameLost }) => [name, isNameLost])).toEqual([
      ['default', false],
      ['keyspace-2', true],
    ])
    expect(content['default']).toEqual(expected['default'])
    expect(content['keyspace-2']!.size).toBe(expected['users']!.size)
  })

  test('with a damaged large value loses that value', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    const [path = ''] = pathsOf(vfs, '.blob')
    damage(vfs, path, 200)
    const { report, content } = repair(vfs)
    const kept = new Map(expected['default'])
    kept.delete('large 1')
    expect(content['default']).toEqual(kept)
    expect(report.losses).toMatchObject([{ keyspace: 'default', file: path }])
    expect(report.keyspaces[0]?.lostCount).toBe(1)
  })

  test('with a damaged record of the log reports what may be old', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    const [path = ''] = pathsOf(vfs, '.wal').slice(-1)
    damage(vfs, path, 8192 + 40)
    const { report, content } = repair(vfs)
    for (const [key, value] of content['default']!) {
      if (expected['default']!.get(key) !== value) expect(report.suspects).not.toEqual([])
    }
    expect(report.losses.map(({ file }) => file)).toEqual([path])
  })

  test('without its log has the entries of its checkpoint, all of them suspects', () => {
    const vfs = new MemoryVfs()
    write(vfs, engine)
    for (const path of pathsOf(vfs, '.wal')) vfs.remove(path)
    const { report, content } = repair(vfs)
    expect(content['default']!.size).toBeGreaterThan(299)
    expect(report.suspects.map(({ keyspace }) => keyspace)).toEqual(['default', 'users'])
    expect(report.lostCommitCount).toBeUndefined()
  })
})

test('a target that is not empty, the source and a missing database are refused', () => {
  const vfs = new MemoryVfs()
  write(vfs, 'btree')
  const codeOf = (path: string, options: object): string => {
    try {
      Database.repair(path, options as never)
      return 'none'
    } catch (error) {
      return isLdbError(error) ? error.code : String(error)
    }
  }
  expect(codeOf('/data', { vfs })).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf('/data', { target: '/data', vfs })).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf('/data', { target: '/data/inner', vfs })).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf('/data', { target: '/x', vfs, other: 1 })).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf('/data', { target: '/x', vfs, onProgress: 1 })).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf('/absent', { target: '/x', vfs })).toBe('LDB_NOT_FOUND')
  vfs.makeDirectory('/full')
  vfs.makeDirectory('/full/inner')
  expect(codeOf('/data', { target: '/full', vfs })).toBe('LDB_EXISTS')
  expect(codeOf('/full', { target: '/x', vfs })).toBe('LDB_FORMAT')
  vfs.makeDirectory('/empty')
  expect(codeOf('/data', { target: '/empty', vfs })).toBe('none')
  const db = Database.open('/data', { vfs })
  expect(codeOf('/data', { target: '/x', vfs })).toBe('LDB_LOCKED')
  db.close()
  expect(codeOf('/data', { target: '/x', vfs, signal: { aborted: true } })).toBe('LDB_ABORTED')
  expect(vfs.list('/').sort()).toEqual(['data', 'empty', 'full'])
})

test('an aborted repair leaves nothing, also when it verifies what it has written', () => {
  const vfs = new MemoryVfs()
  write(vfs, 'btree')
  for (const part of ['keyspace:users', 'verify']) {
    const signal = { aborted: false }
    let reportCount = 0
    const onProgress = (progress: { readonly part: string }): void => {
      // Four reports come around the verification, and all others while it reads the target.
      if (progress.part === part && (part !== 'verify' || ++reportCount > 4)) signal.aborted = true
    }
    expect(() => Database.repair('/data', { vfs, target: '/x', onProgress, signal })).toThrow(
      expect.objectContaining({ code: 'LDB_ABORTED' }),
    )
    expect(vfs.list('/')).toEqual(['data'])
  }
})

test('a repair removes what killed repairs to the same target have left, and nothing else', () => {
  const vfs = new MemoryVfs()
  write(vfs, 'btree')
  const left = '/x.repairing-0123456789abcdef'
  const open = '/x.repairing-fedcba9876543210'
  for (const path of [left, '/x.repairing-backup', '/y.repairing-0123456789abcdef'])
    Database.open(path, { vfs }).close()
  vfs.makeDirectory('/x.repairing-1111111111111111')
  vfs.makeDirectory('/x.repairing-1111111111111111/other')
  const running = Database.open(open, { vfs })
  Database.repair('/data', { vfs, target: '/x' })
  running.close()
  expect(vfs.list('/').sort()).toEqual([
    'data',
    'x',
    'x.repairing-1111111111111111',
    'x.repairing-backup',
    'x.repairing-fedcba9876543210',
    'y.repairing-0123456789abcdef',
  ])
})
