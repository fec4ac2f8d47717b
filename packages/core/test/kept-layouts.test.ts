import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Database } from '@ldb/core'

// V8 forgets the layout of a class, and with it all code compiled for it, when collections find no object of it alive.

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('the scan and the cursor that were made last outlive a collection; those before them do not', async () => {
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
  // What a WeakRef was made for lives until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(before.map((each) => each.deref())).toEqual([undefined, undefined])
  expect(last.every((each) => each.deref() !== undefined)).toBe(true)
  expect(db.stats().reads.openCount).toBe(0)
})
