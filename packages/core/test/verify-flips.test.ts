// Strategy: a small database with both engines and values in blob files is closed, and single bits of each kind of file are changed, in every
// region that the format gives a meaning. Invariant: `Database.verify` finds each of them, whether or not the database can still be opened.
import { MemoryVfs } from '@ldb/vfs'
import { beforeAll, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import { readFile, readTree, writeFile } from './directory-tree.js'

const PAGE_BYTES = 4096
/** Offset of the copy of a B+tree's meta block. */
const META_COPY = 32_768
/** Bits that are changed in each file, spread over its live bytes. */
const FLIPS = 24

let vfs: MemoryVfs

beforeAll(() => {
  vfs = new MemoryVfs()
  const db = Database.open('data', {
    vfs,
    workers: 0,
    pageBytes: PAGE_BYTES,
    blobBytes: 2000,
    durability: 'none',
  })
  const levels = db.keyspace('levels', { engine: 'lsm' })
  for (let number = 0; number < 150; number++) {
    const value = number % 30 === 0 ? `${number}`.repeat(1500) : `value ${number} `.repeat(6)
    db.put(`key${number}`, value)
    levels.put(`key${number}`, value)
  }
  db.put('k'.repeat(1200), 'a key in an extent')
  levels.deleteRange({ gte: 'key20', lt: 'key21' })
  db.checkpoint()
  db.put('in the log', 'only')
  db.close()
})

/** Returns the ranges of a file whose bytes have a meaning. */
function liveRanges(path: string, bytes: Uint8Array): (readonly [start: number, end: number])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (path.endsWith('.wal')) {
    // Header, seal and records; the rest of the second block means nothing.
    return [
      [0, 4096],
      [4096, 4152],
      [8192, bytes.length],
    ]
  }
  if (path.endsWith('tree.ldb')) {
    const isSecond = view.getBigUint64(4096 + 80, true) > view.getBigUint64(80, true)
    const meta = isSecond ? 4096 : 0
    const bits = view.getUint32(meta + 140, true) * PAGE_BYTES + 64
    const ranges: [number, number][] = [
      [meta, meta + 512],
      [META_COPY, META_COPY + 512],
    ]
    for (let page = 3; page < view.getUint32(meta + 136, true); page++) {
      if (page * PAGE_BYTES === META_COPY) continue
      const isFree = (((bytes[bits + (page >>> 3)] ?? 0) >>> (page & 7)) & 1) === 1
      const start = page * PAGE_BYTES
      // The bytes behind the content of an extent mean nothing.
      const isExtent = bytes[start + 12] === 3
      if (!isFree)
        ranges.push([start, isExtent ? start + 32 + view.getUint32(start + 24, true) : start + PAGE_BYTES])
    }
    return ranges
  }
  if (path.endsWith('.blob')) return [[0, 64], ...blobRecords(view)]
  if (path.endsWith('MANIFEST')) return [[0, 64], ...manifestRecords(view)]
  return [[0, bytes.length]]
}

/** All records of the database are live; the padding behind them means nothing. */
function blobRecords(view: DataView): [number, number][] {
  const ranges: [number, number][] = []
  for (let at = 64; at + 40 <= view.byteLength;) {
    const end = at + 40 + view.getUint16(at + 28, true) + view.getUint32(at + 24, true)
    ranges.push([at, end])
    at = Math.ceil(end / 8) * 8
  }
  return ranges
}

function manifestRecords(view: DataView): [number, number][] {
  const ranges: [number, number][] = []
  for (let at = 64; at + 16 <= view.byteLength;) {
    const end = at + 16 + view.getUint32(at, true)
    ranges.push([at, end])
    at = Math.ceil(end / 8) * 8
  }
  return ranges
}

test('every changed bit of live bytes is found, in every kind of file', () => {
  expect(Database.verify('data', { vfs }).findings).toEqual([])
  const kinds = new Set<string>()
  const missed: string[] = []
  for (const [path, bytes] of readTree(vfs, 'data')) {
    // The copy of the catalog may be torn: nothing needs it while the catalog is whole.
    if (bytes === undefined || /LOCK|RESERVE|CATALOG\.copy/.test(path)) continue
    kinds.add(path.replace(/.*\/|\d+/g, ''))
    const ranges = liveRanges(path, bytes)
    const liveBytes = ranges.reduce((sum, [start, end]) => sum + end - start, 0)
    for (let flip = 0; flip < FLIPS; flip++) {
      let at = Math.floor((flip * liveBytes) / FLIPS)
      for (const [start, end] of ranges) {
        if (at < end - start) {
          at += start
          break
        }
        at -= end - start
      }
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (flip % 8))
      writeFile(vfs, path, damaged)
      if (isUnnoticed()) missed.push(`${path} at ${at}`)
    }
    writeFile(vfs, path, bytes)
  }
  expect([...kinds].sort()).toEqual(['.blob', '.sst', '.wal', 'CATALOG', 'MANIFEST', 'tree.ldb'])
  expect(missed).toEqual([])
  expect(readFile(vfs, 'data/CATALOG').length).toBeGreaterThan(0)
})

/** Reports whether a verification has no findings. A changed version or flag refuses the file instead. */
function isUnnoticed(): boolean {
  try {
    return Database.verify('data', { vfs }).ok
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'LDB_FORMAT' || code === 'LDB_UNSUPPORTED') return false
    throw error
  }
}
