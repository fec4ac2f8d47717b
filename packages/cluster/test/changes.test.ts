import { expect, test } from 'vitest'
import { ClusterDatabase, MemoryCluster, memoryDriver } from '../src/index.js'

const code = (name: string): unknown => expect.objectContaining({ code: name })

test('changes of all clients, from the call on, filtered by keyspace and prefix', async () => {
  const cluster = new MemoryCluster()
  const one = await ClusterDatabase.open(memoryDriver({ cluster }))
  const two = await ClusterDatabase.open(memoryDriver({ cluster }))
  const events = await one.keyspace('events', { values: 'json' })
  await events.put('a0', 0)
  const changes = one.changes({ keyspace: events, prefix: 'a' })
  const own = events.put('a1', 1)
  await own
  const other = await two.keyspace('events', { values: 'json' })
  await two.put('a', 'elsewhere')
  await two.batch().in(other).put('b', 2).put('a2', 2).delete('a1').commit()
  await other.deleteRange({ gte: 'a' })
  const seen = [(await changes.next()).value, (await changes.next()).value, (await changes.next()).value]
  expect(seen.map((commit) => commit?.changes)).toEqual([
    [{ kind: 'put', keyspace: 'events', key: 'a1', value: 1 }],
    [
      { kind: 'delete', keyspace: 'events', key: 'a1' },
      { kind: 'put', keyspace: 'events', key: 'a2', value: 2 },
    ],
    [expect.objectContaining({ kind: 'deleteRange', lower: new TextEncoder().encode('a') })],
  ])
  const again = two.changes({ keyspace: other, since: seen[1]!.version })
  expect((await again.next()).value?.version).toBe(seen[2]!.version)
  const pending = again.next()
  await two.close()
  await expect(pending).rejects.toEqual(code('LDB_CLOSED'))
  await one.close()
})

test('a consumer continues where it has acknowledged, and a newer stream takes it over', async () => {
  const cluster = new MemoryCluster()
  const open = (): Promise<ClusterDatabase> => ClusterDatabase.open(memoryDriver({ cluster }))
  const db = await open()
  const keysOf = (commit: { readonly changes: readonly unknown[] } | undefined): unknown[] =>
    (commit?.changes ?? []).map((change) => (change as { readonly key: string }).key)
  const first = db.changes({ consumer: 'index' })
  const begun = first.next()
  await db.put('a', '1')
  await db.put('b', '1')
  expect(keysOf((await begun).value)).toEqual(['a'])
  await first.return()
  const other = await open()
  const second = other.changes({ consumer: 'index', acknowledge: 'explicit' })
  // The commit of `a` was returned, and not acknowledged.
  expect(keysOf((await second.next()).value)).toEqual(['a'])
  expect(keysOf((await second.next()).value)).toEqual(['b'])
  await other.transaction(async (tx) => {
    await tx.put('done', 'b')
    await second.acknowledgeIn(tx)
  })
  const third = db.changes({ consumer: 'index' })
  expect(keysOf((await third.next()).value)).toEqual(['done'])
  await expect(second.acknowledge()).rejects.toEqual(code('LDB_LOCKED'))
  await db.put('c', '1')
  expect(keysOf((await third.next()).value)).toEqual(['c'])
  await third.acknowledge()
  await third.return()
  const fourth = db.changes({ consumer: 'index' })
  const waiting = fourth.next()
  await db.put('d', '1')
  expect(keysOf((await waiting).value)).toEqual(['d'])
  await db.dropConsumer('index')
  await expect(db.dropConsumer('index')).rejects.toEqual(code('LDB_NOT_FOUND'))
  await Promise.all([db.close(), other.close()])
})

test('history that is gone and engines without watch are refused', async () => {
  const cluster = new MemoryCluster()
  const db = await ClusterDatabase.open(memoryDriver({ cluster }))
  const snapshot = db.snapshot()
  const since = await snapshot.version()
  await db.put('a', '1')
  cluster.discardHistory()
  await expect(db.changes({ since }).next()).rejects.toEqual(code('LDB_NOT_FOUND'))
  const blind = await ClusterDatabase.open(memoryDriver({ cluster, capabilities: { watch: false } }))
  expect(() => blind.changes()).toThrow('memory has no watch')
  const controller = new AbortController()
  const waiting = db.changes({ signal: controller.signal }).next()
  controller.abort()
  await expect(waiting).rejects.toEqual(code('LDB_ABORTED'))
  await Promise.all([db.close(), blind.close()])
})
