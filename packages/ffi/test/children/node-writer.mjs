// Writes until it is killed; a line says that a commit was acknowledged.
import { writeSync } from 'node:fs'
import { argv } from 'node:process'
import { Database } from '@ldb/core'

const db = Database.open(argv[2])
for (let index = 0; ; index++) {
  db.put(`node${String(index).padStart(6, '0')}`, String(index), {
    durability: index % 2 === 0 ? 'full' : 'periodic',
  })
  writeSync(1, `${index}\n`)
}
