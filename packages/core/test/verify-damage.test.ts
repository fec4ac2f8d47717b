// Strategy: a database with both engines, several keyspaces, expiry and values in blob files is damaged in several places at once. Invariants:
// each place is a finding of its own, and everything else is still walked; the bytes of all kinds add up to those of the files.
import { availableEnvironment, MemoryVfs } from '@ldb/vfs'
import { beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { VerifyReport, VerifyUnits } from '../src/index.js'
import { readFile, writeFile } from './directory-tree.js'

const VALUE = 'v'.repeat(120)
const COUNT = 3000

function keyOf(number: number): string {
  return `key${String(number).padStart(6, '0')}`
}

function fill(vfs: MemoryVfs, closed = true): Database {
  const db = Database.open('data', {
    vfs,
    blobBytes: 4096,
    memtableBytes: 65_536,
    workers: 0,
    durability: 'none',
  })
  const lsm = db.keyspace('levels', { engine: 'lsm' })
  const expiring = db.keyspace('expiring')
  for (let number = 0; number < COUNT; number++) {
    db.put(keyOf(number), VALUE)
    lsm.put(keyOf(number), VALUE)
    if (number % 100 === 0) {
      db.put(keyOf(number), `${number}`.repeat(3000))
      lsm.put(keyOf(number), `${number}`.repeat(3000))
      expiring.put(keyOf(number), 'short', { ttlMs: 1e9 })
    }
  }
  db.put('long'.repeat(300), 'a long key')
  for (let number = 0; number < COUNT; number += 7) lsm.delete(keyOf(number))
  for (let number = 0; number < COUNT; number += 200) db.put(keyOf(number), 'replaced')
  lsm.deleteRange({ gte: keyOf(100), lt: keyOf(120) })
  db.checkpoint()
  db.put('in the log', 'only')
  if (closed) db.close()
  return db
}

/** Files of a database without those that hold no data. */
function filesOf(vfs: MemoryVfs, directory = 'data'): string[] {
  return vfs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    if (vfs.status(path)?.kind === 'directory') return filesOf(vfs, path)
    return name === 'LOCK' || name === 'RESERVE' ? [] : [path]
  })
}

function flip(vfs: MemoryVfs, path: string, offset: number): void {
  const bytes = readFile(vfs, path)
  bytes[offset] = (bytes[offset] ?? 0) ^ 4
  writeFile(vfs, path, bytes)
}

/** Returns the numbers of the free-space page and of the leaves that the newest checkpoint of a tree reaches, in file order. */
function livePages(vfs: MemoryVfs, path: string): { readonly freeSpace: number; readonly leaves: number[] } {
  const bytes = readFile(vfs, path)
  const view = new DataView(bytes.buffer)
  const checkpointOf = (block: number): bigint => view.getBigUint64(block + 80, true)
  const meta = checkpointOf(0) > checkpointOf(4096) ? 0 : 4096
  const freeSpace = view.getUint32(meta + 140, true)
  const isFree = (page: number): boolean =>
    (((bytes[freeSpace * 8192 + 64 + (page >>> 3)] ?? 0) >>> (page & 7)) & 1) === 1
  const leaves: number[] = []
  for (let page = 2; page < view.getUint32(meta + 136, true); page++) {
    if (!isFree(page) && bytes[page * 8192 + 12] === 1) leaves.push(page)
  }
  return { freeSpace, leaves }
}

function bytesOf(units: readonly VerifyUnits[], ...kinds: string[]): number {
  return units.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { bytes }) => sum + bytes, 0)
}

function summary({ findings }: VerifyReport): string[] {
  return findings.map(({ kind, file, severity }) => `${severity} ${kind} ${file.slice('data/'.length)}`)
}

let image: ReadonlyMap<string, Uint8Array>

beforeAll(() => {
  const vfs = new MemoryVfs()
  fill(vfs)
  image = new Map(filesOf(vfs).map((path) => [path, readFile(vfs, path)]))
})

/** Returns a file system with a copy of the database. */
function copy(): MemoryVfs {
  const vfs = new MemoryVfs()
  for (const directory of ['data', 'data/wal', 'data/keyspaces', 'data/blobs']) vfs.makeDirectory(directory)
  for (const id of [1, 2, 3]) vfs.makeDirectory(`data/keyspaces/${id}`)
  for (const [path, bytes] of image) writeFile(vfs, path, bytes)
  return vfs
}

test('the bytes of all kinds are those of the files', () => {
  const vfs = copy()
  // Without a replay, whose pages are in memory only.
  const opened = Database.open('data', { vfs, workers: 0 })
  opened.checkpoint()
  opened.close()
  const report = Database.verify('data', { vfs })
  expect(summary(report)).toEqual([])
  const fileBytes = (part: string): number =>
    filesOf(vfs)
      .filter((path) => path.startsWith(`data/${part}`))
      .reduce((sum, path) => sum + readFile(vfs, path).length, 0)
  const all = Object.fromEntries(
    report.parts.map(({ name, units }) => [name, bytesOf(units, ...units.map(({ kind }) => kind))]),
  )
  expect(all).toEqual({
    catalog: fileBytes('CATALOG'),
    log: fileBytes('wal/'),
    'keyspace:default': fileBytes('keyspaces/1/'),
    'keyspace:levels': fileBytes('keyspaces/2/'),
    'keyspace:expiring': fileBytes('keyspaces/3/'),
    blobs: fileBytes('blobs/'),
  })
  const [, , tree, levels, , blobs] = report.parts
  expect(tree?.shape).toMatchObject({ kind: 'tree', depth: 2, pageBytes: 8192 })
  expect(levels?.shape).toMatchObject({ kind: 'levels' })
  const data = levels?.units.find(({ kind }) => kind === 'data')
  expect((data?.rawBytes ?? 0) / (data?.bytes ?? 1)).toBeGreaterThan(2)
  // 15 values of `default` were replaced; of `levels` every seventh was deleted, and one in the range.
  expect(blobs?.units.find(({ kind }) => kind === 'blob-live')?.count).toBe(15 + 30 - 5 - 1 + 0)
  expect(bytesOf(report.units, 'blob-dead')).toBeGreaterThan(0)
})

describe('the walk goes on after a finding', () => {
  test('in the pages of a tree, the blocks of a table, the filter and the blob files', () => {
    const vfs = copy()
    const tree = 'data/keyspaces/1/tree.ldb'
    const table = filesOf(vfs).find((path) => path.endsWith('.sst')) ?? ''
    const { length } = readFile(vfs, table)
    const intact = Database.verify('data', { vfs }).parts.find(({ name }) => name === 'keyspace:default')
    const { leaves } = livePages(vfs, tree)
    for (const page of [leaves[1], leaves[5], leaves[6]]) flip(vfs, tree, (page ?? 0) * 8192 + 5000)
    for (const offset of [200, 9000, length - 300]) flip(vfs, table, offset)
    const report = Database.verify('data', { vfs })
    const found = summary(report)
    expect(found.filter((line) => line.endsWith('tree.ldb'))).toHaveLength(3)
    expect(found.filter((line) => line.endsWith('.sst')).length).toBeGreaterThanOrEqual(3)
    const walked = report.parts.find(({ name }) => name === 'keyspace:default')
    expect(walked?.unitCount).toBe((intact?.unitCount ?? 0) - 3)
    expect(report.parts.map(({ name }) => name)).toContain('blobs')
    // Reads do without the filter.
    expect(report.warningCount).toBe(1)
    expect(report.errorCount).toBe(report.findingCount - 1)
  })

  test('values in blob files behind damaged pages are still checked', () => {
    const vfs = copy()
    const intact = Database.verify('data', { vfs }).parts.find(({ name }) => name === 'blobs')
    const tree = 'data/keyspaces/1/tree.ldb'
    const { leaves } = livePages(vfs, tree)
    for (const page of [leaves[2], leaves[8]]) flip(vfs, tree, (page ?? 0) * 8192 + 5000)
    const blobs = Database.verify('data', { vfs }).parts.find(({ name }) => name === 'blobs')
    const live = (part: typeof blobs): number =>
      part?.units.find(({ kind }) => kind === 'blob-live')?.count ?? 0
    expect(live(blobs)).toBeGreaterThan(live(intact) - 4)
  })

  test('in the catalog or its copy, without which the database is opened', () => {
    for (const name of ['CATALOG', 'CATALOG.copy']) {
      const vfs = copy()
      flip(vfs, `data/${name}`, 50)
      // The copy may be torn: it is no finding.
      const expected = name === 'CATALOG' ? ['error checksum CATALOG'] : []
      expect(summary(Database.verify('data', { vfs }))).toEqual(expected)
    }
  })

  test('in a database that cannot be opened', () => {
    const vfs = copy()
    flip(vfs, 'data/CATALOG', 50)
    flip(vfs, 'data/CATALOG.copy', 50)
    const tree = 'data/keyspaces/1/tree.ldb'
    flip(vfs, tree, (livePages(vfs, tree).leaves[3] ?? 0) * 8192 + 5000)
    flip(vfs, 'data/keyspaces/2/MANIFEST', 90)
    const table = filesOf(vfs).find((path) => path.endsWith('.sst')) ?? ''
    flip(vfs, table, 200)
    flip(vfs, filesOf(vfs).find((path) => path.endsWith('.blob')) ?? '', 3000)
    const report = Database.verify('data', { vfs })
    expect(report.parts.map(({ name }) => name)).toEqual([
      'open',
      'catalog',
      'log',
      'keyspace:number 1',
      'keyspace:number 2',
      'keyspace:number 3',
      'blobs',
    ])
    expect(summary(report)).toEqual([
      'error structure CATALOG',
      'error checksum CATALOG',
      'error checksum keyspaces/1/tree.ldb',
      'error checksum keyspaces/2/MANIFEST',
      `error checksum ${table.slice('data/'.length)}`,
      expect.stringMatching(/^warning checksum blobs\//),
    ])
    const tables = report.parts[4]
    expect(tables?.entryCount).toBeGreaterThan(1000)
  })

  test('a damaged free-space page is a warning, and everything else is walked', () => {
    const vfs = copy()
    Database.open('data', { vfs, workers: 0 }).close()
    const path = 'data/keyspaces/1/tree.ldb'
    const { freeSpace } = livePages(vfs, path)
    flip(vfs, path, freeSpace * 8192 + 100)
    const report = Database.verify('data', { vfs })
    expect(summary(report)).toEqual(['warning checksum keyspaces/1/tree.ldb'])
    expect(report).toMatchObject({ ok: false, errorCount: 0, warningCount: 1 })
  })
})

describe('beside writers', () => {
  test('the asynchronous form yields the thread, and commits go on', async () => {
    // With the clock and the event loop of the platform.
    const vfs = new MemoryVfs(availableEnvironment())
    const db = fill(vfs, false)
    const adb = db.promises
    let tickCount = 0
    let writeCount = 0
    let isEnded = false
    const ticking = (async () => {
      while (!isEnded) {
        await new Promise((resolve) => setImmediate(resolve))
        tickCount++
      }
    })()
    const writing = (async () => {
      while (!isEnded) {
        await adb.put(keyOf((writeCount * 37) % COUNT), `w${writeCount}`)
        writeCount++
        if (writeCount % 50 === 0) await adb.checkpoint()
      }
    })()
    const report = await adb.verify()
    isEnded = true
    await Promise.all([ticking, writing])
    expect(summary(report)).toEqual([])
    expect(tickCount).toBeGreaterThan(5)
    expect(writeCount).toBeGreaterThan(5)
    expect(report.parts.find(({ name }) => name === 'keyspace:default')?.entryCount).toBeGreaterThanOrEqual(
      COUNT,
    )
    expect(db.verify().findings).toEqual([])
    db.close()
  })
})
