// Strategy: changes a bit of the first, the middle and the last byte of every region of the golden files, one at a time.
// Invariants: the reader refuses the file, or finds other numbers or entries in it. A change of a byte that means nothing
// changes nothing.
import { describe, expect, test } from 'vitest'
import { FormatError } from '../src/bytes/format-error.js'
import { readCatalog } from '../src/database/catalog.js'
import { readDatabase } from '../src/database/database.js'
import { readLock } from '../src/database/lock.js'
import { describeDatabase, describeLog, describeStore, describeTree } from '../src/describe.js'
import { readLog } from '../src/log/log.js'
import { readTree } from '../src/tree/tree.js'
import { filesBelow } from '../src/database/stores.js'
import type { DataKeys } from '../src/encryption/data-keys.js'
import { readKeyFile } from '../src/encryption/key-file.js'
import { readStore } from '../src/lsm/store.js'
import { ENCRYPTED, flip, readBytes, readEncryptedKeys, readFiles, SECRETS, TIMES } from './golden-files.js'

type Region = readonly [name: string, start: number, end: number]

const WAL = 'packages/wal/test/fixtures/v3'
const DATABASE = 'packages/core/test/fixtures/v6/left-open'
const VFS = 'packages/vfs/test/fixtures'
const TREES = [
  'packages/btree/test/fixtures/v4/tree.ldb',
  `${DATABASE}/keyspaces/1/tree.ldb`,
  `${DATABASE}/keyspaces/2/tree.ldb`,
  `${DATABASE}/keyspaces/3/tree.ldb`,
  'packages/core/test/fixtures/v6/dictionary/keyspaces/1/tree.ldb',
]

/** Returns what a reader finds: the code of its error, or a text of its numbers. */
function outcomeOf(read: () => unknown): string {
  try {
    return JSON.stringify(read())
  } catch (error) {
    if (error instanceof FormatError) return error.code
    throw error
  }
}

/** Returns names of regions in which a changed byte is not noticed, or in `ignored` ones, is noticed. */
function failuresIn(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  regions: readonly Region[],
): string[] {
  const expected = outcomeOf(() => read(bytes))
  return regions.flatMap(([name, start, end]) =>
    [...new Set([start, Math.floor((start + end) / 2), end - 1])]
      .filter((offset) => {
        const isIgnored = name.startsWith('ignored')
        return (outcomeOf(() => read(flip(bytes, offset))) === expected) !== isIgnored
      })
      .map((offset) => `${name} at ${offset}`),
  )
}

function logRegions(files: ReadonlyMap<string, Uint8Array>, name: string, keys?: DataKeys): Region[] {
  const { segments, records } = readLog(files, undefined, keys)
  const segment = segments.find(({ segmentNumber }) => segmentNumber === Number(name.slice(0, 10)))
  if (segment === undefined) return []
  const next = segments[segments.indexOf(segment) + 1]
  const own = records.filter(({ lsn }) => lsn >= segment.baseLsn && lsn < (next?.baseLsn ?? Infinity))
  return [
    ['file header', 0, 24],
    ['segment header', 24, 160],
    ['reserved bytes', 160, 4088],
    ['checksum', 4088, 4096],
    ['seal', 4096, 4152],
    ['ignored bytes behind the seal', 4152, 8192],
    ...own.flatMap(({ lsn, endLsn, storedBytes }): Region[] => {
      const start = 8192 + lsn - segment.baseLsn
      const payloadEnd = start + 32 + storedBytes
      const end = start + endLsn - lsn
      return [
        [`header of record ${lsn}`, start, start + 32],
        ...(storedBytes > 0 ? [[`payload of record ${lsn}`, start + 32, payloadEnd] as const] : []),
        ...(end > payloadEnd ? [[`padding of record ${lsn}`, payloadEnd, end] as const] : []),
      ]
    }),
  ]
}

function treeRegions(bytes: Uint8Array, keys?: DataKeys): Region[] {
  const { meta, pageNumbers, extentBytes } = readTree(bytes, keys)
  const { pageBytes, pageCount } = meta
  const pages = Object.entries(pageNumbers).flatMap(([kind, numbers]) =>
    numbers.map((page): Region => {
      const start = page * pageBytes
      return [`${kind} page ${page}`, start, start + (extentBytes.get(page) ?? pageBytes)]
    }),
  )
  const reached = new Set(
    pages.flatMap(([, start, end]) => {
      const first = start / pageBytes
      return Array.from({ length: Math.ceil(end / pageBytes) - first }, (_, index) => first + index)
    }),
  )
  const free = Array.from({ length: pageCount - meta.metaPages }, (_, index) => meta.metaPages + index)
    .filter((page) => !reached.has(page) && (page < meta.copyPage || page >= meta.copyPage + meta.copyPages))
    .map((page): Region => [`ignored free page ${page}`, page * pageBytes, (page + 1) * pageBytes])
  return [
    ['meta block A', 0, 512],
    ['ignored bytes of the meta region', 512, 4096],
    ['meta block B', 4096, 4608],
    ['copy of the meta block', 32_768, 33_280],
    ['ignored bytes of the copy region', 33_280, 36_864],
    ...pages,
    ...free,
  ]
}

test('the search reports a byte that it should not', () => {
  const bytes = readBytes(`${WAL}/closed/0000000001.wal`)
  const files = readFiles(`${WAL}/closed`)
  const read = (changed: Uint8Array): unknown =>
    describeLog(readLog(new Map(files).set('0000000001.wal', changed)))
  expect(failuresIn(bytes, read, [['unused bytes', 4152, 8192]])).toHaveLength(3)
  expect(failuresIn(bytes, read, [['ignored header', 24, 152]])).toHaveLength(3)
})

describe('a changed byte is noticed', () => {
  test.each(['closed', 'left-open', 'skippable'])('in the golden log %s', (name) => {
    const files = readFiles(`${WAL}/${name}`)
    for (const [file, bytes] of files) {
      const read = (changed: Uint8Array): unknown => describeLog(readLog(new Map(files).set(file, changed)))
      expect(failuresIn(bytes, read, logRegions(files, file)), file).toEqual([])
    }
  })

  test('in the log of the golden database', () => {
    const files = readFiles(`${DATABASE}/wal`)
    for (const [file, bytes] of files) {
      const read = (changed: Uint8Array): unknown => describeLog(readLog(new Map(files).set(file, changed)))
      expect(failuresIn(bytes, read, logRegions(files, file)), file).toEqual([])
    }
  })

  test.each(TREES)('in the tree %s', (path) => {
    const bytes = readBytes(path)
    expect(failuresIn(bytes, (changed) => describeTree(readTree(changed)), treeRegions(bytes))).toEqual([])
  })

  test('in the catalog', () => {
    const bytes = readBytes(`${DATABASE}/CATALOG`)
    const regions = Array.from(bytes, (_, offset): Region => [`byte ${offset}`, offset, offset + 1])
    expect(failuresIn(bytes, readCatalog, regions)).toEqual([])
  })

  test('in the lock', () => {
    for (const path of [`${DATABASE}/LOCK`, `${VFS}/v2/LOCK`]) {
      const bytes = readBytes(path)
      const regions = Array.from(bytes, (_, offset): Region => [`byte ${offset}`, offset, offset + 1])
      expect(failuresIn(bytes, (changed) => [...readLock(changed)], regions)).toEqual([])
    }
  })
})

describe('a changed byte of an encrypted file is noticed', () => {
  const files = readFiles(ENCRYPTED)
  const keys = readEncryptedKeys()
  const everyByte = (bytes: Uint8Array): Region[] =>
    Array.from(bytes, (_, offset): Region => [`byte ${offset}`, offset, offset + 1])

  test('in the log', () => {
    const log = filesBelow(files, 'wal/')
    for (const [file, bytes] of log) {
      const read = (changed: Uint8Array): unknown =>
        describeLog(readLog(new Map(log).set(file, changed), undefined, keys))
      expect(failuresIn(bytes, read, logRegions(log, file, keys)), file).toEqual([])
    }
  })

  test.each([1, 2, 3])('in the tree of keyspace %i', (keyspaceId) => {
    const bytes = files.get(`keyspaces/${keyspaceId}/tree.ldb`) ?? new Uint8Array()
    const read = (changed: Uint8Array): unknown => describeTree(readTree(changed, keys))
    expect(failuresIn(bytes, read, treeRegions(bytes, keys))).toEqual([])
  })

  test('in the catalog', () => {
    const bytes = files.get('CATALOG') ?? new Uint8Array()
    expect(failuresIn(bytes, (changed) => readCatalog(changed, keys), everyByte(bytes))).toEqual([])
  })

  test('in an LSM tree', () => {
    const store = filesBelow(files, 'keyspaces/4/')
    expect(store.size).toBe(3)
    for (const [file, bytes] of store) {
      const read = (changed: Uint8Array): unknown =>
        describeStore(readStore(new Map(store).set(file, changed), keys))
      // Every unit has a trailer of 44 bytes: no step passes one.
      const regions = everyByte(bytes).filter((_, index) => index % 19 === 0)
      expect(failuresIn(bytes, read, regions), file).toEqual([])
    }
  })

  test('in a slot of the key file, after which the other one is read, and in both', () => {
    const bytes = files.get('KEYS') ?? new Uint8Array()
    const offsets = [
      0, 8, 24, 40, 48, 50, 56, 64, 96, 128, 152, 160, 192, 232, 263, 264, 311, 312, 8184, 8191,
    ]
    for (const offset of offsets) {
      expect(readKeyFile(flip(bytes, offset), SECRETS.passphrase).ids).toEqual(keys.ids)
      const both = flip(flip(bytes, offset), offset + 8192)
      const damaged = expect.objectContaining({ code: 'LDB_CORRUPTION' })
      expect(() => readKeyFile(both, SECRETS.passphrase)).toThrow(damaged)
    }
  })

  test('in a blob file', () => {
    const bytes = files.get('blobs/1.blob') ?? new Uint8Array()
    const { entries } = readDatabase(files, SECRETS.passphrase).keyspaces[0] ?? { entries: [] }
    const chunks = entries.find(({ value }) => value.length > 2 ** 20)
    expect(chunks).toBeDefined()
    const read = (changed: Uint8Array): unknown =>
      readDatabase(new Map(files).set('blobs/1.blob', changed), SECRETS.passphrase).keyspaces.length
    const offsets = [24, 45, 64, 200, 260, 300, 400, 500_000, 1_048_800, bytes.length - 60, bytes.length - 20]
    const regions = offsets.map((offset): Region => [`byte ${offset}`, offset, offset + 1])
    expect(failuresIn(bytes, read, regions)).toEqual([])
  })
})

describe('files that do not belong together are refused', () => {
  const damaged = expect.objectContaining({ code: 'LDB_CORRUPTION' })
  const golden = readFiles(DATABASE)
  const closed = readFiles('packages/core/test/fixtures/v6/closed')

  test.each([
    ['an older catalog', 'CATALOG', closed.get('CATALOG')],
    ['the tree of another keyspace', 'keyspaces/1/tree.ldb', golden.get('keyspaces/2/tree.ldb')],
    ['no tree', 'keyspaces/1/tree.ldb', undefined],
    ['the log of no database', 'wal/0000000004.wal', readBytes(`${WAL}/closed/0000000001.wal`)],
  ])('%s', (_name, path, bytes) => {
    const files = new Map(golden)
    if (bytes === undefined) files.delete(path)
    else files.set(path, bytes)
    expect(() => describeDatabase(readDatabase(golden), TIMES)).not.toThrow()
    expect(() => readDatabase(files)).toThrow(damaged)
  })
})
