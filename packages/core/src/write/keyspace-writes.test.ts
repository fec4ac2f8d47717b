import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('writes', () => {
  it('reject null, undefined, wrong types and oversized keys', () => {
    using db = Database.memory()
    const binary = db.keyspace('binary', { keys: 'binary', values: 'json' })
    const wrong = [
      () => db.put(undefined as never, 'x'),
      () => db.put('x', null as never),
      () => db.put(7 as never, 'x'),
      () => db.get(null as never),
      () => db.put('\ud800', 'x'),
      () => db.put('x', 'y', { durability: 'maybe' as never }),
      () => db.put('x', 'y', { durabilty: 'full' } as never),
      () => db.entries({ from: 'x' } as never),
      () => db.cursor({ limit: 5 }),
      () => db.batch().deleteRange({ limit: 5 }),
      () => binary.put('text' as never, 1),
      () => binary.put(Uint8Array.of(1), undefined),
    ]
    for (const call of wrong) expect(call).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.put('x', 'y', { ttlMs: 0 })).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.put('k'.repeat(65_536), 'x')).toThrowError(code('LDB_TOO_LARGE'))
    expect(() => db.get('k'.repeat(70_000))).toThrowError(code('LDB_TOO_LARGE'))
    expect(() => db.batch().put('k'.repeat(65_536), 'x')).toThrowError(code('LDB_TOO_LARGE'))
    // The creation of the keyspace alone.
    expect(db.seq).toBe(1)
    db.put('k'.repeat(65_535), 'x')
    expect(db.get('k'.repeat(65_535))).toBe('x')
    db.deleteRange({ lte: 'k'.repeat(65_535) })
    expect(db.count()).toBe(0)
  })

  it('keep no bytes of the caller, and return only copies (S3)', () => {
    using db = Database.memory()
    const keyspace = db.keyspace('binary', { keys: 'binary', values: 'binary' })
    const key = Uint8Array.of(1, 2)
    const value = Uint8Array.of(3, 4)
    keyspace.put(key, value)
    const batch = db.batch().in(keyspace).put(Uint8Array.of(9), value)
    value.fill(0)
    batch.commit()
    key.fill(0)
    expect([...keyspace.keys()]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(9)])
    const given = [keyspace.get(Uint8Array.of(1, 2)), ...keyspace.values(), ...keyspace.keys()]
    for (const bytes of given) bytes?.fill(77)
    using cursor = keyspace.cursor()
    cursor.first()
    cursor.key.fill(77)
    cursor.value.fill(77)
    expect(keyspace.entries().toArray()).toEqual([
      [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
      [Uint8Array.of(9), Uint8Array.of(3, 4)],
    ])
    expect(keyspace.get(Buffer.from([9]))).toEqual(Uint8Array.of(3, 4))
  })

  it('return results that later steps of a scan do not change (S3)', () => {
    using db = Database.memory()
    const keyspace = db.keyspace('binary', { keys: 'binary', values: 'binary' })
    const expected = Array.from({ length: 400 }, (_, number): [Uint8Array, Uint8Array] => [
      Uint8Array.of(number >> 8, number & 255),
      new Uint8Array(40).fill(number % 251),
    ])
    const batch = db.batch().in(keyspace)
    for (const [key, value] of expected) batch.put(key, value)
    batch.commit()
    expect(keyspace.entries().toArray()).toEqual(expected)
  })

  it('treat the names of Object.prototype as ordinary keys', () => {
    using db = Database.memory()
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      expect(db.get(key)).toBeUndefined()
      db.put(key, 'mine')
      expect(db.keyspace(key).count()).toBe(0)
    }
    expect(db.count()).toBe(4)
  })
})
