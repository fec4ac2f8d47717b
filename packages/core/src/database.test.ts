import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from './database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('a database', () => {
  it('keeps committed entries over a close and an open, at every durability', () => {
    for (const durability of ['full', 'periodic', 'none'] as const) {
      const vfs = new MemoryVfs()
      let db = Database.open('data', { vfs, durability })
      db.put('a', '1')
      db.put('b', '2', { durability: 'none' })
      db.delete('a', { durability: 'full' })
      db.close()
      db = Database.open('data', { vfs })
      expect(db.entries().toArray()).toEqual([['b', '2']])
      expect(db.seq).toBe(3)
      db.put('c', '3')
      expect(db.seq).toBe(4)
      db.close()
    }
  })

  it('throws LDB_CLOSED after close, and closing again does nothing (S4)', () => {
    const db = Database.memory()
    const keyspace = db.keyspace('more')
    const batch = db.batch().put('a', '1')
    const cursor = db.cursor()
    const snapshot = db.snapshot()
    expect(db.isOpen).toBe(true)
    db.close()
    db.close()
    db[Symbol.dispose]()
    expect(db.isOpen).toBe(false)
    const calls = [
      () => db.get('a'),
      () => db.put('a', '1'),
      () => db.entries(),
      () => db.count(),
      () => db.keyspace('more'),
      () => db.keyspaces(),
      () => db.dropKeyspace('more'),
      () => db.batch(),
      () => db.snapshot(),
      () => db.sync(),
      () => db.checkpoint(),
      () => db.compact(),
      () => db.verify(),
      () => db.stats(),
      () => db.on('error', () => undefined),
      () => keyspace.get('a'),
      () => batch.commit(),
      () => cursor.first(),
      () => snapshot.get('a'),
    ]
    for (const call of calls) expect(call, String(call)).toThrowError(code('LDB_CLOSED'))
    cursor.close()
    snapshot.release()
  })

  it('rejects options of files in memory', () => {
    expect(() => Database.memory({ readOnly: true })).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => Database.memory({ vfs: new MemoryVfs() })).toThrowError(code('LDB_INVALID_ARGUMENT'))
    using db = Database.memory()
    using other = Database.memory()
    db.put('a', '1')
    expect(other.has('a')).toBe(false)
    db.checkpoint()
    db.compact()
    expect(db.verify().ok).toBe(true)
    expect(db.stats().log.fileBytes).toBe(0)
  })

  it('reads options by own properties only', () => {
    const prototype = Object.prototype as { readOnly?: boolean }
    prototype.readOnly = true
    try {
      using db = Database.memory({ durability: 'full' })
      db.put('a', '1')
    } finally {
      delete prototype.readOnly
    }
  })
})
