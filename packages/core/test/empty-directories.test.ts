// Strategy: directories that contain what is not the user's, and names of keyspaces that do not exist.
// Invariants: a database is created where a user sees an empty directory, and what was there stays; nothing is created unless it is wanted.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase, Database } from '../src/index.js'
import { codeOf } from './outcome-codes.js'

function directoryWith(names: readonly string[]): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('data')
  for (const name of names) vfs.open(`data/${name}`, 'create').close()
  return vfs
}

describe('a directory', () => {
  it.each(['lost+found', '.gitkeep', '.DS_Store'])('that contains %s is empty', (name) => {
    const vfs = directoryWith([name])
    expect(codeOf(() => Database.destroy('data', { vfs }))).toBe('LDB_FORMAT')
    Database.open('data', { vfs, errorIfExists: true }).close()
    const db = Database.open('data', { vfs })
    db.put('a', '1')
    db.close()
    Database.destroy('data', { vfs })
    expect(vfs.list('data')).toEqual([name])
  })

  it('that contains a file of the user is not a database', () => {
    const vfs = directoryWith(['.gitkeep', 'notes.txt'])
    expect(codeOf(() => Database.open('data', { vfs }))).toBe('LDB_FORMAT')
    expect(vfs.list('data').sort()).toEqual(['.gitkeep', 'notes.txt'])
  })
})

describe('a keyspace', () => {
  it('is not created without createIfMissing', async () => {
    using db = Database.memory()
    expect(codeOf(() => db.keyspace('users', { createIfMissing: false }))).toBe('LDB_NOT_FOUND')
    expect(db.keyspaces().map(({ name }) => name)).toEqual(['default'])
    const users = db.keyspace('users', { createIfMissing: true })
    users.put('a', '1')
    expect(db.keyspace('users', { createIfMissing: false }).get('a')).toBe('1')
    expect(codeOf(() => db.keyspace('x', { createIfMissing: 1 as unknown as boolean }))).toBe(
      'LDB_INVALID_ARGUMENT',
    )
    const adb = await AsyncDatabase.memory()
    await expect(adb.keyspace('users', { createIfMissing: false })).rejects.toThrow(
      'there is no keyspace "users"',
    )
    await adb.close()
  })
})
