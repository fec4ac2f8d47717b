import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Database } from '../database.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : String.fromCharCode(...bytes)

/** Returns a database with `count` binary entries, some of them with values in overflow pages. */
function filled(count: number): { db: Database; expected: Map<string, string> } {
  const db = Database.memory()
  const expected = new Map<string, string>()
  const batch = db.batch().in(db.keyspace('bytes', { keys: 'binary', values: 'binary' }))
  for (let index = 0; index < count; index++) {
    const [key, value] = [`key${index}`, `${index}:`.repeat(index % 50 === 7 ? 2000 : 1 + (index % 60))]
    batch.put(bytesOf(key), bytesOf(value))
    expected.set(key, value)
  }
  batch.commit()
  return { db, expected }
}

describe('getMany', () => {
  it('returns one value for each key, in the order of the keys, duplicates included', () => {
    const { db, expected } = filled(500)
    const bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
    using snapshot = db.snapshot()
    fc.assert(
      fc.property(fc.array(fc.nat(600), { maxLength: 150, size: 'max' }), (numbers) => {
        const keys = numbers.map((number) => `key${number}`)
        const wanted = keys.map((key) => expected.get(key))
        expect(bytes.getMany(keys.map(bytesOf)).map(textOf)).toEqual(wanted)
        expect(
          snapshot
            .in(bytes)
            .getMany(new Set(keys.map(bytesOf)))
            .map(textOf),
        ).toEqual(wanted)
      }),
      { numRuns: 50 },
    )
  })

  it('returns independent copies, and sees earlier writes', () => {
    const { db } = filled(100)
    const bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
    const key = bytesOf('key5')
    const [first, second] = bytes.getMany([key, key])
    first?.fill(0)
    expect(textOf(second)).toBe('5:'.repeat(6))
    bytes.put(key, bytesOf('other'))
    expect(bytes.getMany([key]).map(textOf)).toEqual(['other'])
    bytes.delete(key)
    expect(bytes.getMany([key])).toEqual([undefined])
    db.close()
    expect(() => bytes.getMany([key])).toThrow(expect.objectContaining({ code: 'LDB_CLOSED' }))
  })

  it('throws LDB_CLOSED when the iterable closes the database', () => {
    const db = Database.memory()
    function* keys(): Generator<string> {
      yield 'a'
      db.close()
    }
    expect(() => db.getMany(keys())).toThrow(expect.objectContaining({ code: 'LDB_CLOSED' }))
  })
})

describe('get', () => {
  it('returns copies that share no bytes with the database', () => {
    const { db, expected } = filled(300)
    const bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
    const copies = [...expected].map(([key, value]) => ({ value, copy: bytes.get(bytesOf(key)) }))
    for (const [index, { copy }] of copies.entries()) if (index % 3 === 0) copy?.fill(0)
    for (const key of expected.keys()) {
      expect(textOf(bytes.get(bytesOf(key)))).toBe(expected.get(key))
      bytes.put(bytesOf(key), new Uint8Array(expected.get(key)!.length).fill(1))
    }
    bytes.clear()
    for (const [index, { value, copy }] of copies.entries()) {
      if (index % 3 !== 0) expect(textOf(copy)).toBe(value)
    }
    db.close()
  })

  it('returns borrowed bytes that are valid until the next call, and owned values of other encodings', () => {
    const { db, expected } = filled(300)
    const bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
    using snapshot = db.snapshot()
    for (const [key, value] of expected) {
      expect(textOf(bytes.get(bytesOf(key), { borrow: true }))).toBe(value)
      expect(textOf(snapshot.in(bytes).get(bytesOf(key), { borrow: true }))).toBe(value)
    }
    expect(bytes.get(bytesOf('none'), { borrow: true })).toBeUndefined()
    db.put('a', 'text')
    const text = db.get('a', { borrow: true })
    db.put('a', 'next')
    expect(text).toBe('text')
    expect(db.get('a', { borrow: false })).toBe('next')
  })

  it.each([[{ borow: true }], [{ borrow: 1 }], [null], ['borrow']])('rejects the options %j', (options) => {
    using db = Database.memory()
    let thrown: unknown
    try {
      db.get('a', options as never)
    } catch (error) {
      thrown = error
    }
    expect(isLdbError(thrown, 'LDB_INVALID_ARGUMENT')).toBe(true)
  })
})
