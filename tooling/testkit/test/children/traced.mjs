// Executes one operation on a database between two marks, for strace. Arguments: scenario, directory, role.
import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'

const [, , scenario, directory, role] = process.argv
const mark = (word) => writeSync(1, `MARK ${word}\n`)
// A long interval disables the background sync, so that the trace contains only the operation.
const open = (durability = 'full') =>
  Database.open(directory, { durability, syncIntervalMs: 86_400_000, cacheBytes: 1_048_576 })

function filled(durability) {
  const db = open(durability)
  const other = db.keyspace('other')
  const batch = db.batch()
  for (let index = 0; index < 300; index++)
    batch.put(`key${index}`, 'v'.repeat(100)).in(other).put(`key${index}`, 'w')
  batch.commit()
  db.checkpoint()
  // Below `full`, the first commit has created the thread of the background syncs. Until it serves requests, this thread syncs too.
  if (durability !== undefined && durability !== 'full')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
  return db
}

const during = (db, action) => {
  mark('begin')
  action(db)
  mark('end')
}

if (role === 'before') {
  if (scenario === 'reopen after a clean close') filled().close()
  if (scenario === 'reopen after a kill') {
    filled().put('last', 'x')
    process.kill(process.pid, 'SIGKILL')
  }
} else if (scenario === 'create') during(undefined, () => open())
else if (scenario.startsWith('reopen')) during(undefined, () => open())
else if (scenario.startsWith('put at')) {
  const db = filled(scenario.slice(7))
  // At `none` the first commit of a segment is written at once.
  if (scenario === 'put at none') db.put('first', '1')
  during(db, () => db.put('a', '1'))
} else if (scenario === 'two puts at full') {
  during(filled(), (db) => {
    db.put('a', '1')
    mark('acknowledged')
    db.put('a', '2')
  })
} else if (scenario === 'batch over two keyspaces') {
  during(filled(), (db) =>
    db.batch().put('a', '1').delete('key7').in(db.keyspace('other')).put('b', '2').commit(),
  )
} else if (scenario === 'checkpoint') {
  const db = filled()
  db.put('a', '1')
  during(db, () => db.checkpoint())
} else if (scenario === 'close') {
  const db = filled()
  db.put('a', '1')
  during(db, () => db.close())
} else if (scenario === 'make a keyspace') during(filled(), (db) => db.keyspace('third'))
else if (scenario === 'drop a keyspace') during(filled(), (db) => db.dropKeyspace('other'))
else if (scenario === 'compact') {
  const db = filled()
  db.deleteRange({ gte: 'key1', lt: 'key9' })
  during(db, () => db.compact())
} else throw new Error(`no scenario ${scenario}`)
process.exit(0)
