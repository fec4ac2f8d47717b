// The directory of a database: creation (D1), unknown files (D2), and `Database.destroy`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { readTree, writeFile } from './directory-tree.js'

const NODE = new NodeVfs()
let root = ''
let path = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-directory-'))
  path = join(root, 'data')
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function createDatabase(vfs: Vfs = NODE, at: string = path): void {
  const db = Database.open(at, { vfs })
  db.put('a', '1')
  db.close()
}

describe('creation (D1)', () => {
  it('works in an empty directory, and after an interrupted creation', () => {
    mkdirSync(path)
    createDatabase()
    expect(Database.verify(path).ok).toBe(true)

    const vfs = new MemoryVfs()
    createDatabase(vfs, 'data')
    vfs.remove('data/CATALOG')
    writeFile(vfs, 'data/CREATING', new Uint8Array(0))
    const db = Database.open('data', { vfs })
    expect(db.count()).toBe(0)
    expect(vfs.list('data')).not.toContain('CREATING')
    db.close()
  })

  it('leaves no temporary directory behind', () => {
    createDatabase()
    expect(NODE.list(root)).toEqual(['data'])
  })

  it('creates files that only their owner may read', () => {
    createDatabase()
    const modes = execFileSync('find', [path, '-type', 'f', '-not', '-perm', '600'], { encoding: 'utf8' })
    expect(modes).toBe('')
  })
})

describe('unknown files (D2)', () => {
  it('are left alone', () => {
    createDatabase()
    writeFileSync(join(path, '.DS_Store'), 'x')
    writeFileSync(join(path, 'keyspaces', '._1'), 'x')
    mkdirSync(join(path, 'keyspaces', '77'))
    writeFileSync(join(path, 'keyspaces', '77', 'tree.ldb'), 'of an unassigned number')
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
  it('deletes a database, and nothing else', () => {
    createDatabase()
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

  it('deletes a corrupt database', () => {
    createDatabase()
    rmSync(join(path, 'CATALOG'))
    Database.destroy(path)
    expect(NODE.list(root)).toEqual([])
  })
})
