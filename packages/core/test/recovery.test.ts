// Strategy: the log of a closed database is replaced by one that is made by hand, whole by its checksums and named after the
// right owner, whose records do not fit the stores and the catalog.
// Invariants (R2, R3, R4): what does not fit is LDB_CORRUPTION that tells where and why, and changes nothing; what fits is
// applied where it is missing, and only there.
import { isLdbError, WriteBatch } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { describe, expect, test } from 'vitest'
import { copyAfterKill } from './directory-tree.js'
import { encodeCatalogRecord } from '../src/log/catalog-record.js'
import { encodeCheckpointRecord } from '../src/log/checkpoint-record.js'
import { Database } from '../src/database.js'
import { CATALOG_OFFSET_DATABASE_ID, LogRecordType } from '../src/format.js'

const DIRECTORY = 'data'
/** Keyspace 1 is there from the beginning, 2 since commit 1, 3 was dropped again, 4 never was. */
const NEVER = 4

/** Makes a closed database of three commits, all of them in its stores; its catalog knows of the first. */
function makeDatabase(): MemoryVfs {
  const vfs = new MemoryVfs()
  const db = Database.open(DIRECTORY, { vfs })
  db.put('a', '1')
  const other = db.keyspace('other')
  db.keyspace('gone')
  db.dropKeyspace('gone')
  db.put('b', '2')
  other.put('x', '3')
  db.close()
  return vfs
}

interface HandRecord {
  readonly type: number
  readonly seq: number
  readonly payload: Uint8Array
}

function commit(seq: number, ...keyspaceIds: number[]): HandRecord {
  const batch = new WriteBatch()
  for (const id of keyspaceIds) batch.put(id, Uint8Array.of(0x6b), Uint8Array.of(0x30 + seq))
  return { type: LogRecordType.Commit, seq, payload: batch.encode() }
}

function checkpoint(
  seq: number,
  durableSeqs: Readonly<Record<number, number>>,
  catalogGeneration = 1,
): HandRecord {
  const entries = Object.entries(durableSeqs).map(([id, durable]): [number, number] => [Number(id), durable])
  const payload = encodeCheckpointRecord({ seq, catalogGeneration, durableSeqs: new Map(entries) })
  return { type: LogRecordType.Checkpoint, seq, payload }
}

function catalog(generation: number): HandRecord {
  return { type: LogRecordType.Catalog, seq: 0, payload: encodeCatalogRecord(generation) }
}

/** Puts a log of such records in the place of the one that is there. */
function replaceLog(vfs: MemoryVfs, records: readonly HandRecord[]): void {
  const log = `${DIRECTORY}/wal`
  for (const name of vfs.list(log)) vfs.remove(`${log}/${name}`)
  const ownerId = new Uint8Array(16)
  const catalog = vfs.open(`${DIRECTORY}/CATALOG`, 'read')
  catalog.read(ownerId, 0, 16, CATALOG_OFFSET_DATABASE_ID)
  catalog.close()
  const wal = Wal.open(vfs, log, { create: true, ownerId })
  for (const { type, seq, payload } of records) {
    // A checkpoint may be older than the commits before it.
    wal.append(payload, { type, seq: type === LogRecordType.Commit ? seq : Math.max(seq, wal.lastSeq) })
  }
  wal.close({ clean: true })
}

const FITTING = checkpoint(3, { 1: 2, 2: 3 })
const REFUSED: readonly [string, readonly HandRecord[], string][] = [
  ['a record of an unknown type', [FITTING, { ...commit(4, 1), type: 0 }], 'a type that no version writes'],
  ['no record at all', [], 'has lost its beginning'],
  ['no checkpoint, and the first commit missing', [commit(2, 1), commit(3, 2)], 'has lost its beginning'],
  ['an end before the catalog', [checkpoint(0, {})], 'ends before a commit that the catalog knows'],
  ['an end before a store', [checkpoint(2, {})], 'ends before what keyspace 2 holds'],
  ['a commit left out', [FITTING, commit(5, 1)], 'a commit is missing'],
  ['a commit to a keyspace that never was', [FITTING, commit(4, NEVER)], 'a keyspace that never was'],
  ['a commit to a keyspace without number', [FITTING, commit(4, 0xffff_fffe)], 'a keyspace that never was'],
  ['a commit to a keyspace made later', [commit(1, 2)], 'a keyspace that was made later'],
  ['commits left out before the first', [commit(6, 1), FITTING], 'a commit is missing'],
  [
    'a checkpoint of a newer catalog',
    [checkpoint(3, { 1: 2, 2: 3 }, 99)],
    'the catalog is older than the log',
  ],
  ['a note of a newer catalog', [FITTING, catalog(99), commit(4, 1)], 'the catalog is older than the log'],
  ['a checkpoint out of turn', [FITTING, commit(4, 1), checkpoint(5, {})], 'does not follow its last commit'],
  ['a checkpoint of a keyspace that never was', [checkpoint(3, { [NEVER]: 3 })], 'a keyspace that never was'],
  [
    'a checkpoint that a store has lost',
    [checkpoint(4, { 1: 4, 2: 3 })],
    'keyspace 1 has lost its newest checkpoint',
  ],
]

describe('a log made by hand', () => {
  test.each(REFUSED)('with %s is refused', (_, records, message) => {
    const vfs = makeDatabase()
    replaceLog(vfs, records)
    let refusal: unknown
    try {
      Database.open(DIRECTORY, { vfs }).close()
    } catch (error) {
      refusal = error
    }
    if (!isLdbError(refusal)) throw new Error('the log was taken', { cause: refusal })
    expect(refusal.code).toBe('LDB_CORRUPTION')
    expect(refusal.message).toContain(message)
    expect(refusal.details.file).toContain('wal')
  })

  test('that fits is applied where it is missing, and not to what was dropped', () => {
    const vfs = makeDatabase()
    replaceLog(vfs, [checkpoint(2, { 1: 2, 3: 1 }), commit(3, 1, 2), commit(4, 1, 3), commit(5, 3)])
    const db = Database.open(DIRECTORY, { vfs })
    // Commit 3 was in the store of the other one.
    expect([...db.entries()]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['k', '4'],
    ])
    expect([...db.keyspace('other').entries()]).toEqual([['x', '3']])
    expect(db.verify().findings).toEqual([])
    db.put('c', '6')
    db.close()
  })

  // Commits go on while a checkpoint is made: its record may stand behind commits that it does not hold, and these behind
  // others that it holds not either, in the segment before. The next checkpoint lets that segment go, and may end there.
  test.each([
    ['commits', [commit(3, 2), checkpoint(1, { 1: 1 }), checkpoint(3, { 1: 2, 2: 3 }), commit(4, 1)]],
    ['checkpoints', [checkpoint(1, { 1: 1 }), checkpoint(3, { 1: 2, 2: 3 }), commit(4, 1)]],
  ])('that was cut in part, and begins with %s, is taken by its newest checkpoint', (_, records) => {
    const vfs = makeDatabase()
    replaceLog(vfs, records)
    const db = Database.open(DIRECTORY, { vfs })
    expect([...db.keys()]).toEqual(['a', 'b', 'k'])
    expect(db.stats().seq).toBe(4)
    db.close()
  })
})

describe('a catalog that was lost (R8)', () => {
  const readWhole = (vfs: MemoryVfs, path: string): Uint8Array => {
    const file = vfs.open(path, 'read')
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    return bytes
  }
  const putBack = (vfs: MemoryVfs, path: string, bytes: Uint8Array): void => {
    const file = vfs.open(path, 'write')
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  const CHANGES: readonly [string, (db: Database) => void][] = [
    [
      'entries that expire, whose bytes it could not tell from a value',
      (db): void => {
        db.put('short', 'lived', { ttlMs: 1e9 })
      },
    ],
    [
      'how long entries of a keyspace live',
      (db): void => {
        db.keyspace('other', { ttlMs: 1e9 })
      },
    ],
  ]

  test.each(
    CHANGES.flatMap(([what, change]) => [[what, change, false] as const, [what, change, true] as const]),
  )('is noticed: %s', (_, change, clean) => {
    const vfs = makeDatabase()
    const before = readWhole(vfs, `${DIRECTORY}/CATALOG`)
    const db = Database.open(DIRECTORY, { vfs })
    change(db)
    let left = vfs
    if (clean) db.close()
    else {
      db.sync()
      left = copyAfterKill(vfs, DIRECTORY)
      db.close()
    }
    Database.open(DIRECTORY, { vfs: left, readOnly: true }).close()
    putBack(left, `${DIRECTORY}/CATALOG`, before)
    expect(() => Database.open(DIRECTORY, { vfs: left })).toThrowError('the catalog is older than the log')
  })
})
