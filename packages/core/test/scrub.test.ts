import { availableEnvironment, MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { ScrubEvent } from '../src/index.js'
import { readFile, writeFile } from './directory-tree.js'

const TREE = 'data/keyspaces/1/tree.ldb'

function fill(db: Database): void {
  const lsm = db.keyspace('levels', { engine: 'lsm' })
  for (let number = 0; number < 1500; number++) {
    db.put(`key${number}`, 'v'.repeat(100))
    lsm.put(`key${number}`, 'v'.repeat(100))
  }
  db.checkpoint()
}

/** Databases that wait for an event: nothing else may refer to them, and the garbage collector would release them. */
const held = new Set<Database>()

function nextPass(db: Database): Promise<ScrubEvent['report']> {
  held.add(db)
  return new Promise((resolve) => {
    const listener = ({ report }: ScrubEvent): void => {
      db.off('scrub', listener)
      resolve(report)
    }
    db.on('scrub', listener)
  })
}

/** Changes a byte of the first free-space page of the newest checkpoint. */
function damageFreeSpace(vfs: MemoryVfs): void {
  const bytes = readFile(vfs, TREE)
  const view = new DataView(bytes.buffer)
  const meta = view.getBigUint64(80, true) > view.getBigUint64(4096 + 80, true) ? 0 : 4096
  const at = view.getUint32(meta + 140, true) * 8192 + 200
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFile(vfs, TREE, bytes)
}

test('passes follow each other, and a damaged free-space page is written anew', async () => {
  const vfs = new MemoryVfs(availableEnvironment())
  const db = Database.open('data', { vfs, workers: 0, scrub: { bytesPerSecond: 2 ** 40, intervalMs: 1 } })
  fill(db)
  await nextPass(db)
  const first = await nextPass(db)
  expect(first).toMatchObject({ ok: true })
  expect(first.parts.map(({ name }) => name)).toEqual([
    'catalog',
    'log',
    'keyspace:default',
    'keyspace:levels',
  ])
  damageFreeSpace(vfs)
  const reports = [await nextPass(db), await nextPass(db), await nextPass(db)]
  expect(reports.find(({ ok }) => !ok)).toMatchObject({ errorCount: 0, warningCount: 1 })
  expect(db.stats().scrub?.findingCount).toBeGreaterThan(0)
  await nextPass(db)
  expect(await nextPass(db)).toMatchObject({ ok: true, findingCount: 0 })
  const { passCount } = db.stats().scrub ?? { passCount: 0 }
  db.close()
  expect(passCount).toBeGreaterThanOrEqual(6)
  expect(Database.verify('data', { vfs }).ok).toBe(true)
})

test('the scrubber keeps to its budget, beside writers, and ends with the database', async () => {
  const vfs = new MemoryVfs(availableEnvironment())
  const db = Database.open('data', {
    vfs,
    workers: 0,
    durability: 'none',
    scrub: { bytesPerSecond: 500_000 },
  })
  fill(db)
  const before = db.stats().scrub?.byteCount ?? 0
  const startedAtMs = performance.now()
  while (performance.now() - startedAtMs < 600) {
    await db.promises.put(`key${Math.floor(performance.now()) % 1500}`, 'w'.repeat(100))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const bytesPerSecond =
    (((db.stats().scrub?.byteCount ?? 0) - before) * 1000) / (performance.now() - startedAtMs)
  expect(bytesPerSecond).toBeLessThan(1_500_000)
  let lateCount = 0
  db.on('scrub', () => lateCount++)
  await db.promises.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(lateCount).toBe(0)
})

test('options are checked; a memory-only database has no scrubber', () => {
  const vfs = new MemoryVfs()
  const codeOf = (scrub: unknown): unknown => {
    try {
      Database.open('data', { vfs, scrub: scrub as never }).close()
    } catch (error) {
      return (error as { code?: unknown }).code
    }
    return undefined
  }
  for (const scrub of [
    5,
    {},
    { bytesPerSecond: 10 },
    { bytesPerSecond: 1e6, every: 1 },
    { bytesPerSecond: 1e6, intervalMs: 0 },
  ]) {
    expect(codeOf(scrub), JSON.stringify(scrub)).toBe('LDB_INVALID_ARGUMENT')
  }
  expect(codeOf({ bytesPerSecond: 1e6 })).toBeUndefined()
  using db = Database.memory({ scrub: { bytesPerSecond: 1e6 } })
  expect(db.stats().scrub).toBeUndefined()
})

test('a damaged catalog, a damaged or missing copy of it, and a damaged slot of the key file are written anew', async () => {
  const vfs = new MemoryVfs(availableEnvironment())
  const encryption = { key: new Uint8Array(32).fill(5) }
  const scrub = { bytesPerSecond: 2 ** 40, intervalMs: 1 }
  const db = Database.open('data', { vfs, workers: 0, scrub, encryption })
  db.put('a', '1')
  db.checkpoint()
  const damage = (name: string, at: number): void => {
    const bytes = readFile(vfs, `data/${name}`)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFile(vfs, `data/${name}`, bytes)
  }
  for (const [name, at] of [
    ['CATALOG', 100],
    ['CATALOG.copy', 100],
    ['KEYS', 60],
    ['KEYS', 8192 + 60],
  ] as const) {
    await nextPass(db)
    damage(name, at)
    const damaged = readFile(vfs, `data/${name}`)
    await nextPass(db)
    await nextPass(db)
    expect(await nextPass(db), name).toMatchObject({ ok: true, findingCount: 0 })
    expect(readFile(vfs, `data/${name}`), name).not.toEqual(damaged)
  }
  vfs.remove('data/CATALOG.copy')
  await nextPass(db)
  await nextPass(db)
  expect(vfs.status('data/CATALOG.copy')?.kind).toBe('file')
  db.put('b', '2')
  db.close()
  for (const name of ['CATALOG', 'KEYS'] as const) damage(name, 60)
  const again = Database.open('data', { vfs, encryption })
  expect([again.get('a'), again.get('b')]).toEqual(['1', '2'])
  again.close()
})
