import { Client } from 'pg'
import { randomBytes } from 'node:crypto'
import { batchKeys, BATCH_ENTRIES, KEYS, keyOf, manyKeys, pairOf, scanStart, VALUE } from './workload.js'
import type { Operations } from './workload.js'

const UPSERT = 'insert into bare values ($1, $2) on conflict (k) do update set v = excluded.v'
const UPSERT_ALL =
  'insert into bare select * from unnest($1::bytea[], $2::bytea[]) on conflict (k) do update set v = excluded.v'
const SCAN = 'k >= $1 order by k limit 1000'

const PAGE_COMMITS = 100

/** Settings of the sessions of the driver that choose plans. */
const SETTINGS = [
  'set enable_seqscan to off',
  'set enable_bitmapscan to off',
  'set plan_cache_mode to force_generic_plan',
  'set jit to off',
]

interface Entry {
  readonly k: Buffer
  readonly v: Buffer
}

/** Connects clients of `pg`, and fills the table of the plain one. */
export class BarePostgres {
  readonly #plain: Client
  readonly #same: Client
  readonly #notifier: Client
  readonly #listener: Client
  /** Wakes who waits for the next notification. */
  #onNotification: () => void = () => undefined
  #reportedSeq = '0'

  private constructor(url: string) {
    this.#plain = new Client({ connectionString: url })
    this.#same = new Client({ connectionString: url, pipeline: true } as object)
    this.#notifier = new Client({ connectionString: url })
    this.#listener = new Client({ connectionString: url, pipeline: true } as object)
  }

  /** Opens the clients. The tables of the driver exist already. */
  static async open(url: string): Promise<BarePostgres> {
    const bare = new BarePostgres(url)
    for (const client of bare.#clients) await client.connect()
    for (const text of SETTINGS) await bare.#same.query(text)
    await bare.#plain.query('create table bare (k bytea primary key, v bytea not null)')
    for (let first = 0; first < KEYS; first += BATCH_ENTRIES)
      await bare.#putPlain(batchKeys(first / BATCH_ENTRIES))
    await bare.#plain.query('create table bare_log (n bigserial primary key, k bytea, v bytea)')
    await bare.#listener.query('listen bare')
    bare.#listener.on('notification', () => {
      bare.#onNotification()
    })
    return bare
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()))
  }

  /** The shortest statements of each row: no marker, no log of changes; bytes, not strings, are returned. */
  plain(): Operations {
    const pg = this.#plain
    const many = 'select k, v from bare where k = any($1::bytea[])'
    return {
      put: (n) => pg.query({ name: 'put', text: UPSERT, values: [bytes(keyOf(n)), bytes(VALUE)] }),
      get: (n) =>
        pg.query({ name: 'get', text: 'select v from bare where k = $1', values: [bytes(keyOf(n))] }),
      'getMany 100': (n) => pg.query({ name: 'many', text: many, values: [manyKeys(n).map(bytes)] }),
      'scan 1,000': (n) =>
        pg.query({
          name: 'scan',
          text: `select k, v from bare where ${SCAN}`,
          values: [bytes(scanStart(n))],
        }),
      'batch 1,000': (n) => this.#putPlain(batchKeys(n)),
      'transaction 2r+2w': async (n) => {
        const keys = pairOf(n)
        await pg.query('begin isolation level serializable')
        await pg.query({ name: 'many', text: many, values: [keys.map(bytes)] })
        await this.#putPlain(keys)
        await pg.query('commit')
      },
      'put to change': async (n) => {
        const notified = this.#nextNotification()
        await pg.query('begin')
        await pg.query({ name: 'put', text: UPSERT, values: [bytes('change'), bytes(VALUE)] })
        const text = 'insert into bare_log (k, v) values ($1, $2)'
        await pg.query({ name: 'log', text, values: [bytes('change'), bytes(`${n}`)] })
        await pg.query('notify bare')
        await pg.query('commit')
        await notified
        await this.#listener.query('select k, v from bare_log order by n desc limit 1')
      },
    }
  }

  /**
   * The statements that the driver sends, sent by `pg`: SERIALIZABLE, with the row of the marker and of the changes. Statements that do not wait for one another
   * are pipelined. Keys and values are returned as strings.
   */
  async same(): Promise<Operations> {
    const pg = this.#same
    const { rows } = await pg.query<{ id: string }>("select id from ldb.keyspaces where name = 'default'")
    const id = rows[0]?.id ?? ''
    const table = `ldb.e${id}`
    const read = (keys: readonly string[]): Promise<{ rows: Entry[] }> =>
      pg.query({
        name: 'many',
        text: `select k, v from ${table} where k = any($1::bytea[])`,
        values: [keys.map(bytes)],
      })
    const write = commitStatement(table, id)
    const begin = { name: 'begin', text: 'begin isolation level serializable' }
    const commit = { name: 'commit', text: 'commit' }
    const put = async (keys: readonly string[], value: string): Promise<unknown> =>
      Promise.all([pg.query(begin), pg.query(write(keys, value)), pg.query(commit)])
    return {
      put: (n) => put([keyOf(n)], VALUE),
      get: async (n) => {
        const text = `select v from ${table} where k = $1`
        const found = await pg.query<Entry>({ name: 'get', text, values: [bytes(keyOf(n))] })
        return found.rows[0]?.v.toString('utf8', 1)
      },
      'getMany 100': async (n) => inOrder(manyKeys(n), (await read(manyKeys(n))).rows),
      'scan 1,000': async (n) => {
        const [, page] = await Promise.all([
          pg.query({ name: 'begin-read', text: 'begin isolation level repeatable read read only' }),
          pg.query<Entry>({
            name: 'scan',
            text: `select k, v from ${table} where ${SCAN}`,
            values: [bytes(scanStart(n))],
          }),
        ])
        // Its answer is not waited for.
        void pg.query({ name: 'rollback', text: 'rollback' })
        return page.rows.map(({ k, v }) => [k.toString(), v.toString('utf8', 1)])
      },
      'batch 1,000': (n) => put(batchKeys(n), VALUE),
      'transaction 2r+2w': async (n) => {
        const keys = pairOf(n)
        const [, found] = await Promise.all([pg.query(begin), read(keys)])
        inOrder(keys, found.rows)
        await Promise.all([pg.query(write(keys, VALUE)), pg.query(commit)])
      },
      'put to change': async (n) => {
        const notified = this.#nextNotification()
        const written = put(['change'], `${n}`).then(() => this.#notifier.query('notify bare'))
        await notified
        await this.#nextChange()
        await written
      },
    }
  }

  /** Reads the changes up to the `seq` at which no transaction is in flight, as FORMAT.md of the driver describes it. */
  async #nextChange(): Promise<void> {
    const pg = this.#listener
    for (;;) {
      const last = 'select last_value, pg_current_xact_id()::text as xid from ldb.commit_seq'
      const [seqs, xmins] = await Promise.all([
        pg.query<{ last_value: string; xid: string }>({ name: 'last', text: last }),
        pg.query<{ xmin: string }>({
          name: 'xmin',
          text: 'select pg_snapshot_xmin(pg_current_snapshot())::text as xmin',
        }),
      ])
      const [seq, xmin] = [seqs.rows[0], xmins.rows[0]]
      if (seq === undefined || xmin === undefined || BigInt(seq.xid) >= BigInt(xmin.xmin)) continue
      const text = `select seq, keys, vals from ldb.commits where seq > $1 and seq <= $2 order by seq limit ${PAGE_COMMITS}`
      const page = await pg.query<{ seq: string; keys: Buffer[]; vals: Buffer[] }>({
        name: 'changes',
        text,
        values: [this.#reportedSeq, seq.last_value],
      })
      const isLast = page.rows.length < PAGE_COMMITS
      this.#reportedSeq = isLast ? seq.last_value : (page.rows.at(-1)?.seq ?? seq.last_value)
      if (page.rows.some(({ keys }) => keys.some((key) => key.toString() === 'change'))) return
    }
  }

  #nextNotification(): Promise<void> {
    return new Promise((resolve) => {
      this.#onNotification = resolve
    })
  }

  #putPlain(keys: readonly string[]): Promise<unknown> {
    const values = [keys.map(bytes), keys.map(() => bytes(VALUE))]
    return this.#plain.query({ name: 'batch', text: UPSERT_ALL, values })
  }

  get #clients(): Client[] {
    return [this.#plain, this.#same, this.#notifier, this.#listener]
  }
}

/** The statement by which the driver commits puts of one keyspace: see `commit-statements.ts` of `@ldb/postgres`. */
function commitStatement(
  table: string,
  id: string,
): (keys: readonly string[], value: string) => { name: string; text: string; values: unknown[] } {
  const text = `with p0 as (insert into ${table} (k, v) select * from unnest($4::bytea[], $5::bytea[])
      on conflict (k) do update set v = excluded.v returning 1)
    insert into ldb.commits (id, seq, keyspaces, put_counts, keys, vals, deleted_counts, deleted)
    select $1::bytea, nextval('ldb.commit_seq'), $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[],
      array[cardinality('{}'::bytea[])]::bigint[], '{}'::bytea[]
    from (select count(*) from p0) as n0
    returning seq, exists (select 1 from ldb.watchers where until > now())`
  return (keys, value) => ({
    name: 'commit-puts',
    text,
    // A stored value has a header of one byte.
    values: [randomBytes(16), [id], [keys.length], keys.map(bytes), keys.map(() => bytes(`\0${value}`))],
  })
}

function inOrder(keys: readonly string[], rows: readonly Entry[]): (string | undefined)[] {
  const found = new Map(rows.map(({ k, v }) => [k.toString(), v]))
  return keys.map((key) => found.get(key)?.toString('utf8', 1))
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}
