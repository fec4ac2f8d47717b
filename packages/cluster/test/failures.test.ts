import { expect, test } from 'vitest'
import { ClusterDatabase, isDriverError, MemoryCluster, memoryDriver } from '../src/index.js'
import type { MemoryCall, MemoryFault } from '../src/index.js'
import { StoredEncoder } from '../src/values/stored-encoder.js'
import { expiryOf, valueOf } from '../src/values/stored-value.js'

const code = (name: string): unknown => expect.objectContaining({ code: name })

/** Opens a database whose next calls of a kind have the given faults, one each. */
async function faulty(
  cluster: MemoryCluster,
): Promise<{ readonly db: ClusterDatabase; readonly plan: [MemoryCall, MemoryFault][] }> {
  const plan: [MemoryCall, MemoryFault][] = []
  const faults = (call: MemoryCall): MemoryFault | undefined =>
    plan[0]?.[0] === call ? plan.shift()?.[1] : undefined
  const db = await ClusterDatabase.open(memoryDriver({ cluster, faults }), { deadlineMs: 200 })
  return { db, plan }
}

test('a transaction does not run again when its unanswered commit was applied', async () => {
  const { db, plan } = await faulty(new MemoryCluster())
  plan.push(['commit', 'unknownApplied'], ['resolve', 'unavailable'])
  let runs = 0
  await db.transaction(async (tx) => {
    runs++
    await tx.put('n', String(Number((await tx.get('n')) ?? 0) + 1))
  })
  expect([runs, await db.get('n')]).toEqual([1, '1'])
  plan.push(['commit', 'unknownNotApplied'])
  await db.update('n', (value) => String(Number(value) + 1))
  expect(await db.get('n')).toBe('2')
  await db.close()
})

test('a commit that arrives late does not overwrite what was written after its retry', async () => {
  const cluster = new MemoryCluster({ lateCalls: Infinity })
  const { db, plan } = await faulty(cluster)
  plan.push(['commit', 'unknownLate'])
  await db.put('a', 'first')
  await db.put('a', 'second')
  expect(cluster.deliverLate()).toBe(0)
  expect(await db.get('a')).toBe('second')
  await db.close()
})

test('an outcome that no server can state is unknown, and nothing runs again', async () => {
  const cluster = new MemoryCluster()
  let isDown = false
  const faults = (call: MemoryCall): MemoryFault | undefined => {
    if (call === 'resolve' && isDown) return 'unavailable'
    return call === 'commit' && isDown ? 'unknownApplied' : undefined
  }
  const db = await ClusterDatabase.open(memoryDriver({ cluster, faults }), { deadlineMs: 50 })
  isDown = true
  let runs = 0
  await expect(db.transaction((tx) => tx.put('a', String(++runs)))).rejects.toEqual(
    code('LDB_COMMIT_UNKNOWN'),
  )
  expect(runs).toBe(1)
  isDown = false
  expect(await db.get('a')).toBe('1')
  await db.close()
})

test('transient failures are repeated until the deadline', async () => {
  const { db, plan } = await faulty(new MemoryCluster())
  plan.push(['commit', 'unavailable'], ['commit', 'conflict'], ['read', 'unavailable'], ['read', 'conflict'])
  await db.put('a', '1')
  expect(await db.get('a')).toBe('1')
  expect(plan).toEqual([])
  for (let left = 200; left > 0; left--) plan.push(['read', 'unavailable'])
  const failure: unknown = await db.get('a').catch((error: unknown) => error)
  expect(failure).toEqual(code('LDB_IO'))
  expect(isDriverError((failure as Error).cause, 'unavailable')).toBe(true)
  plan.length = 0
  plan.push(['commit', 'conflict'])
  await expect(db.transaction((tx) => tx.put('a', '2'), { retries: 0 })).rejects.toEqual(code('LDB_CONFLICT'))
  await db.close()
})

test('stored values have the bytes of FORMAT.md', () => {
  const value = Uint8Array.of(0x68, 0x69)
  const encoder = new StoredEncoder()
  const plain = encoder.encode(value, Infinity)
  const expiring = encoder.encode(value, 1_000)
  const text = encoder.encodeText('h\u00e9', 3, 1_000)
  // Values that share a block do not overlap, and a long one has no block.
  const long = encoder.encode(new Uint8Array(20_000).fill(7), Infinity)
  const many = Array.from({ length: 50 }, (_, n) =>
    encoder.encodeText(String(n).repeat(400), 400 * String(n).length, Infinity),
  )
  expect([...plain]).toEqual([0, 0x68, 0x69])
  expect([...text]).toEqual([1, 0xe8, 3, 0, 0, 0, 0, 0, 0, 0x68, 0xc3, 0xa9])
  expect([long.length, long[0], long[20_000]]).toEqual([20_001, 0, 7])
  for (const [n, stored] of many.entries())
    expect(Buffer.from(stored).toString()).toBe(`\0${String(n).repeat(400)}`)
  expect([...expiring]).toEqual([1, 0xe8, 3, 0, 0, 0, 0, 0, 0, 0x68, 0x69])
  expect([expiryOf(expiring), valueOf(expiring, 999)?.length, valueOf(expiring, 1_000)]).toEqual([
    1_000,
    2,
    undefined,
  ])
  for (const bytes of [[], [2], [1, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0]])
    expect(() => expiryOf(Uint8Array.from(bytes))).toThrow(code('LDB_CORRUPTION') as Error)
})
