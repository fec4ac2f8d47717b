import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Database } from '@ldb/core'

// Strategy: garbage collections between reads. V8 discards the hidden class of a class, and all code compiled for it,
// when a collection finds no live object of it.
// Invariant: the newest scan and cursor stay alive.

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('the newest scan and cursor survive a collection; earlier ones do not', async () => {
  using db = Database.memory()
  db.batch().put('a', '1').put('b', '2').commit()
  const read = (): WeakRef<object>[] => {
    const scan = db.entries()
    const cursor = db.cursor()
    expect([...scan].length).toBe(2)
    expect(cursor.next()).toBe(true)
    cursor.close()
    return [new WeakRef(scan), new WeakRef(cursor)]
  }
  const before = read()
  const last = read()
  // A target of a WeakRef stays alive until the end of the current job.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(before.map((each) => each.deref())).toEqual([undefined, undefined])
  expect(last.every((each) => each.deref() !== undefined)).toBe(true)
  expect(db.stats().reads.openCount).toBe(0)
})
