import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'
import { openDatabase } from '../open/opening.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('keyspaces', () => {
  it('are independent, typed and persistent', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs })
    const users = db.keyspace<string, { name: string }>('users', { values: 'json' })
    const byAge = db.keyspace('age', { keys: 'tuple', values: 'binary' })
    users.put('u1', { name: 'Ada' })
    byAge.put([36, 'u1'], Uint8Array.of(1))
    db.put('u1', 'plain')
    expect(db.keyspace('users')).toBe(users)
    db.close()
    db = Database.open('data', { vfs })
    expect(db.keyspaces().map(({ name, keys, values }) => [name, keys, values])).toEqual([
      ['default', 'utf8', 'utf8'],
      ['users', 'utf8', 'json'],
      ['age', 'tuple', 'binary'],
    ])
    expect(db.keyspace('users').get('u1')).toEqual({ name: 'Ada' })
    expect(
      db
        .keyspace('age', { keys: 'tuple' })
        .keys({ prefix: [36] })
        .toArray(),
    ).toEqual([[36, 'u1']])
    expect(db.get('u1')).toBe('plain')
    db.close()
  })

  it('throw LDB_EXISTS for options other than the stored ones (K5)', () => {
    using db = Database.memory()
    db.keyspace('users', { values: 'json' })
    expect(() => db.keyspace('users', { values: 'utf8' })).toThrowError(code('LDB_EXISTS'))
    expect(() => db.keyspace('users', { keys: 'tuple' })).toThrowError(code('LDB_EXISTS'))
    expect(() => db.keyspace('', {})).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('x'.repeat(1_025))).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('x', { engine: 'hash' } as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('x', { colour: 5 } as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace(7 as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('are dropped permanently, and their numbers are not reused (K3)', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs })
    const old = db.keyspace('temporary')
    db.batch().put('a', '1').in(old).put('a', '1').commit()
    db.checkpoint()
    expect(vfs.list('data/keyspaces')).toEqual(['1', '2'])
    db.dropKeyspace('temporary')
    expect(() => old.get('a')).toThrowError(code('LDB_NOT_FOUND'))
    expect(() => old.put('a', '2')).toThrowError(code('LDB_NOT_FOUND'))
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
    const fresh = db.keyspace('temporary')
    expect(fresh).not.toBe(old)
    expect(fresh.descriptor.id).toBe(3)
    expect(fresh.count()).toBe(0)
    expect(() => db.dropKeyspace('default')).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.dropKeyspace('unknown')).toThrowError(code('LDB_NOT_FOUND'))
    expect(() => db.batch().in(old)).toThrowError(code('LDB_NOT_FOUND'))
    db.close()
    db = Database.open('data', { vfs })
    expect(db.keyspaces().map(({ id }) => id)).toEqual([1, 3])
    db.close()
  })

  it('stay readable through reads that were open at the drop (K4)', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs })
    const keyspace = db.keyspace('temporary')
    db.batch().put('a', '1').in(keyspace).put('a', '1').commit()
    db.checkpoint()
    const snapshot = db.snapshot()
    const scan = keyspace.entries()
    const batch = db.batch().in(keyspace).put('a', '2')
    db.dropKeyspace('temporary')
    expect(() => batch.commit()).toThrowError(code('LDB_NOT_FOUND'))
    expect(scan.toArray()).toEqual([['a', '1']])
    expect(snapshot.in(keyspace).get('a')).toBe('1')
    expect(vfs.list('data/keyspaces')).toEqual(['1', '2'])
    snapshot.release()
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
  })
})

describe('recovery of keyspaces', () => {
  it('skips log records of a dropped keyspace, and removes files that a crash left (K3)', () => {
    const vfs = new MemoryVfs()
    const db = new Database(openDatabase('data', { vfs }))
    const keyspace = db.keyspace('temporary')
    db.batch().put('a', '1').in(keyspace).put('b', '2').commit()
    db.checkpoint()
    using scan = keyspace.entries()
    db.dropKeyspace('temporary')
    expect(vfs.list('data/keyspaces')).toEqual(['1', '2'])
    expect(scan.next().done).toBe(false)
    db.close()
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
  })
})
