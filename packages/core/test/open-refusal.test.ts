// Every reason for which an open is refused: its code, and not one byte changed (D1, D2, D3, D5).
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLdbError, LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { encodeFileHeader } from '@ldb/integrity'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import type { OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { copyAfterKill, hashTree, readFile, readTree, writeFile } from './directory-tree.js'

const NODE = new NodeVfs()
let root = ''
let path = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-open-'))
  path = join(root, 'data')
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function makeDatabase(vfs: Vfs = NODE, at: string = path): void {
  const db = Database.open(at, { vfs })
  db.put('a', '1')
  db.keyspace('more').put('b', '2')
  db.close()
}

/** Expects a refusal, twice, and that nothing around the database has changed. */
function expectRefused(
  code: LdbErrorCode,
  {
    vfs = NODE,
    at = path,
    around = root,
    ...options
  }: DatabaseOptions & { at?: string; around?: string } = {},
): LdbError {
  const before = hashTree(vfs, around)
  let refusal: unknown
  for (let times = 0; times < 2; times++) {
    try {
      Database.open(at, { vfs, ...options }).close()
      throw new Error('the open was not refused')
    } catch (error) {
      if (!isLdbError(error)) throw error
      refusal = error
    }
    expect((refusal as LdbError).code, (refusal as LdbError).message).toBe(code)
    expect(hashTree(vfs, around)).toEqual(before)
  }
  return refusal as LdbError
}

describe('an open that is refused changes nothing (D5)', () => {
  it('without createIfMissing, where nothing is', () => {
    expectRefused('LDB_NOT_FOUND', { createIfMissing: false })
    expectRefused('LDB_NOT_FOUND', { readOnly: true })
    mkdirSync(path)
    expectRefused('LDB_NOT_FOUND', { createIfMissing: false })
    expectRefused('LDB_NOT_FOUND', { readOnly: true })
  })

  it('with errorIfExists, where a database is', () => {
    makeDatabase()
    expectRefused('LDB_EXISTS', { errorIfExists: true })
  })

  it('with pages of another size than the database that is there has (D6)', () => {
    makeDatabase()
    // As in a copy: taking the lock would be a change.
    rmSync(join(path, 'LOCK'), { force: true })
    for (const readOnly of [false, true]) {
      const refusal = expectRefused('LDB_EXISTS', { pageBytes: 4096, readOnly })
      expect(refusal.details).toEqual({ file: path, expected: 4096, actual: 8192 })
    }
  })

  it('over a file', () => {
    writeFileSync(path, 'hello')
    expectRefused('LDB_FORMAT')
    symlinkSync(path, join(root, 'link'))
    expectRefused('LDB_FORMAT', { at: join(root, 'link') })
  })

  it('over a directory that is not a database', () => {
    mkdirSync(path)
    writeFileSync(join(path, 'notes.txt'), 'mine')
    expectRefused('LDB_FORMAT')
    mkdirSync(join(path, 'wal'))
    writeFileSync(join(path, 'wal', '00000001'), 'of somebody else')
    expectRefused('LDB_FORMAT')
    writeFileSync(join(path, 'CATALOG'), 'a list of books')
    expectRefused('LDB_FORMAT')
  })

  it('over a newer format', () => {
    makeDatabase()
    const bytes = readFile(NODE, join(path, 'CATALOG'))
    bytes.set(encodeFileHeader({ kind: 'C', format: 7, minimumReader: 6, flags: 0 }))
    writeFile(NODE, join(path, 'CATALOG'), bytes)
    const refusal = expectRefused('LDB_FORMAT')
    expect(refusal.details.actual).toBe(6)
    expectRefused('LDB_FORMAT', { readOnly: true })
  })

  it.each([
    ['flipped', (bytes: Uint8Array) => bytes.map((byte, at) => (at === 50 ? byte ^ 1 : byte))],
    ['cut off', (bytes: Uint8Array) => bytes.slice(0, 70)],
    ['emptied', () => new Uint8Array(0)],
    ['overwritten', (bytes: Uint8Array) => bytes.map(() => 0x58)],
  ])('with a catalog that was %s', (_name, damage) => {
    makeDatabase()
    writeFile(NODE, join(path, 'CATALOG'), damage(readFile(NODE, join(path, 'CATALOG'))))
    const refusal = expectRefused('LDB_CORRUPTION')
    expect(refusal.details.file).toContain('CATALOG')
    expect(refusal.details.offset).toBeTypeOf('number')
    expect(Database.verify(path).ok).toBe(false)
  })

  it('with a catalog that is missing or a directory', () => {
    makeDatabase()
    rmSync(join(path, 'CATALOG'))
    expectRefused('LDB_CORRUPTION')
    mkdirSync(join(path, 'CATALOG'))
    expectRefused('LDB_CORRUPTION')
  })

  it.each([['wal'], ['keyspaces'], ['keyspaces/2/tree.ldb'], ['keyspaces/1']])('without its %s', (name) => {
    makeDatabase()
    rmSync(join(path, name), { recursive: true })
    expectRefused('LDB_CORRUPTION')
    expectRefused('LDB_CORRUPTION', { readOnly: true })
  })

  it('while it is open, in this process', () => {
    makeDatabase()
    const db = Database.open(path)
    const refusal = expectRefused('LDB_LOCKED')
    expect(refusal.details.holder).toBeTypeOf('string')
    symlinkSync(path, join(root, 'link'))
    expectRefused('LDB_LOCKED', { at: join(root, 'link') })
    expectRefused('LDB_LOCKED', { readOnly: true })
    db.close()
    Database.open(path).close()
  })

  it('with options that are none', () => {
    makeDatabase()
    const wrong: [LdbErrorCode, object][] = [
      ['LDB_INVALID_ARGUMENT', { durabilty: 'full' }],
      ['LDB_INVALID_ARGUMENT', { durability: 'fully' }],
      ['LDB_INVALID_ARGUMENT', { cacheBytes: '64' }],
      ['LDB_INVALID_ARGUMENT', { readOnly: 1 }],
      ['LDB_INVALID_ARGUMENT', { vfs: {} }],
      ['LDB_UNSUPPORTED', { engine: 'lsm' }],
      ['LDB_UNSUPPORTED', { compression: 'lz4' }],
      ['LDB_UNSUPPORTED', { encryption: { passphrase: 'x' } }],
      ['LDB_UNSUPPORTED', { workers: 2 }],
    ]
    for (const [code, options] of wrong) {
      const before = hashTree(NODE, root)
      expect(() => Database.open(path, options)).toThrowError(expect.objectContaining({ code }))
      expect(hashTree(NODE, root)).toEqual(before)
    }
    expect(() => Database.open('')).toThrowError(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
  })
})

/** A file system on which every writing call gives EROFS. */
class ReadOnlyVfs extends MemoryVfs {
  sealed = false

  override open(at: string, mode: OpenMode): VfsFile {
    if (mode !== 'read') this.#refuse(at)
    return super.open(at, mode)
  }

  override makeDirectory(at: string): void {
    this.#refuse(at)
    super.makeDirectory(at)
  }

  override rename(source: string, target: string): void {
    this.#refuse(source)
    super.rename(source, target)
  }

  override remove(at: string): void {
    this.#refuse(at)
    super.remove(at)
  }

  override lock(directory: string): VfsLock {
    this.#refuse(directory)
    return super.lock(directory)
  }

  #refuse(file: string): void {
    if (this.sealed) throw new LdbError('LDB_READ_ONLY', 'read-only file system', { details: { file } })
  }
}

describe('a read-only file system', () => {
  it('is refused, and read with readOnly', () => {
    const vfs = new ReadOnlyVfs()
    vfs.makeDirectory('/mnt')
    makeDatabase(vfs, '/mnt/data')
    vfs.sealed = true
    expectRefused('LDB_READ_ONLY', { vfs, at: '/mnt/data', around: '/mnt' })
    expectRefused('LDB_READ_ONLY', { vfs, at: '/mnt/other', around: '/mnt' })
    const db = Database.open('/mnt/data', { vfs, readOnly: true })
    expect(db.get('a')).toBe('1')
    expect(() => db.put('a', '2')).toThrowError(expect.objectContaining({ code: 'LDB_READ_ONLY' }))
    db.close()
  })

  it('is refused for a directory without the right to write', () => {
    if (process.getuid?.() === 0) return // Root may write everywhere.
    makeDatabase()
    chmodSync(path, 0o500)
    try {
      expect(() => Database.open(path)).toThrowError(expect.objectContaining({ name: 'LdbError' }))
    } finally {
      chmodSync(path, 0o700)
    }
  })
})

describe('readOnly (R7)', () => {
  it('replays what a kill left, and changes nothing', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { vfs })
    for (let number = 0; number < 100; number++) db.put(`key${number}`, 'value')
    const left = copyAfterKill(vfs, 'data')
    const before = hashTree(left, 'data')
    const copy = Database.open('data', { vfs: left, readOnly: true })
    expect(copy.count()).toBe(100)
    for (const write of [
      () => copy.put('x', 'y'),
      () => copy.clear(),
      () => copy.batch(),
      () => copy.keyspace('new'),
      () => copy.dropKeyspace('default'),
      () => copy.checkpoint(),
      () => copy.compact(),
      () => copy.sync(),
    ]) {
      expect(write).toThrowError(expect.objectContaining({ code: 'LDB_READ_ONLY' }))
    }
    expect(copy.verify().findings).toEqual([])
    copy.close()
    expect(hashTree(left, 'data')).toEqual(before)
    db.close()
  })
})

describe('creation (D1)', () => {
  it('takes an empty directory, and one in which it was broken off', () => {
    mkdirSync(path)
    makeDatabase()
    expect(Database.verify(path).ok).toBe(true)

    const vfs = new MemoryVfs()
    makeDatabase(vfs, 'data')
    vfs.remove('data/CATALOG')
    writeFile(vfs, 'data/CREATING', new Uint8Array(0))
    const db = Database.open('data', { vfs })
    expect(db.count()).toBe(0)
    expect(vfs.list('data')).not.toContain('CREATING')
    db.close()
  })

  it('leaves no temporary directory behind', () => {
    makeDatabase()
    expect(NODE.list(root)).toEqual(['data'])
  })

  it('makes files that only their owner may read', () => {
    makeDatabase()
    const modes = execFileSync('find', [path, '-type', 'f', '-not', '-perm', '600'], { encoding: 'utf8' })
    expect(modes).toBe('')
  })
})

describe('a link that leads nowhere', () => {
  it.each(['wal', 'keyspaces'])('in the place of %s is refused by name', (name) => {
    makeDatabase()
    rmSync(join(path, name), { recursive: true })
    symlinkSync('/nowhere', join(path, name))
    expect(() => Database.open(path)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^LDB_(FORMAT|CORRUPTION)$/) }),
    )
  })
})

describe('unknown files (D2)', () => {
  it('are left alone', () => {
    makeDatabase()
    writeFileSync(join(path, '.DS_Store'), 'x')
    writeFileSync(join(path, 'keyspaces', '._1'), 'x')
    mkdirSync(join(path, 'keyspaces', '77'))
    writeFileSync(join(path, 'keyspaces', '77', 'tree.ldb'), 'of a number never given out')
    writeFileSync(join(path, 'wal', 'notes'), 'x')
    symlinkSync('/nowhere', join(path, 'dangling'))
    const db = Database.open(path)
    expect(db.get('a')).toBe('1')
    db.close()
    expect(NODE.list(path)).toEqual(expect.arrayContaining(['.DS_Store', 'dangling']))
    expect(NODE.list(join(path, 'wal'))).toContain('notes')
    expect(NODE.list(join(path, 'keyspaces'))).toEqual(expect.arrayContaining(['._1', '77']))
    Database.destroy(path)
    expect([...readTree(NODE, path).keys()].map((name) => name.slice(path.length)).sort()).toEqual([
      '/.DS_Store',
      '/dangling',
      '/keyspaces',
      '/keyspaces/._1',
      '/wal',
      '/wal/notes',
    ])
  })
})

describe('destroy', () => {
  it('deletes a database, and nothing that is not one', () => {
    makeDatabase()
    const db = Database.open(path)
    expect(() => Database.destroy(path)).toThrowError(expect.objectContaining({ code: 'LDB_LOCKED' }))
    db.close()
    Database.destroy(path)
    expect(NODE.list(root)).toEqual([])
    expect(() => Database.destroy(path)).toThrowError(expect.objectContaining({ code: 'LDB_NOT_FOUND' }))
    mkdirSync(path)
    expect(() => Database.destroy(path)).toThrowError(expect.objectContaining({ code: 'LDB_FORMAT' }))
    writeFileSync(join(path, 'mine'), 'x')
    expect(() => Database.destroy(path)).toThrowError(expect.objectContaining({ code: 'LDB_FORMAT' }))
    expect(NODE.list(path)).toEqual(['mine'])
  })

  it('deletes a damaged one', () => {
    makeDatabase()
    rmSync(join(path, 'CATALOG'))
    Database.destroy(path)
    expect(NODE.list(root)).toEqual([])
  })
})
