import { ClusterDatabase, isDriverError } from '@ldb/cluster'
import type { ClusterDriver, DriverKeyspace, Marker } from '@ldb/cluster'
import { CuttingProxy } from '@ldb/servers'
import type { PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshSchema, IS_MISSING, openDriver, startServer } from './test-server.js'

const CALL = { timeoutMs: 5000 }
const BLIND = { mode: 'readWrite', isolation: 'serializable', isSingleRead: false } as const

let server: PostgresServer

beforeAll(async () => {
  if (!IS_MISSING) server = await startServer()
})
afterAll(async () => {
  if (!IS_MISSING) await server.stop()
})

function commit(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  marker: string,
  key: string,
): Promise<unknown> {
  return driver.begin(BLIND).commit(
    {
      marker: marker as Marker,
      writes: [{ keyspace, key: Buffer.from(key), value: Buffer.from('v') }],
      deletedRanges: [],
      readKeys: [],
      readRanges: [],
    },
    CALL,
  )
}

function markerOf(n: number): Marker {
  return n.toString(16).padStart(32, '0') as Marker
}

async function kindOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'resolved',
    (error: unknown) => (isDriverError(error) ? error.kind : String(error)),
  )
}

describe.skipIf(IS_MISSING)('failures', () => {
  test('every commit whose answer is lost is resolved, and applied once', async () => {
    const schema = freshSchema()
    const direct = await openDriver(server.url, schema)
    const keyspace = await direct.createKeyspace('a', '', CALL)
    let choice: 'pass' | 'cut' | 'drop' = 'pass'
    const proxy = await CuttingProxy.start(
      () => server.port,
      () => choice,
    )
    const driver = await openDriver(server.url.replace(String(server.port), String(proxy.port)), schema)
    const outcomes: string[] = []
    for (let n = 0; n < 24; n++) {
      choice = n % 2 === 0 ? 'cut' : 'drop'
      expect(await kindOf(commit(driver, keyspace, markerOf(n), `k${n}`))).toBe('commitUnknown')
      choice = 'pass'
      const outcome = await driver.resolve(markerOf(n), CALL)
      outcomes.push(outcome)
      const [value] = await direct
        .begin({ mode: 'readOnly', isolation: 'snapshot', isSingleRead: true })
        .getMany([{ keyspace, key: Buffer.from(`k${n}`) }], CALL)
      expect([n, value !== undefined]).toEqual([n, outcome === 'applied'])
      // What was decided stays so: a request with the marker that arrives later is refused.
      expect(await kindOf(commit(driver, keyspace, markerOf(n), `k${n}`))).toBe('conflict')
    }
    expect(outcomes.filter((outcome) => outcome === 'notApplied').length).toBeGreaterThanOrEqual(12)
    expect(outcomes.filter((outcome) => outcome === 'applied').length).toBeGreaterThanOrEqual(6)
    await Promise.all([driver.close(), direct.close()])
    await proxy.stop()
  })

  test('a driver opens although a connection ends at any of its requests', async () => {
    for (let cut = 0; cut < 16; cut++) {
      let requests = 0
      const proxy = await CuttingProxy.start(
        () => server.port,
        () => (requests++ === cut ? 'cut' : 'pass'),
      )
      const driver = await openDriver(
        server.url.replace(String(server.port), String(proxy.port)),
        freshSchema(),
      )
      expect(await driver.keyspaces(CALL)).toEqual([])
      expect(requests).toBeGreaterThan(cut)
      await driver.close()
      await proxy.stop()
    }
  })

  test('a claim waits for the transaction that has written the marker', async () => {
    const schema = freshSchema()
    const driver = await openDriver(server.url, schema)
    const other = await openDriver(server.url, schema)
    await driver.createKeyspace('a', '', CALL)
    server.query(`begin; insert into ${schema}.commits (id, seq) values ('\\x${markerOf(1)}', 7); commit`)
    expect(await driver.resolve(markerOf(1), CALL)).toBe('applied')
    expect(await driver.resolve(markerOf(2), CALL)).toBe('notApplied')
    expect(await other.resolve(markerOf(2), CALL)).toBe('notApplied')
    await Promise.all([driver.close(), other.close()])
  })

  test('a killed server that is started again has every acknowledged write', async () => {
    const db = await ClusterDatabase.open(await openDriver(server.url, freshSchema()), { deadlineMs: 60_000 })
    let isOver = false
    const acknowledged: string[] = []
    const writers = Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; !isOver; i++) {
        await db.put(`${w}.${i}`, 'v')
        acknowledged.push(`${w}.${i}`)
        await db.update(`n${w}`, (value) => String(Number(value ?? 0) + 1))
      }
    })
    const progress = async (): Promise<void> => {
      const count = acknowledged.length + 8
      while (acknowledged.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (let round = 0; round < 2; round++) {
      await progress()
      await server.process.kill()
      await server.restart()
    }
    server.process.freeze()
    await new Promise((resolve) => setTimeout(resolve, 100))
    server.process.resume()
    await progress()
    isOver = true
    await Promise.all(writers)
    expect(acknowledged.length).toBeGreaterThanOrEqual(24)
    expect(await db.hasMany(acknowledged)).toEqual(acknowledged.map(() => true))
    for (let w = 0; w < 4; w++) {
      expect(await db.get(`n${w}`)).toBe(String(acknowledged.filter((key) => key.startsWith(`${w}.`)).length))
    }
    await db.close()
  })
})
