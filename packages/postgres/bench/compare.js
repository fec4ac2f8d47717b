// Compares the database over PostgreSQL with bare `pg` that does the same: node bench/compare.js [rounds]. Needs built packages. Rows alternate.
import { ClusterDatabase } from '@ldb/cluster'
import { PostgresDriver } from '@ldb/postgres'
import { findPostgres, PostgresServer } from '@ldb/servers'
import { Client } from 'pg'

const ROUNDS = Number(process.argv[2] ?? 3)
const VALUE = 'v'.repeat(100)
const KEYS = 10_000
const { bin, missing } = findPostgres()
if (bin === undefined) {
  console.log(missing)
  process.exit(0)
}

const server = await PostgresServer.start(bin, { sync: true })
const db = await ClusterDatabase.open(await PostgresDriver.open(server.url))
const pg = new Client({ connectionString: server.url })
const listener = new Client({ connectionString: server.url })
try {
  await pg.connect()
  await listener.connect()
  await prepare()
  for (const [name, count, rows] of await cases()) await compare(name, count, rows)
} finally {
  await Promise.all([pg.end(), listener.end(), db.close()])
  await server.stop()
}

/** Fills both with the same entries. */
async function prepare() {
  await pg.query('create table bare (k bytea primary key, v bytea not null)')
  for (let first = 0; first < KEYS; first += 1000) await batches(first)
}

/** @param {number} first */
async function batches(first) {
  const keys = Array.from({ length: 1000 }, (_, index) => keyOf(first + index))
  const batch = db.batch()
  for (const key of keys) batch.put(key, VALUE)
  await batch.commit()
  await bareBatch(keys)
}

/** @param {string[]} keys */
async function bareBatch(keys) {
  const text =
    'insert into bare select * from unnest($1::bytea[], $2::bytea[]) on conflict (k) do update set v = excluded.v'
  await pg.query({ name: 'batch', text, values: [keys.map(bytes), keys.map(() => bytes(VALUE))] })
}

/** @returns {Promise<[string, number, { ldb: (n: number) => Promise<unknown>, bare: (n: number) => Promise<unknown> }][]>} */
async function cases() {
  const put = 'insert into bare values ($1, $2) on conflict (k) do update set v = excluded.v'
  const get = 'select v from bare where k = $1'
  const many = (/** @type {number} */ n) =>
    Array.from({ length: 100 }, (_, index) => keyOf(n * 31 + index * 7))
  const sorted = (/** @type {number} */ n) =>
    Array.from({ length: 1000 }, (_, index) => keyOf(((n * 1000) % KEYS) + index))
  const scan = 'select k, v from bare where k >= $1 order by k limit 1000'
  const getAll = 'select k, v from bare where k = any($1::bytea[])'
  const changes = db.changes()
  await pg.query('create table bare_log (n bigserial primary key, k bytea, v bytea)')
  await listener.query('listen bare')
  const iterator = changes[Symbol.asyncIterator]()
  return [
    [
      'put',
      300,
      {
        ldb: (n) => db.put(keyOf(n), VALUE),
        bare: (n) => pg.query({ name: 'put', text: put, values: [bytes(keyOf(n)), bytes(VALUE)] }),
      },
    ],
    [
      'get',
      2000,
      {
        ldb: (n) => db.get(keyOf(n)),
        bare: (n) => pg.query({ name: 'get', text: get, values: [bytes(keyOf(n))] }),
      },
    ],
    [
      'getMany 100',
      300,
      {
        ldb: (n) => db.getMany(many(n)),
        bare: (n) => pg.query({ name: 'many', text: getAll, values: [many(n).map(bytes)] }),
      },
    ],
    [
      'scan 1,000',
      50,
      {
        ldb: (n) => db.entries({ gte: keyOf((n * 13) % 8000), limit: 1000 }).toArray(),
        bare: (n) => pg.query({ name: 'scan', text: scan, values: [bytes(keyOf((n * 13) % 8000))] }),
      },
    ],
    [
      'batch 1,000',
      20,
      {
        ldb: (n) => {
          const batch = db.batch()
          for (const key of sorted(n)) batch.put(key, VALUE)
          return batch.commit()
        },
        bare: (n) => bareBatch(sorted(n)),
      },
    ],
    [
      'transaction 2r+2w',
      150,
      {
        ldb: (n) =>
          db.transaction(async (tx) => {
            await tx.getMany([keyOf(n), keyOf(n + 1)])
            await tx.put(keyOf(n), VALUE)
            await tx.put(keyOf(n + 1), VALUE)
          }),
        bare: async (n) => {
          await pg.query('begin isolation level serializable')
          await pg.query({ name: 'many', text: getAll, values: [[bytes(keyOf(n)), bytes(keyOf(n + 1))]] })
          await bareBatch([keyOf(n), keyOf(n + 1)].sort())
          await pg.query('commit')
        },
      },
    ],
    [
      'put to change',
      150,
      {
        ldb: async (n) => {
          const value = `${n}.${performance.now()}`
          const written = db.put('change', value)
          for (;;) {
            const { value: commit } = await iterator.next()
            if (commit.changes.some((/** @type {{ value?: unknown }} */ change) => change.value === value))
              break
          }
          await written
        },
        bare: async (n) => {
          const notified = new Promise((resolve) => listener.once('notification', resolve))
          await pg.query('begin')
          await pg.query({ name: 'put', text: put, values: [bytes('change'), bytes(VALUE)] })
          await pg.query({
            name: 'log',
            text: 'insert into bare_log (k, v) values ($1, $2)',
            values: [bytes('change'), bytes(`${n}`)],
          })
          await pg.query('notify bare')
          await pg.query('commit')
          await notified
          await listener.query('select k, v from bare_log order by n desc limit 1')
        },
      },
    ],
  ]
}

/**
 * @param {string} name
 * @param {number} count
 * @param {{ ldb: (n: number) => Promise<unknown>, bare: (n: number) => Promise<unknown> }} rows
 */
async function compare(name, count, rows) {
  /** @type {{ ldb: number[], bare: number[] }} */
  const times = { ldb: [], bare: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const row of /** @type {const} */ (['bare', 'ldb'])) {
      const start = performance.now()
      for (let n = 0; n < count; n++) await rows[row]((n * 7919 + round * 101) % KEYS)
      // The first round is dropped.
      if (round > 0) times[row].push((performance.now() - start) / count)
    }
  }
  const [ldb, bare] = [median(times.ldb), median(times.bare)]
  console.log(
    `${name.padEnd(20)} ${ldb.toFixed(3).padStart(8)} ms   bare ${bare.toFixed(3).padStart(8)} ms   ${(ldb / bare).toFixed(2)}x`,
  )
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** @param {number} n */
function keyOf(n) {
  return `k${String(n % KEYS).padStart(8, '0')}`
}

/** @param {string} text */
function bytes(text) {
  return Buffer.from(text)
}
