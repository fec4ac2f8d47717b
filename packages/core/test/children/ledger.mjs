// Commits numbered changes, and reports each to the parent before and after. The parent kills it.
// Arguments: directory, durability.
import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'

const [, , directory, durability] = process.argv
const db = Database.open(directory, { durability, syncIntervalMs: 20, cacheBytes: 1_048_576 })
const other = db.keyspace('other', { values: 'json' })
writeSync(1, 'ready\n')
for (let number = Number(db.get('last') ?? '0') + 1; ; number++) {
  writeSync(1, `intent ${number}\n`)
  db.batch()
    .put('last', String(number))
    .put(`key${number}`, 'v'.repeat(number % 3000))
    .delete(`key${number - 50}`)
    .in(other)
    .put(`key${number}`, { number })
    .delete(`key${number - 50}`)
    .commit()
  writeSync(1, `ack ${number}\n`)
  if (number % 37 === 0) db.checkpoint()
}
