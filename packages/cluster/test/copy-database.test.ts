import { AsyncDatabase } from '@ldb/core'
import { expect, test } from 'vitest'
import { ClusterDatabase, copyDatabase, memoryDriver } from '../src/index.js'
import type { KeyValueDatabase } from '../src/index.js'

const code = (name: string): unknown => expect.objectContaining({ code: name })
const embedded = (): Promise<KeyValueDatabase> => AsyncDatabase.memory()
const cluster = (): Promise<KeyValueDatabase> => ClusterDatabase.open(memoryDriver())

async function filled(open: () => Promise<KeyValueDatabase>): Promise<KeyValueDatabase> {
  const db = await open()
  const events = await db.keyspace('events', { keys: 'tuple', values: 'json' })
  for (let start = 0; start < 1_300; start += 650) {
    const batch = db.batch().in(events)
    for (let index = start; index < start + 650; index++) batch.put(['e', index], { index })
    await batch.commit()
  }
  await db.put('a', '1')
  return db
}

test.each([
  ['embedded to cluster', embedded, cluster],
  ['cluster to embedded', cluster, embedded],
] as const)('copies and verifies: %s', async (_name, open, openTarget) => {
  const source = await filled(open)
  const target = await openTarget()
  const phases = new Set<string>()
  const { keyspaces } = await copyDatabase(source, target, {
    onProgress: ({ phase, keyspace }) => phases.add(`${phase} ${keyspace}`),
  })
  expect(new Map(keyspaces.map(({ name, count }) => [name, count]))).toEqual(
    new Map([
      ['default', 1],
      ['events', 1_300],
    ]),
  )
  expect([...phases].sort()).toEqual(['copy default', 'copy events', 'verify default', 'verify events'])
  const events = await target.keyspace('events', { keys: 'tuple', values: 'json' })
  expect(await events.get(['e', 1_299])).toEqual({ index: 1_299 })
  expect((await target.keyspaces()).map(({ name }) => name)).not.toContain('ldb-copy')
  await expect(copyDatabase(source, target)).rejects.toEqual(code('LDB_EXISTS'))
  expect((await target.keyspaces()).map(({ name }) => name)).not.toContain('ldb-copy')
  await Promise.all([source.close(), target.close()])
})

test('continues where it was interrupted, and finds a source that was written to meanwhile', async () => {
  const source = await filled(embedded)
  const target = await cluster()
  const interrupted = async (): Promise<void> => {
    const controller = new AbortController()
    const onProgress = ({ keyspace, count }: { keyspace: string; count: number }): void => {
      if (keyspace === 'events' && count >= 500) controller.abort()
    }
    const copying = copyDatabase(source, target, { onProgress, signal: controller.signal })
    await expect(copying).rejects.toEqual(code('LDB_ABORTED'))
  }
  await interrupted()
  const counts: number[] = []
  await copyDatabase(source, target, {
    onProgress: ({ phase, keyspace, count }) => {
      if (phase === 'copy' && keyspace === 'events') counts.push(count)
    },
  })
  expect(counts).toEqual([1_000, 1_300])
  const events = await target.keyspace('events', { keys: 'tuple', values: 'json' })
  await events.clear()
  await target.clear()
  await interrupted()
  await (await source.keyspace('events', { keys: 'tuple', values: 'json' })).put(['e', 0], 'changed')
  await expect(copyDatabase(source, target)).rejects.toEqual(code('LDB_CONFLICT'))
  await Promise.all([source.close(), target.close()])
})

test('copies expiries both ways', async () => {
  const first = await cluster()
  await first.put('short', '1', { ttlMs: 3_600_000 })
  await first.put('ever', '1')
  const wanted = (await first.expiresAt('short')) ?? NaN
  const second = await embedded()
  const third = await cluster()
  for (const [from, to] of [
    [first, second],
    [second, third],
  ] as const) {
    expect((await copyDatabase(from, to)).keyspaces[0]?.count).toBe(1)
    expect([await to.get('short'), await to.expiresAt('ever')]).toEqual(['1', Infinity])
    // What is written is the time to live: it begins when the write is encoded.
    expect(Math.abs(((await to.expiresAt('short')) ?? NaN) - wanted)).toBeLessThan(60_000)
  }
  await Promise.all([first.close(), second.close(), third.close()])
})
