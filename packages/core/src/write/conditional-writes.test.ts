import type { ValueEncoding } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

/** A custom encoding that calls back into the database. */
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

describe('conditional writes', () => {
  it('write if and only if the condition holds', () => {
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

  it('change nothing when the function throws or returns a promise (U2)', () => {
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

  it('let the function write other keys, and throw LDB_CONFLICT when it writes the same key (U1)', () => {
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

  it('share no bytes with encodings that call back', () => {
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
