import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('snapshots', () => {
  it('see all keyspaces at one commit, until they are released', () => {
    using db = Database.memory()
    using other = Database.memory()
    const users = db.keyspace('users')
    db.batch().put('a', '1').in(users).put('u', '1').commit()
    const snapshot = db.snapshot()
    const view = snapshot.in(users)
    db.batch().put('a', '2').put('b', '2').in(users).deleteRange({ gte: '' }).commit()
    const later = db.keyspace('later')
    expect(snapshot.seq).toBe(2)
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
