// Every reason to refuse an open: its error code, and no byte changed (D3, D5).
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLdbError, LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { encodeFileHeader } from '@ldb/integrity'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import type { LockMode, OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { copyAfterKill, hashTree, readFile, writeFile } from './directory-tree.js'

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

function createDatabase(vfs: Vfs = NODE, at: string = path): void {
  const db = Database.open(at, { vfs })
  db.put('a', '1')
  db.keyspace('more').put('b', '2')
  db.checkpoint()
  db.close()
}

/** Expects a refusal, twice, and that no file changes. */
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

describe('a refused open changes nothing (D5)', () => {
  it('of a missing database, without createIfMissing', () => {
    expectRefused('LDB_NOT_FOUND', { createIfMissing: false })
    expectRefused('LDB_NOT_FOUND', { readOnly: true })
    mkdirSync(path)
    expectRefused('LDB_NOT_FOUND', { createIfMissing: false })
    expectRefused('LDB_NOT_FOUND', { readOnly: true })
  })

  it('of an existing database, with errorIfExists', () => {
    createDatabase()
    expectRefused('LDB_EXISTS', { errorIfExists: true })
  })

  it('with another page size (D6)', () => {
    createDatabase()
    // As in a copied database: acquiring the lock would be a change.
    rmSync(join(path, 'LOCK'), { force: true })
    for (const readOnly of [false, true]) {
      const refusal = expectRefused('LDB_EXISTS', { pageBytes: 4096, readOnly })
      expect(refusal.details).toEqual({ file: path, expected: 4096, actual: 8192 })
    }
  })

  it('of a file', () => {
    writeFileSync(path, 'hello')
    expectRefused('LDB_FORMAT')
    symlinkSync(path, join(root, 'link'))
    expectRefused('LDB_FORMAT', { at: join(root, 'link') })
  })

  it('of a directory that is not a database', () => {
    mkdirSync(path)
    writeFileSync(join(path, 'notes.txt'), 'mine')
    expectRefused('LDB_FORMAT')
    mkdirSync(join(path, 'wal'))
    writeFileSync(join(path, 'wal', '00000001'), 'of another program')
    expectRefused('LDB_FORMAT')
    writeFileSync(join(path, 'CATALOG'), 'a list of books')
    expectRefused('LDB_FORMAT')
  })

  it('of a newer format', () => {
    createDatabase()
    const bytes = readFile(NODE, join(path, 'CATALOG'))
    bytes.set(encodeFileHeader({ kind: 'C', format: 7, minimumReader: 6, flags: 0 }))
    writeFile(NODE, join(path, 'CATALOG'), bytes)
    const refusal = expectRefused('LDB_FORMAT')
    expect(refusal.details.actual).toBe(6)
    expectRefused('LDB_FORMAT', { readOnly: true })
  })

  it.each([
    ['flipped', (bytes: Uint8Array) => bytes.map((byte, at) => (at === 50 ? byte ^ 1 : byte))],
    ['truncated', (bytes: Uint8Array) => bytes.slice(0, 70)],
    ['emptied', () => new Uint8Array(0)],
    ['overwritten', (bytes: Uint8Array) => bytes.map(() => 0x58)],
  ])('with a catalog that was %s', (_name, damage) => {
    createDatabase()
    rmSync(join(path, 'CATALOG.copy'))
    writeFile(NODE, join(path, 'CATALOG'), damage(readFile(NODE, join(path, 'CATALOG'))))
    const refusal = expectRefused('LDB_CORRUPTION')
    expect(refusal.details.file).toContain('CATALOG')
    expect(refusal.details.offset).toBeTypeOf('number')
    expect(Database.verify(path).ok).toBe(false)
  })

  it('with a catalog that is missing, or that is a directory', () => {
    createDatabase()
    rmSync(join(path, 'CATALOG.copy'))
    rmSync(join(path, 'CATALOG'))
    expectRefused('LDB_CORRUPTION')
    mkdirSync(join(path, 'CATALOG'))
    expectRefused('LDB_CORRUPTION')
  })

  it.each([['wal'], ['keyspaces'], ['keyspaces/2/tree.ldb'], ['keyspaces/1']])('without its %s', (name) => {
    createDatabase()
    rmSync(join(path, name), { recursive: true })
    expectRefused('LDB_CORRUPTION')
    expectRefused('LDB_CORRUPTION', { readOnly: true })
  })

  it('while the database is open in this process', () => {
    createDatabase()
    const db = Database.open(path)
    const refusal = expectRefused('LDB_LOCKED')
    expect(refusal.details.holder).toBeTypeOf('string')
    symlinkSync(path, join(root, 'link'))
    expectRefused('LDB_LOCKED', { at: join(root, 'link') })
    expectRefused('LDB_LOCKED', { readOnly: true })
    expect(() => Database.verify(path)).toThrowError(/opened for writing/)
    db.close()
    Database.open(path).close()
  })

  it.each([
    ['NodeVfs', (): Vfs => NODE],
    ['MemoryVfs', (): Vfs => new MemoryVfs()],
  ])('for writing while it is open read-only, which others may share: %s', (_, makeVfs) => {
    const vfs = makeVfs()
    if (vfs !== NODE) for (const each of ['/tmp', root]) vfs.makeDirectory(each)
    createDatabase(vfs)
    const one = Database.open(path, { vfs, readOnly: true })
    const two = Database.open(path, { vfs, readOnly: true })
    expect(Database.verify(path, { vfs }).ok).toBe(true)
    expect([one.get('a'), two.get('a')]).toEqual(['1', '1'])
    one.close()
    expect(String(expectRefused('LDB_LOCKED', { vfs }))).toContain('opened read-only')
    expect(() => Database.destroy(path, { vfs })).toThrowError(/opened read-only/)
    two.close()
    Database.open(path, { vfs }).close()
  })

  it('with invalid options', () => {
    createDatabase()
    const wrong: [LdbErrorCode, object][] = [
      ['LDB_INVALID_ARGUMENT', { durabilty: 'full' }],
      ['LDB_INVALID_ARGUMENT', { durability: 'fully' }],
      ['LDB_INVALID_ARGUMENT', { cacheBytes: '64' }],
      ['LDB_INVALID_ARGUMENT', { readOnly: 1 }],
      ['LDB_INVALID_ARGUMENT', { vfs: {} }],
      ['LDB_INVALID_ARGUMENT', { engine: 'hash' }],
      ['LDB_INVALID_ARGUMENT', { compression: 'brotli' }],
      ['LDB_KEY', { encryption: { passphrase: 'x' } }],
      ['LDB_INVALID_ARGUMENT', { workers: 65 }],
    ]
    for (const [code, options] of wrong) {
      const before = hashTree(NODE, root)
      expect(() => Database.open(path, options)).toThrowError(expect.objectContaining({ code }))
      expect(hashTree(NODE, root)).toEqual(before)
    }
    expect(() => Database.open('')).toThrowError(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
  })
})

/** A file system that can refuse every write, like one that is mounted read-only. */
class ReadOnlyVfs extends MemoryVfs {
  isReadOnly = false

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

  override lock(directory: string, mode?: LockMode): VfsLock {
    if (mode !== 'shared') this.#refuse(directory)
    return super.lock(directory, mode)
  }

  #refuse(file: string): void {
    if (this.isReadOnly) throw new LdbError('LDB_READ_ONLY', 'read-only file system', { details: { file } })
  }
}

describe('a read-only file system', () => {
  it('refuses an open, except with readOnly', () => {
    const vfs = new ReadOnlyVfs()
    vfs.makeDirectory('/mnt')
    createDatabase(vfs, '/mnt/data')
    vfs.isReadOnly = true
    expectRefused('LDB_READ_ONLY', { vfs, at: '/mnt/data', around: '/mnt' })
    expectRefused('LDB_READ_ONLY', { vfs, at: '/mnt/other', around: '/mnt' })
    const db = Database.open('/mnt/data', { vfs, readOnly: true })
    expect(db.get('a')).toBe('1')
    expect(() => db.put('a', '2')).toThrowError(expect.objectContaining({ code: 'LDB_READ_ONLY' }))
    db.close()
  })

  it('refuses an open of a directory without write permission', () => {
    if (process.getuid?.() === 0) return // Root may write everywhere.
    createDatabase()
    chmodSync(path, 0o500)
    try {
      expect(() => Database.open(path)).toThrowError(expect.objectContaining({ name: 'LdbError' }))
    } finally {
      chmodSync(path, 0o700)
    }
  })
})

describe('readOnly (R7)', () => {
  it('replays the log of a killed process, and changes nothing', () => {
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

describe('a dangling symbolic link', () => {
  it.each(['wal', 'keyspaces'])('in place of %s is refused', (name) => {
    createDatabase()
    rmSync(join(path, name), { recursive: true })
    symlinkSync('/nowhere', join(path, name))
    expect(() => Database.open(path)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^LDB_(FORMAT|CORRUPTION)$/) }),
    )
  })
})
