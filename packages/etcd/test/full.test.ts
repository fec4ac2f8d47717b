// Strategy: one member with a small quota is filled, freed as an operator does it, and used again.
// Invariants: a write that is refused is LDB_NO_SPACE and leaves nothing; reads go on; a copy that was refused continues.
import { ClusterDatabase, copyDatabase, memoryDriver } from '@ldb/cluster'
import type { EtcdServers } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EtcdClient, EtcdDriver } from '../src/index.js'
import { bytes } from './driver-calls.js'
import { hasEtcd, startEtcd } from './servers.js'

const QUOTA_BYTES = 6_000_000
const VALUE = 'v'.repeat(1000)
const code = (name: string): unknown => expect.objectContaining({ code: name })

describe.skipIf(!hasEtcd)('a full etcd', () => {
  let servers: EtcdServers
  let endpoint = ''
  let db: ClusterDatabase

  beforeAll(async () => {
    servers = await startEtcd({ memberCount: 1, args: ['--quota-backend-bytes', String(QUOTA_BYTES)] })
    endpoint = servers.endpoints[0] ?? ''
    db = await ClusterDatabase.open(await EtcdDriver.open({ endpoints: [endpoint] }))
  }, 60_000)

  afterAll(async () => {
    await db.close()
    await servers.stop()
  })

  /** Calls etcd by its gateway for JSON. */
  async function post(path: string, body: object): Promise<object> {
    const response = await fetch(`${endpoint}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    expect(response.status).toBe(200)
    return (await response.json()) as object
  }

  /** Frees what earlier revisions occupy, and accepts writes again. */
  async function free(): Promise<void> {
    const { header } = (await post('kv/range', { key: 'YQ==' })) as { header: { revision: string } }
    await post('kv/compaction', { revision: header.revision, physical: true })
    await post('maintenance/defragment', {})
    const { alarms = [] } = (await post('maintenance/alarm', { action: 'GET' })) as { alarms?: object[] }
    for (const alarm of alarms) await post('maintenance/alarm', { ...alarm, action: 'DEACTIVATE' })
  }

  /** Overwrites one key until etcd is full, or has written `bytesMax`. */
  async function occupy(bytesMax = Infinity): Promise<void> {
    const client = new EtcdClient({ endpoints: [endpoint] })
    const value = bytes('f'.repeat(500_000))
    const success = [{ kind: 'put', key: bytes('filler'), value }] as const
    try {
      for (let written = 0; written < bytesMax; written += value.length)
        await client.txn({ compare: [], success })
    } catch (error) {
      expect(String(error)).toContain('space exceeded')
    } finally {
      client.close()
    }
  }

  test('refuses writes as LDB_NO_SPACE, is read, and is written again when it was freed', async () => {
    await db.put('a', '1')
    const snapshot = db.snapshot()
    await snapshot.get('a')
    await occupy()
    for (const refused of [
      () => db.put('a', '2'),
      () => db.delete('a'),
      () => db.batch().put('b', '1').put('c', '1').commit(),
      () => db.transaction(async (tx) => tx.put('b', (await tx.get('a')) ?? '')),
    ])
      await expect(refused()).rejects.toEqual(code('LDB_NO_SPACE'))
    expect(await db.entries().toArray()).toEqual([['a', '1']])
    expect([await db.get('a'), await snapshot.get('a')]).toEqual(['1', '1'])
    await snapshot.release()
    await free()
    await db.put('a', '3')
    await db.delete('a')
    expect(await db.count()).toBe(0)
  }, 30_000)

  test('a copy that it refused continues when it was freed', async () => {
    const source = await ClusterDatabase.open(memoryDriver())
    const keys = Array.from({ length: 3000 }, (_, index) => `k${index}`)
    for (let first = 0; first < keys.length; first += 500) {
      const batch = source.batch()
      for (const key of keys.slice(first, first + 500)) batch.put(key, VALUE)
      await batch.commit()
    }
    await occupy(3_500_000)
    const counts: number[] = []
    const onProgress = ({ phase, count }: { phase: string; count: number }): void => {
      if (phase === 'copy') counts.push(count)
    }
    await expect(copyDatabase(source, db, { onProgress })).rejects.toEqual(code('LDB_NO_SPACE'))
    const copiedCount = counts.at(-1) ?? 0
    expect(copiedCount).toBeGreaterThan(0)
    expect(copiedCount).toBeLessThan(keys.length)
    await free()
    counts.length = 0
    const { keyspaces } = await copyDatabase(source, db, { onProgress })
    // It has not begun anew.
    expect(counts[0]).toBeGreaterThan(copiedCount)
    expect(keyspaces.map(({ name, count }) => [name, count])).toEqual([['default', keys.length]])
    await source.close()
  }, 30_000)
})
