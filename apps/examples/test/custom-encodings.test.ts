// Invariants: values of packages of others come back as they were, through a close, and no keyspace is read by another encoding.
import { MemoryVfs } from '@ldb/vfs'
import { Database } from '@ldb/core'
import { expect, expectTypeOf, test } from 'vitest'
import { messagePack, superJson } from '../src/custom-encodings.js'

interface Measurement {
  readonly at: Date
  readonly tags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, number>
  readonly comment: string | null
}

const MEASUREMENT: Measurement = {
  at: new Date('2026-01-02T03:04:05Z'),
  tags: new Set(['a', 'b']),
  values: new Map([['x', 1.5]]),
  comment: null,
}

test.each([
  ['msgpackr', messagePack<Measurement>],
  ['superjson', superJson<Measurement>],
] as const)('%s is an encoding', (name, make) => {
  const vfs = new MemoryVfs()
  {
    using db = Database.open('data', { vfs })
    const values = db.keyspace('values', { values: make() })
    expectTypeOf(values.get('a')).toEqualTypeOf<Measurement | undefined>()
    values.put('a', MEASUREMENT)
    values.update('a', (value) => value && { ...value, comment: 'updated' })
  }
  using db = Database.open('data', { vfs })
  expect(db.keyspaces()[1]?.values).toBe(name)
  expect(() => db.keyspace('values', { values: 'json' })).toThrow(
    expect.objectContaining({ code: 'LDB_EXISTS' }),
  )
  const values = db.keyspace('values', { values: make() })
  expect(values.get('a')).toEqual({ ...MEASUREMENT, comment: 'updated' })
  expect(values.entries().toArray()).toEqual([['a', { ...MEASUREMENT, comment: 'updated' }]])
})
