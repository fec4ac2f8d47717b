// Invariants: what a program prints or logs of a handle is short, and contains neither data nor internals.
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'

describe('a handle', () => {
  it('is printed and logged as a summary', async () => {
    const db = Database.memory()
    const users = db.keyspace('users')
    users.put('secret-key', 'secret-value')
    using tx = db.begin()
    tx.in(users).put('secret-key', 'secret-value')
    using snapshot = db.snapshot()
    const { promises } = db
    await using atx = promises.begin()
    const expected = [
      [db, 'Database', 'default'],
      [users, 'Keyspace', 'users'],
      [tx, 'Transaction', 'default'],
      [tx.in(users), 'TransactionKeyspace', 'users'],
      [snapshot, 'Snapshot', 'default'],
      [promises, 'AsyncDatabaseHandle', 'default'],
      [promises.of(users), 'AsyncKeyspace', 'users'],
      [atx, 'AsyncTransaction', 'default'],
    ] as const
    for (const [handle, name, keyspace] of expected) {
      expect(inspect(handle)).toBe(`${name} { keyspace: "${keyspace}" }`)
      expect(JSON.parse(JSON.stringify({ handle }))).toEqual({ handle: { handle: name, keyspace } })
      expect(enumerableNames(handle)).toEqual(name.startsWith('Async') ? ['sync'] : [])
    }
    using cursor = users.cursor()
    cursor.first()
    await using changes = promises.changes()
    users.put('secret-key', 'secret-value')
    await changes.next()
    const plain = {
      Scan: users.entries(),
      Cursor: cursor,
      Batch: db.batch().put('secret-key', 'secret-value'),
      AsyncScan: promises.entries(),
      AsyncCursor: promises.cursor(),
      AsyncBatch: promises.batch().put('secret-key', 'secret-value'),
      ChangeStream: changes,
    }
    for (const [name, handle] of Object.entries(plain)) {
      expect(inspect(handle, { depth: 5 })).toBe(`${name} {}`)
      expect(JSON.parse(JSON.stringify({ handle }))).toEqual({ handle: { handle: name } })
      expect(enumerableNames(handle)).toEqual([])
    }
    plain.Scan.return()
    await plain.AsyncCursor.close()
    await plain.AsyncScan.return()
    await promises.close()
    expect(inspect(db)).toBe('Database { keyspace: "default" }')
  })
})

/** Returns the names that `for…in` and `Object.keys` show. */
function enumerableNames(handle: object): string[] {
  const names: string[] = []
  for (const name in handle) names.push(name)
  return names
}
