// Opens a database on a read-only mount, first for writing, and prints the error and then a value. Argument: directory.
import { Database } from '@ldb/core'

const [, , directory] = process.argv
try {
  Database.open(directory).close()
  console.log('opened')
} catch (error) {
  console.log(`${error.code} ${error.message}`)
}
const db = Database.open(directory, { readOnly: true })
console.log(db.get('a'))
db.close()
