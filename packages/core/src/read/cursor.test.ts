import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('cursors', () => {
  it('move in both directions, mirrored with reverse', () => {
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
