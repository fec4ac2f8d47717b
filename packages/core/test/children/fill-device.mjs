// Commits numbered entries until the device is full, and prints the last acknowledged number and the error.
// Arguments: directory, durability.
import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'

const [, , directory, durability] = process.argv
let acknowledged = 0
let db
try {
  db = Database.open(directory, { durability, cacheBytes: 1_048_576 })
  for (let number = 1; number < 1_000_000; number++) {
    db.batch().put('last', String(number)).put(`key${number}`, 'v'.repeat(5_000)).commit()
    acknowledged = number
  }
} catch (error) {
  const cause = error.cause?.code
  writeSync(1, JSON.stringify({ acknowledged, code: error.code, cause, message: error.message }))
}
// After a write that failed, no other is accepted. A commit that was refused before it was written changes nothing.
const expected = db?.stats().poisoned === false ? ['none', 'LDB_NO_SPACE'] : ['LDB_POISONED']
let code = 'none'
try {
  db?.put('after', 'x')
} catch (error) {
  code = error.code
}
if (!expected.includes(code)) writeSync(2, `a write after the failure: ${code}\n`)
db?.close()
