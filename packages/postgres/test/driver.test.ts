import { ClusterDatabase } from '@ldb/cluster'
import type { PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SchemaNames } from '../src/schema/schema-names.js'
import { hostsOf } from '../src/session/hosts.js'
import { SessionPool } from '../src/session/session-pool.js'
import { LogTrim } from '../src/watch/log-trim.js'
import { freshSchema, IS_MISSING, openDriver, startServer } from './test-server.js'

let server: PostgresServer

beforeAll(async () => {
  if (!IS_MISSING) server = await startServer()
})
afterAll(async () => {
  if (!IS_MISSING) await server.stop()
})

describe.skipIf(IS_MISSING)('old changes', () => {
  test('are deleted, and young ones are not', async () => {
    const schema = freshSchema()
    const driver = await openDriver(server.url, schema)
    const db = await ClusterDatabase.open(driver)
    const snapshot = db.snapshot()
    const start = await snapshot.version()
    for (let n = 0; n < 6; n++) await db.put(`k${n}`, 'v')
    const trim = async (): Promise<string> => {
      const pool = new SessionPool({
        hosts: hostsOf(server.url),
        client: {},
        sessionsMax: 1,
        idleInTransactionMs: 1000,
      })
      const log = new LogTrim(pool, new SchemaNames(schema), 600_000, true)
      await log.run()
      await Promise.all([log.close(), pool.close()])
      return server.query(
        `select count(*), min(seq), (select trimmed from ${schema}.state) from ${schema}.commits`,
      )
    }
    expect(await trim()).toBe('6|1|0')
    server.query(`update ${schema}.commits set at = now() - interval '20 minutes' where seq <= 4`)
    expect(await trim()).toBe('2|5|4')
    const tooOld = db.changes({ since: start! })
    await expect(tooOld[Symbol.asyncIterator]().next()).rejects.toEqual(
      expect.objectContaining({ code: 'LDB_NOT_FOUND' }),
    )
    await db.close()
  })
})

describe.skipIf(IS_MISSING)('a database over PostgreSQL', () => {
  test('two clients see one map, in byte order', async () => {
    const schema = freshSchema()
    const db = await ClusterDatabase.open(await openDriver(server.url, schema))
    const other = await ClusterDatabase.open(await openDriver(server.url, schema))
    const users = await db.keyspace<string, { n: number }>('users', { values: 'json' })
    await users.put('b', { n: 2 })
    await db
      .batch()
      .put('x', '1')
      .delete('y')
      .in(users)
      .put('a', { n: 1 })
      .delete('b')
      .put('c', { n: 3 })
      .commit()
    const same = await other.keyspace<string, { n: number }>('users', { values: 'json' })
    expect(await same.entries().toArray()).toEqual([
      ['a', { n: 1 }],
      ['c', { n: 3 }],
    ])
    expect(await other.getMany(['y', 'x'])).toEqual([undefined, '1'])
    await db.batch().deleteRange({ gte: 'a' }).put('m', '2').commit()
    expect(await other.keys({ reverse: true }).toArray()).toEqual(['m'])
    await Promise.all([db.close(), other.close()])
  })

  test('concurrent transactions are serializable', async () => {
    const db = await ClusterDatabase.open(await openDriver(server.url, freshSchema()))
    await Promise.all(
      Array.from({ length: 30 }, () =>
        db.transaction(async (tx) => {
          const n = Number((await tx.get('n')) ?? 0)
          await tx.put('n', String(n + 1))
        }),
      ),
    )
    expect(await db.get('n')).toBe('30')
    await db.close()
  })

  test('changes report every commit once, in order', async () => {
    const schema = freshSchema()
    const db = await ClusterDatabase.open(await openDriver(server.url, schema))
    const writer = await ClusterDatabase.open(await openDriver(server.url, schema))
    const stream = db.changes()
    const seen: string[] = []
    const last = new Map<string, string | undefined>()
    const reading = (async () => {
      for await (const commit of stream) {
        for (const change of commit.changes) {
          if (change.kind === 'put') last.set(change.key as string, change.value as string)
          else if (change.kind === 'delete') last.set(change.key as string, undefined)
          if (change.kind === 'put' && change.key !== 'ready') seen.push(change.value as string)
        }
        if (last.get('end') !== undefined) return
      }
    })()
    // The stream has begun when it reports a change.
    while (!last.has('ready')) await writer.put('ready', 'now')
    await Promise.all(
      Array.from({ length: 8 }, async (_, w) => {
        for (let i = 0; i < 20; i++) {
          await writer.put(`k${(w + i) % 5}`, `${w}.${i}`)
          if (i % 4 === 0) await writer.delete(`k${i % 5}`)
        }
      }),
    )
    await writer.put('end', '1')
    await reading
    expect(seen.length).toBe(161)
    expect(new Set(seen).size).toBe(161)
    last.delete('end')
    last.delete('ready')
    for (const [key, value] of last) expect([key, await db.get(key)]).toEqual([key, value])
    await Promise.all([db.close(), writer.close()])
  })
})
