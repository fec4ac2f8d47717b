// Strategy: paths in every spelling are resolved by NodeVfs, and the working directory changes before the next operation.
// Invariant: an object that keeps a path acts on the file that the path denoted when it was created.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  DirectorySync,
  FileRemoval,
  FileSync,
  NodeVfs,
  OverlayVfs,
  OwnedVfs,
  resolvePath,
} from '../src/index.js'

const vfs = new NodeVfs()
const startDirectory = process.cwd()
let root: string
let other: string

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'ldb-paths-')))
  other = join(root, 'other')
  fs.mkdirSync(join(root, 'here/inner'), { recursive: true })
  fs.mkdirSync(other)
  fs.symlinkSync(join(root, 'here/inner'), join(other, 'link'))
  process.chdir(join(root, 'here'))
})

afterEach(() => {
  process.chdir(startDirectory)
  fs.rmSync(root, { recursive: true })
})

describe('absolutePath', () => {
  test.each([
    ['data', 'here/data'],
    ['./data/', 'here/data'],
    ['inner//data/.', 'here/inner/data'],
    ['.', 'here'],
    ['..', ''],
    ['../other/data', 'other/data'],
    ['./.././data', 'data'],
    ['inner/../data', 'here/data'],
    // The parent of the target of the link, and not of the link.
    ['../other/link/../data', 'here/data'],
    ['../other/link/data', 'other/link/data'],
    ['inner/..', 'here'],
    ['inner/..//data//x', 'here/data/x'],
    ['file:data', 'here/file:data'],
  ])('of %s', (path, expected) => {
    expect(vfs.absolutePath(path)).toBe(join(root, expected))
  })

  test('keeps absolute paths', () => {
    expect(vfs.absolutePath('/a//b/./c')).toBe('/a/b/c')
    expect(vfs.absolutePath(`${root}/other/link/../x`)).toBe(`${root}/here/x`)
  })

  test('decodes URLs', () => {
    for (const name of ['a b', '100%', '%20', 'ü?#', 'x;y'])
      for (const url of [pathToFileURL(join(root, name)), pathToFileURL(join(root, name)).href])
        expect(vfs.absolutePath(url)).toBe(join(root, name))
  })

  test.each(['', 'file://host/x', 'file:///a%2fb', 'file:///%'])('%o is LDB_INVALID_ARGUMENT', (path) => {
    expect(() => vfs.absolutePath(path)).toThrowError(
      expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
    )
  })

  test('fails when a directory before .. is absent', () => {
    expect(() => vfs.absolutePath('absent/../data')).toThrowError(
      expect.objectContaining({ code: 'LDB_NOT_FOUND' }),
    )
  })

  test('fails in a working directory that was removed', () => {
    const gone = join(root, 'gone')
    fs.mkdirSync(gone)
    process.chdir(gone)
    fs.rmdirSync(gone)
    expect(() => vfs.absolutePath('data')).toThrowError(expect.objectContaining({ code: 'LDB_IO' }))
    expect(vfs.absolutePath('/data')).toBe('/data')
  })
})

test('objects that were created with a relative path survive a change of the working directory', async () => {
  for (const name of ['file', 'removed', 'removed too', 'removed later'])
    for (const directory of ['.', other]) fs.writeFileSync(join(directory, name), name)
  fs.mkdirSync('locked')
  const file = vfs.open('file', 'write')
  const fileSync = new FileSync(vfs, file)
  const removal = new FileRemoval(vfs, 'removed')
  const asyncRemoval = new FileRemoval(vfs, 'removed too')
  const directorySync = new DirectorySync(vfs, 'inner')
  const lock = vfs.lock('locked')
  const removedLater = vfs.removeAsync('removed later')
  const syncedLater = vfs.syncDirectoryAsync('inner')
  process.chdir(other)
  await Promise.all([removedLater, syncedLater])
  expect(file.path).toBe(join(root, 'here/file'))
  await fileSync.syncAsync()
  removal.sync()
  await asyncRemoval.syncAsync()
  directorySync.sync()
  await directorySync.syncAsync()
  lock.assertHeld()
  lock.release()
  fileSync.close()
  file.close()
  expect(fs.readdirSync(join(root, 'here')).sort()).toEqual(['file', 'inner', 'locked'])
  expect(fs.readdirSync(join(root, 'here/locked'))).toEqual([])
  expect(fs.readdirSync(other).sort()).toEqual(['file', 'link', 'removed', 'removed later', 'removed too'])
})

test('a sync through a second handle refuses a file that has taken the place of the open one', async () => {
  const file = vfs.open('file', 'create')
  fs.renameSync('file', 'moved')
  fs.writeFileSync('file', 'foreign')
  const fileSync = new FileSync(vfs, file)
  await expect(fileSync.syncAsync()).rejects.toMatchObject({ code: 'LDB_POISONED' })
  fileSync.sync()
  fileSync.close()
  file.close()
})

test('a lock is not held in a copy of its directory, and leaves the copy as it is', () => {
  fs.mkdirSync('data')
  const lock = vfs.lock('data')
  fs.cpSync('data', 'copy', { recursive: true })
  fs.renameSync('data', 'moved')
  fs.renameSync('copy', 'data')
  expect(() => {
    lock.assertHeld()
  }).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
  lock.release()
  expect(fs.readdirSync('data')).toEqual(['LOCK'])
})

test('a directory that gets the identity of a removed one is not taken for it', () => {
  fs.mkdirSync('data/wal', { recursive: true })
  const owned = new OwnedVfs(vfs)
  const lock = owned.own(join(root, 'here/data'), vfs.lock('data'))
  const wal = join(root, 'here/data/wal')
  expect(owned.list(wal)).toEqual([])
  for (let count = 0; count < 20; count++) {
    fs.rmdirSync(wal)
    fs.mkdirSync(wal)
  }
  expect(() => owned.open(`${wal}/1`, 'create')).toThrowError(
    expect.objectContaining({ code: 'LDB_POISONED' }),
  )
  expect(fs.readdirSync(wal)).toEqual([])
  lock.release()
})

test('a symbolic link as the directory is followed, and refused when it leads elsewhere', () => {
  fs.mkdirSync('one')
  fs.mkdirSync('two')
  fs.symlinkSync('one', 'current')
  const current = join(root, 'here/current')
  const owned = new OwnedVfs(vfs)
  const lock = owned.own(current, vfs.lock(current))
  owned.open(`${current}/file`, 'create').close()
  fs.rmSync('current')
  fs.symlinkSync('two', 'current')
  expect(() => owned.open(`${current}/more`, 'create')).toThrowError(
    expect.objectContaining({ code: 'LDB_POISONED' }),
  )
  lock.release()
  expect([fs.readdirSync('one'), fs.readdirSync('two')]).toEqual([['LOCK', 'file'], []])
})

test('an overlay finds the same file by an absolute and a relative path', () => {
  fs.writeFileSync('file', 'content')
  const overlay = new OverlayVfs(vfs)
  const path = resolvePath(overlay, './file')
  process.chdir(other)
  expect(overlay.status(path)?.length).toBe(7)
})
