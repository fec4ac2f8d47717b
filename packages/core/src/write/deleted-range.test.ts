import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

describe('a range delete without a bound', () => {
  it.each<[string, unknown]>([
    ['no argument', undefined],
    ['an empty object', {}],
    ['an undefined prefix', { prefix: undefined }],
    ['undefined bounds', { gt: undefined, gte: undefined, lt: undefined, lte: undefined }],
    ['a limit alone', { limit: 1 }],
    ['reverse alone', { reverse: true, offset: 2 }],
    ['an inherited bound', Object.create({ gte: 'a' })],
  ])('is refused: %s', async (_, given) => {
    using db = Database.memory()
    const users = db.keyspace('users')
    db.batch().put('a', '1').in(users).put('a', '1').commit()
    const range = given as { gte: string }
    const { promises } = db
    const tx = db.begin()
    const asyncTx = promises.begin()
    for (const call of [
      () => db.deleteRange(range),
      () => users.deleteRange(range),
      () => db.batch().deleteRange(range),
      () => db.batch().in(users).deleteRange(range),
      () => tx.deleteRange(range),
      () => tx.in(users).deleteRange(range),
      () => promises.batch().deleteRange(range),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }) as Error)
      expect(call).toThrow('clear()')
    }
    for (const call of [
      () => promises.deleteRange(range),
      () => promises.of(users).deleteRange(range),
      () => asyncTx.deleteRange(range),
      () => asyncTx.in(users).deleteRange(range),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'LDB_INVALID_ARGUMENT' })
      await expect(call()).rejects.toThrow('clear()')
    }
    expect([db.count(), users.count()]).toEqual([1, 1])
    db.deleteRange({ gte: '' })
    expect(db.count()).toBe(0)
    await promises.close()
  })

  it('has no other name: batches cannot be cleared', () => {
    using db = Database.memory()
    expect('clear' in db.batch() || 'clear' in db.promises.batch()).toBe(false)
    db.put('a', '1')
    db.begin().clear()
    db.clear()
    expect(db.count()).toBe(0)
  })
})
