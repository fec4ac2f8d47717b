// Strategy: databases with every kind of file, whose locations are compared with the files.
// Invariants: a byte is in one location; the locations of a whole file are all of it, and their sums those of the report; dirty pages and
// levels are named; keys that a location names are where the reads find them.
import { compareBytes, encodeUtf8 } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'
import type { DatabaseVerifyLocation, VerifyReport } from '../src/index.js'
import { readFile, writeFile } from './directory-tree.js'

function locate(db: Database): {
  readonly report: VerifyReport
  readonly locations: readonly DatabaseVerifyLocation[]
} {
  const locations: DatabaseVerifyLocation[] = []
  const report = db.verify({ onLocation: (location) => locations.push(location) as unknown as void })
  return { report, locations }
}

/** Returns the located bytes of each file, and checks that none is located twice; a blob record is by its last location. */
function bytesOfFiles(locations: readonly DatabaseVerifyLocation[]): Map<string, number> {
  const files = new Map<string, Map<number, DatabaseVerifyLocation>>()
  for (const location of locations) {
    const units = files.get(location.file) ?? new Map<number, DatabaseVerifyLocation>()
    units.set(location.offset, location)
    files.set(location.file, units)
  }
  const sums = new Map<string, number>()
  for (const [file, units] of files) {
    let end = 0
    for (const { offset, bytes } of [...units.values()].sort((x, y) => x.offset - y.offset)) {
      expect(offset, file).toBeGreaterThanOrEqual(end)
      end = offset + bytes
      sums.set(file, (sums.get(file) ?? 0) + bytes)
    }
  }
  return sums
}

function fill(db: Database): void {
  for (let number = 0; number < 3_000; number++) db.put(`key${number}`, 'v'.repeat(50))
  for (let number = 0; number < 8; number++) db.put(`large${number}`, 'x'.repeat(40_000))
  db.delete('large3')
  const events = db.keyspace('events', { engine: 'lsm' })
  for (let number = 0; number < 3_000; number++) events.put(`key${number}`, 'v'.repeat(50))
  db.checkpoint()
  db.deleteRange({ gte: 'key1', lt: 'key2' })
  db.checkpoint()
}

describe('locations of a verification', () => {
  it('covers every byte of trees, tables, manifests, logs and blob files once', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs, workers: 0 })
    fill(db)
    const { report, locations } = locate(db)
    expect(report.ok).toBe(true)
    const sums = bytesOfFiles(locations)
    for (const name of [/tree\.ldb$/, /\.blob$/, /\.wal$/, /MANIFEST$/])
      expect([...sums.keys()].some((file) => name.test(file))).toBe(true)
    for (const file of sums.keys()) expect([file, sums.get(file)]).toEqual([file, readFile(vfs, file).length])
    for (const part of report.parts.filter(({ name }) => name.startsWith('keyspace:'))) {
      for (const { kind, bytes } of part.units.filter((units) => !units.kind.startsWith('manifest'))) {
        const own = locations.filter((location) => location.part === part.name && location.kind === kind)
        expect([kind, own.reduce((sum, location) => sum + location.bytes, 0)]).toEqual([kind, bytes])
      }
    }
    const kinds = new Set(locations.map(({ kind }) => kind))
    for (const kind of [
      'free',
      'leaf',
      'branch',
      'data',
      'blob-live',
      'blob-dead',
      'checkpoint-record',
    ] as const)
      expect(kinds.has(kind), kind).toBe(true)
  })

  it('names dirty pages, levels, and the keys of leaves and blocks', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs, workers: 0 })
    fill(db)
    expect(locate(db).locations.some(({ isDirty }) => isDirty === true)).toBe(false)
    db.put('key2500', 'changed')
    const { locations } = locate(db)
    const wanted = encodeUtf8('key2500')
    const holds = ({ keys }: DatabaseVerifyLocation): boolean =>
      keys !== undefined &&
      (keys.lower === undefined || compareBytes(keys.lower, wanted) <= 0) &&
      (keys.upper === undefined || compareBytes(wanted, keys.upper) < 0)
    const leaves = locations.filter((each) => each.kind === 'leaf' && holds(each))
    expect(leaves).toMatchObject([{ isDirty: true, level: 0, part: 'keyspace:default' }])
    const others = locations.filter((each) => each.kind === 'leaf' && each.isDirty === true)
    expect(others).toHaveLength(1)
    const blocks = locations.filter((each) => each.kind === 'data' && holds(each))
    expect(blocks.length).toBeGreaterThan(0)
    for (const { level } of blocks) expect(level).toBeGreaterThanOrEqual(0)
  })

  it('locates a table that cannot be read, and refuses callbacks that are none or that write', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs, workers: 0 })
    fill(db)
    const { file, keys } = locate(db).locations.find(({ kind }) => kind === 'footer') ?? {}
    const bytes = readFile(vfs, String(file))
    writeFile(vfs, String(file), bytes.slice(0, -1))
    const { locations, report } = locate(db)
    expect(report.ok).toBe(false)
    const unread = locations.filter((location) => location.file === file)
    expect(unread).toMatchObject([{ kind: 'unused', offset: 0, bytes: bytes.length, keys }])
    expect(() => db.verify({ onLocation: 1 } as never)).toThrowError(
      expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
    )
    expect(() => db.verify({ onLocation: () => db.put('a', 'b') })).toThrowError(
      expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
    )
  })
})
