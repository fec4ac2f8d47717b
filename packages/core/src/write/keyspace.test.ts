import type { ValueEncoding } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'
import { openDatabase } from '../open/open-database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

/** An encoding that calls back into the database, as the user's own may. */
function reentrant(call: () => void): ValueEncoding<string> {
  return {
    name: 'reentrant',
    encode: (value) => {
      call()
      return Uint8Array.from(value, (character) => character.charCodeAt(0))
    },
    decode: (bytes) => {
      call()
      return String.fromCharCode(...bytes)
    },
  }
}

describe('keyspaces', () => {
  it('are independent, typed and kept', () => {
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

  it('are refused with other options than the stored ones (K5)', () => {
    using db = Database.memory()
    db.keyspace('users', { values: 'json' })
    expect(() => db.keyspace('users', { values: 'utf8' })).toThrowError(code('LDB_EXISTS'))
    expect(() => db.keyspace('users', { keys: 'tuple' })).toThrowError(code('LDB_EXISTS'))
    expect(() => db.keyspace('', {})).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('x'.repeat(1_025))).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('x', { engine: 'lsm' } as never)).toThrowError(code('LDB_UNSUPPORTED'))
    expect(() => db.keyspace('x', { colour: 5 } as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace(7 as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('are dropped for good, and their numbers are not used again (K3)', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs })
    const old = db.keyspace('temporary')
    old.put('a', '1')
    db.dropKeyspace('temporary')
    expect(() => old.get('a')).toThrowError(code('LDB_NOT_FOUND'))
    expect(() => old.put('a', '2')).toThrowError(code('LDB_NOT_FOUND'))
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
    const fresh = db.keyspace('temporary')
    expect(fresh).not.toBe(old)
    expect(fresh.descriptor.id).toBe(3)
    expect(fresh.count()).toBe(0)
    expect(() => db.dropKeyspace('default')).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.dropKeyspace('nobody')).toThrowError(code('LDB_NOT_FOUND'))
    expect(() => db.batch().in(old)).toThrowError(code('LDB_NOT_FOUND'))
    db.close()
    db = Database.open('data', { vfs })
    expect(db.keyspaces().map(({ id }) => id)).toEqual([1, 3])
    db.close()
  })

  it('stay readable where they are open when they are dropped (K4)', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs })
    const keyspace = db.keyspace('temporary')
    keyspace.put('a', '1')
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

describe('conditional writes', () => {
  it('write when the condition holds, and only then', () => {
    using db = Database.memory()
    expect(db.putIfAbsent('a', '1')).toBe(true)
    expect(db.putIfAbsent('a', '2')).toBe(false)
    expect(db.compareAndSwap('a', '2', '3')).toBe(false)
    expect(db.compareAndSwap('a', '1', '3')).toBe(true)
    expect(db.compareAndSwap('b', undefined, '1')).toBe(true)
    expect(db.compareAndSwap('b', undefined, '2')).toBe(false)
    expect(db.compareAndSwap('b', '1', undefined)).toBe(true)
    const { seq } = db
    expect(db.compareAndSwap('b', undefined, undefined)).toBe(true)
    expect(db.update('b', () => undefined)).toBeUndefined()
    expect(db.seq).toBe(seq)
    expect(db.update('a', (value) => `${value ?? ''}!`)).toBe('3!')
    expect(db.update('a', () => undefined)).toBeUndefined()
    expect(db.count()).toBe(0)
  })

  it('leave everything as it was when the function throws or gives a promise (U2)', () => {
    using db = Database.memory()
    db.put('a', '1')
    const fault = new Error('mine')
    expect(() =>
      db.update('a', () => {
        throw fault
      }),
    ).toThrow(fault)
    expect(() => db.update('a', (async () => '2') as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.update('a', (() => null) as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(db.get('a')).toBe('1')
    expect(db.seq).toBe(1)
  })

  it('let the function write elsewhere, and not lose what it writes to the key (U1)', () => {
    using db = Database.memory()
    db.put('a', '1')
    db.update('a', (value) => {
      db.put('b', 'other')
      return `${value ?? ''}2`
    })
    expect(db.entries().toArray()).toEqual([
      ['a', '12'],
      ['b', 'other'],
    ])
    const itself = () =>
      db.update('a', () => {
        db.put('a', 'inner')
        return 'outer'
      })
    expect(itself).toThrowError(code('LDB_CONFLICT'))
    expect(db.get('a')).toBe('inner')
    const closing = () =>
      db.update('a', () => {
        db.close()
        return 'late'
      })
    expect(closing).toThrowError(code('LDB_CLOSED'))
  })

  it('do not share bytes with encodings that call back', () => {
    using db = Database.memory()
    let calls = 0
    const keyspace = db.keyspace('own', {
      values: reentrant(() => {
        calls++
        db.put('another key that is longer', 'x')
        db.get('yet another one')
      }),
    })
    keyspace.put('key', 'value')
    expect(keyspace.compareAndSwap('key', 'value', 'next')).toBe(true)
    db.batch().in(keyspace).put('batched', 'too').commit()
    expect(keyspace.entries().toArray()).toEqual([
      ['batched', 'too'],
      ['key', 'next'],
    ])
    expect(calls).toBeGreaterThan(4)
  })
})

describe('writes', () => {
  it('refuse null, undefined and wrong types, and what is too large', () => {
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
    expect(db.seq).toBe(0)
    db.put('k'.repeat(65_535), 'x')
    expect(db.get('k'.repeat(65_535))).toBe('x')
    db.deleteRange({ lte: 'k'.repeat(65_535) })
    expect(db.count()).toBe(0)
  })

  it('keep no bytes of the caller, and give none of their own (S3)', () => {
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

  it('give results that later steps of a scan do not change (S3)', () => {
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

  it('are gone from names of Object.prototype', () => {
    using db = Database.memory()
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      expect(db.get(key)).toBeUndefined()
      db.put(key, 'mine')
      expect(db.keyspace(key).count()).toBe(0)
    }
    expect(db.count()).toBe(4)
  })
})

describe('batches', () => {
  it('are atomic over keyspaces, committed once, and refuse keyspaces of others (C4)', () => {
    using db = Database.memory()
    using other = Database.memory()
    const users = db.keyspace('users')
    const batch = db.batch().put('a', '1').in(users).put('u', '2').clear().put('v', '3').in(db).put('b', '4')
    expect(batch.operationCount).toBe(5)
    expect(db.count() + users.count()).toBe(0)
    batch.commit()
    expect(db.seq).toBe(1)
    expect(db.keys().toArray()).toEqual(['a', 'b'])
    expect(users.keys().toArray()).toEqual(['v'])
    expect(() => batch.put('c', '5')).toThrowError(code('LDB_CLOSED'))
    expect(() => batch.commit()).toThrowError(code('LDB_CLOSED'))
    expect(() => db.batch().in(other)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.batch().in({} as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    db.batch().commit()
    expect(db.seq).toBe(1)
  })
})

describe('snapshots', () => {
  it('see all keyspaces at one commit, until they are released', () => {
    using db = Database.memory()
    using other = Database.memory()
    const users = db.keyspace('users')
    db.batch().put('a', '1').in(users).put('u', '1').commit()
    const snapshot = db.snapshot()
    const view = snapshot.in(users)
    db.batch().put('a', '2').put('b', '2').in(users).clear().commit()
    const later = db.keyspace('later')
    expect(snapshot.seq).toBe(1)
    expect(snapshot.entries().toArray()).toEqual([['a', '1']])
    expect([snapshot.get('a'), snapshot.has('b'), snapshot.count(), view.get('u')]).toEqual([
      '1',
      false,
      1,
      '1',
    ])
    expect(snapshot.getMany(['a', 'b'])).toEqual(['1', undefined])
    expect(() => snapshot.in(later)).toThrowError(code('LDB_NOT_FOUND'))
    expect(() => snapshot.in(other)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    const scan = view.entries()
    const cursor = snapshot.cursor()
    expect(db.stats().reads.openCount).toBe(1)
    snapshot.release()
    snapshot.release()
    expect(db.stats().reads.openCount).toBe(0)
    for (const use of [
      () => snapshot.get('a'),
      () => view.count(),
      () => scan.next(),
      () => cursor.first(),
      () => snapshot.in(users),
    ]) {
      expect(use).toThrowError(code('LDB_CLOSED'))
    }
  })
})

describe('cursors', () => {
  it('move both ways, mirrored when reversed', () => {
    using db = Database.memory()
    for (const key of ['a', 'c', 'e']) db.put(key, key.toUpperCase())
    using cursor = db.cursor()
    expect(cursor.valid).toBe(false)
    expect(() => cursor.key).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect([cursor.seek('b'), cursor.key, cursor.next(), cursor.value]).toEqual([true, 'c', true, 'E'])
    expect([cursor.next(), cursor.valid, cursor.previous(), cursor.key]).toEqual([false, false, true, 'e'])
    using down = db.cursor({ reverse: true, lt: 'e' })
    expect([down.first(), down.key, down.next(), down.key, down.next()]).toEqual([
      true,
      'c',
      true,
      'a',
      false,
    ])
    expect([down.seek('b'), down.key, down.last(), down.key]).toEqual([true, 'a', true, 'a'])
    using nothing = db.cursor({ gt: 'x', lt: 'b' })
    expect([nothing.first(), nothing.last(), nothing.seek('a'), nothing.next(), nothing.valid]).toEqual(
      Array(5).fill(false),
    )
    cursor.close()
    cursor.close()
    expect(() => cursor.first()).toThrowError(code('LDB_CLOSED'))
  })
})

describe('recovery of keyspaces', () => {
  it('skips what was logged for one that was dropped, and sweeps what a crash left of it (K3)', () => {
    const vfs = new MemoryVfs()
    const db = new Database(openDatabase('data', { vfs }))
    const keyspace = db.keyspace('temporary')
    db.batch().put('a', '1').in(keyspace).put('b', '2').commit()
    using scan = keyspace.entries()
    db.dropKeyspace('temporary')
    expect(vfs.list('data/keyspaces')).toEqual(['1', '2'])
    expect(scan.next().done).toBe(false)
    db.close()
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
  })
})
