// Golden databases. tooling/formats reads the same files with a reader that shares no code with the engine, and wrote expected.json.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { BTree } from '@ldb/btree'
import { Wal } from '@ldb/wal'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import { hashOf } from './fixture-content.js'
import { filesOf, fileSystemOf, FIXTURE_TIME, readFixture, writeFixture } from './fixture-files.js'
import { makeFixtures } from './make-fixture.js'

interface ExpectedTree {
  readonly fileId: string
  readonly pageBytes: number
  readonly durableSeq: number
  readonly depth: number
  readonly entries: number
  readonly pages: Readonly<
    Record<
      'meta' | 'metaCopy' | 'branch' | 'leaf' | 'extent' | 'freeSpace' | 'freeSpaceMirror' | 'free',
      number
    >
  >
}

interface ExpectedKeyspace {
  readonly keyspaceId: number
  readonly name: string
  readonly keyEncoding: 'utf8' | 'tuple' | 'binary'
  readonly valueEncoding: 'utf8' | 'json' | 'binary'
  readonly mayExpire: boolean
  /** Absent in the expectations of older formats. */
  readonly hasBlobs?: boolean
  readonly hasDictionary?: boolean
  /** Number of the compression; absent for none. */
  readonly compression?: number
  readonly createdSeq: number
  readonly ttlMs: number
  /** Absent when the keyspace has no file. */
  readonly tree?: ExpectedTree
  readonly entriesAt: Readonly<Record<string, number>>
  readonly sha256: string
}

interface Expected {
  readonly pageBytes: number
  readonly seq: number
  readonly log: {
    readonly segments: readonly { readonly segmentNumber: number }[]
    readonly isClosed: boolean
    readonly startLsn: number
    readonly endLsn: number
    readonly lastSeq: number
    readonly records: Readonly<Record<string, number>>
  }
  readonly keyspaces: readonly ExpectedKeyspace[]
}

/** Names in reports of the records that a database logs, by type. */
const RECORD_KINDS = {
  0: 'load-record',
  1: 'commit-record',
  2: 'checkpoint-record',
  3: 'catalog-record',
  6: 'blob-commit-record',
  7: 'keyspace-record',
}

if (process.env['LDB_WRITE_FIXTURES'] === '1') {
  for (const [name, files] of makeFixtures()) {
    if (!existsSync(new URL(`fixtures/${name}`, import.meta.url))) writeFixture(name, files)
  }
}

const EXPECTED = ['v6'].flatMap((version) => {
  const file = new URL(`fixtures/${version}/expected.json`, import.meta.url)
  const databases = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Expected>
  return Object.entries(databases).map(([name, expected]) => [`${version}/${name}`, expected] as const)
})

describe.each(EXPECTED)('golden database %s', (name, expected) => {
  const files = readFixture(name)

  test('its log has the expected records', () => {
    const vfs = fileSystemOf(files, 'data')
    const wal = Wal.open(vfs, 'data/wal', { create: false })
    const { isClosed, startLsn, endLsn, lastSeq, records } = expected.log
    const counts: Record<string, number> = {}
    const reader = wal.read(wal.firstLsn)
    while (reader.next()) counts[reader.type] = (counts[reader.type] ?? 0) + 1
    reader.close()
    expect(counts).toEqual(records)
    expect([wal.openedClean, wal.firstLsn, wal.endLsn, wal.lastSeq]).toEqual([
      isClosed,
      startLsn,
      endLsn,
      lastSeq,
    ])
    wal.close()
  })

  test.each(
    expected.keyspaces.flatMap(({ name: keyspace, keyspaceId, tree }) =>
      tree === undefined ? [] : ([[keyspace, { keyspaceId, tree }]] as const),
    ),
  )('the tree of keyspace %s has the expected pages', (_name, { keyspaceId, tree: expectedTree }) => {
    const vfs = fileSystemOf(files, 'data')
    const { pageBytes, pages } = expectedTree
    const tree = BTree.open(vfs, `data/keyspaces/${keyspaceId}/tree.ldb`, { create: false, pageBytes })
    const totals = { units: 0, entries: 0 }
    const bytes: Partial<Record<string, number>> = {}
    tree.verify({
      finding: (finding) => expect.fail(finding.message),
      progress: ({ units, entries, amounts = [] }) => {
        totals.units += units
        totals.entries += entries
        for (const amount of amounts) bytes[amount.kind] = (bytes[amount.kind] ?? 0) + amount.bytes
      },
      shape: (shape) => {
        expect(shape).toMatchObject({ kind: 'tree', pageBytes, depth: expectedTree.depth })
      },
    })
    const { freeSpace, freeSpaceMirror, metaCopy, ...others } = pages
    const named = {
      ...others,
      'free-space': freeSpace,
      'free-space-mirror': freeSpaceMirror,
      'meta-copy': metaCopy,
    }
    for (const [kind, count] of Object.entries(named)) {
      expect(bytes[kind] ?? 0, kind).toBe(count * pageBytes)
    }
    const reachable = pages.branch + pages.leaf + pages.extent + freeSpace + freeSpaceMirror
    const stats = tree.stats()
    expect(Buffer.from(tree.identity.fileId).toString('hex')).toBe(expectedTree.fileId)
    expect(tree.durableSeq).toBe(expectedTree.durableSeq)
    expect(stats.entryCount).toBe(expectedTree.entries)
    expect(stats.depth).toBe(expectedTree.depth)
    expect(stats.fileBytes).toBe((pages.meta + metaCopy + reachable + pages.free) * pageBytes)
    expect(stats.liveBytes).toBe((pages.meta + metaCopy + reachable) * pageBytes)
    expect(totals).toEqual({ units: reachable, entries: expectedTree.entries })
    tree.close()
  })

  test('the engine reads the expected entries', () => {
    for (const time of Object.keys(expected.keyspaces[0]?.entriesAt ?? {})) {
      using db = Database.open('data', { vfs: fileSystemOf(files, 'data', Number(time)) })
      expect(db.seq).toBe(expected.seq)
      expect(db.verify()).toMatchObject({ ok: true, findings: [] })
      const { units } = Database.verify('data', { vfs: fileSystemOf(files, 'data', Number(time)) })
      for (const [type, kind] of Object.entries(RECORD_KINDS)) {
        const counted = units.find((each) => each.kind === kind)?.count ?? 0
        expect(counted, kind).toBe(expected.log.records[type] ?? 0)
      }
      for (const keyspace of expected.keyspaces) {
        const { keyEncoding: keys, valueEncoding: values } = keyspace
        const entries = db
          .keyspace<unknown, unknown>(keyspace.name, { keys, values } as never)
          .entries()
          .toArray()
        expect(entries, keyspace.name).toHaveLength(keyspace.entriesAt[time] ?? -1)
        if (Number(time) === FIXTURE_TIME) expect(hashOf(entries), keyspace.name).toBe(keyspace.sha256)
      }
    }
  })

  test('the engine reads the expected keyspaces', () => {
    using db = Database.open('data', { vfs: fileSystemOf(files, 'data'), readOnly: true })
    const descriptors = expected.keyspaces.map((keyspace) => ({
      id: keyspace.keyspaceId,
      name: keyspace.name,
      engine: 'btree',
      compression: ['none', 'deflate', 'lz4'][keyspace.compression ?? 0],
      keys: keyspace.keyEncoding,
      values: keyspace.valueEncoding,
      createdSeq: keyspace.createdSeq,
      ...(keyspace.mayExpire ? { expires: true } : {}),
      ...(keyspace.hasBlobs === true ? { blobs: true } : {}),
      ...(keyspace.hasDictionary === true ? { dictionary: true } : {}),
      ...(keyspace.ttlMs === 0 ? {} : { ttlMs: keyspace.ttlMs }),
    }))
    expect(db.keyspaces()).toEqual(descriptors)
  })

  test('the engine writes to it, and opens it again', () => {
    const vfs = fileSystemOf(files, 'data')
    const first = Database.open('data', { vfs })
    first.put('later', 'value')
    first.checkpoint()
    first.close()
    using db = Database.open('data', { vfs })
    expect(db.get('later')).toBe('value')
    expect(db.seq).toBe(expected.seq + 1)
    expect(db.verify().ok).toBe(true)
  })
})

test.each(['v1', 'v2'])('a database of format %s is refused before a byte is written', (version) => {
  const files = readFixture(`${version}/closed`)
  const vfs = fileSystemOf(files, 'data')
  for (const readOnly of [false, true]) {
    expect(() => Database.open('data', { vfs, readOnly })).toThrow(
      expect.objectContaining({ code: 'LDB_FORMAT' }),
    )
  }
  const left = filesOf(vfs, 'data')
  left.delete('LOCK')
  expect(hashesOf(left)).toEqual(hashesOf(files))
})

test.each(['v3', 'v4', 'v5'])(
  'the trees of a database of %s are refused before a byte is written',
  (version) => {
    const files = readFixture(`${version}/closed`)
    const vfs = fileSystemOf(files, 'data')
    for (const readOnly of [false, true]) {
      expect(() => {
        using db = Database.open('data', { vfs, readOnly })
        db.get('key')
      }).toThrow(expect.objectContaining({ code: 'LDB_FORMAT' }))
    }
    const left = filesOf(vfs, 'data')
    left.delete('LOCK')
    expect(hashesOf(left)).toEqual(hashesOf(files))
  },
)

function hashesOf(files: ReadonlyMap<string, Uint8Array>): [string, string][] {
  return [...files].map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')])
}
