import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('batches', () => {
  it('are atomic over keyspaces, committed once, and reject keyspaces of other databases (C4)', () => {
    using db = Database.memory()
    using other = Database.memory()
    const users = db.keyspace('users')
    const batch = db.batch().put('a', '1').in(users).put('u', '2').deleteRange({ gte: '' })
    batch.put('v', '3').in(db).put('b', '4')
    expect(batch.operationCount).toBe(5)
    expect(db.count() + users.count()).toBe(0)
    batch.commit()
    expect(db.seq).toBe(2)
    expect(db.keys().toArray()).toEqual(['a', 'b'])
    expect(users.keys().toArray()).toEqual(['v'])
    expect(() => batch.put('c', '5')).toThrowError(code('LDB_CLOSED'))
    expect(() => batch.commit()).toThrowError(code('LDB_CLOSED'))
    expect(() => db.batch().in(other)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.batch().in({} as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    db.batch().commit()
    expect(db.seq).toBe(2)
  })
})
