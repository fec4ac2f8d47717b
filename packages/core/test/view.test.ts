import { Database, isLdbError } from '@ldb/core'
import { describe, expect, test } from 'vitest'

describe('view', () => {
  test('reads and writes the stored bytes under other encodings', () => {
    using db = Database.memory()
    db.put('é', 'ü')
    const bytes = db.view({ keys: 'binary', values: 'binary' })
    expect(Array.from(bytes.get(Uint8Array.of(0xc3, 0xa9)) ?? [])).toEqual([0xc3, 0xbc])
    bytes.put(Uint8Array.of(0x61), Uint8Array.of(0x62))
    expect(db.get('a')).toBe('b')
    expect(db.view({ values: 'binary' }).get('a')).toEqual(Uint8Array.of(0x62))
    // The stored encodings stay.
    expect(db.keyspaces()[0]).toMatchObject({ keys: 'utf8', values: 'utf8' })
  })

  test('is a keyspace of its database for batches, transactions and snapshots', () => {
    using db = Database.memory()
    const users = db.keyspace('users', { values: 'json' })
    const view = users.view({ values: 'utf8' })
    db.batch().in(view).put('u', '{"name":"Ada"}').commit()
    expect(users.get('u')).toEqual({ name: 'Ada' })
    using tx = db.begin()
    expect(tx.in(view).get('u')).toBe('{"name":"Ada"}')
    using snapshot = db.snapshot()
    users.put('u', 1)
    expect(snapshot.in(view).get('u')).toBe('{"name":"Ada"}')
  })

  test('refuses unknown options and closed databases', () => {
    const db = Database.memory()
    const users = db.keyspace('users')
    const codeOf = (call: () => unknown): unknown => {
      try {
        call()
        return undefined
      } catch (error) {
        return isLdbError(error) ? error.code : error
      }
    }
    expect(codeOf(() => db.view({ keys: 'text' as 'utf8' }))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => db.view({ key: 'utf8' } as object))).toBe('LDB_INVALID_ARGUMENT')
    db.dropKeyspace('users')
    expect(codeOf(() => users.view({ keys: 'binary' }))).toBe('LDB_NOT_FOUND')
    db.close()
    expect(codeOf(() => db.view({ keys: 'binary' }))).toBe('LDB_CLOSED')
  })
})
