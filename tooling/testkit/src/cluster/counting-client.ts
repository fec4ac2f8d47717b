// Counts up in a database over PostgreSQL, and prints each acknowledged number, until it is killed.
import { ClusterDatabase } from '@ldb/cluster'
import { PostgresDriver } from '@ldb/postgres'

const [, , url = '', schema = ''] = process.argv
const db = await ClusterDatabase.open(await PostgresDriver.open(url, { schema }))
for (;;) {
  const n = await db.update('n', (value) => String(Number(value ?? 0) + 1))
  process.stdout.write(`${n}\n`)
}
