// Commits numbered changes, and reports each to the parent before and after. The parent kills it.
// Arguments: directory, durability.
import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'

/** Writes a line, all of it: the pipe may be one that does not block. */
function report(line) {
  const bytes = Buffer.from(`${line}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

const [, , directory, durability] = process.argv
const db = Database.open(directory, { durability, syncIntervalMs: 20, cacheBytes: 1_048_576 })
const other = db.keyspace('other', { values: 'json' })
report('ready')
for (let number = Number(db.get('last') ?? '0') + 1; ; number++) {
  report(`intent ${number}`)
  db.batch()
    .put('last', String(number))
    .put(`key${number}`, 'v'.repeat(number % 3000))
    .delete(`key${number - 50}`)
    .in(other)
    .put(`key${number}`, { number })
    .delete(`key${number - 50}`)
    .commit()
  report(`ack ${number}`)
  if (number % 37 === 0) db.checkpoint()
}
