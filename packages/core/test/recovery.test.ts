// Strategy: the log of a closed database is replaced by a constructed one, with valid checksums and the right owner, whose records may
// be inconsistent with the stores and the catalog.
// Invariants (R2, R3, R4): an inconsistent log is LDB_CORRUPTION with its position and reason, and changes nothing; a consistent log is
// applied to the stores that lack its commits, and only to them.
import { isLdbError, NO_SEGMENT_ID, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs, SeededRandom } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { describe, expect, test } from 'vitest'
import { copyAfterKill } from './directory-tree.js'
import type { Catalog } from '../src/catalog/catalog.js'
import { readCatalog } from '../src/catalog/file.js'
import { encodeCatalogRecord } from '../src/log/catalog-record.js'
import { encodeCheckpointRecord } from '../src/log/checkpoint-record.js'
import { Database } from '../src/database.js'
import { LogRecordType } from '../src/format.js'

const DIRECTORY = 'data'
/** Keyspace 1 exists from the beginning, 2 since commit 2, 3 since commit 3 until commit 4, and 4 never existed. */
const NEVER = 4

/** Random bytes, of which the next ones can be chosen. */
class ChosenRandom extends SeededRandom {
  next: Uint8Array | undefined

  override fill(target: Uint8Array): Uint8Array {
    if (this.next === undefined) return super.fill(target)
    target.set(this.next)
    this.next = undefined
    return target
  }
}

/** Creates and closes a database of six commits, which its stores contain; the fourth was the last that wrote its catalog. */
function makeDatabase(): MemoryVfs {
  const vfs = new MemoryVfs({ random: new ChosenRandom(1) })
  const db = Database.open(DIRECTORY, { vfs })
  db.put('a', '1')
  const other = db.keyspace('other')
  db.keyspace('gone')
  db.dropKeyspace('gone')
  db.put('b', '2')
  other.put('x', '3')
  db.checkpoint()
  db.close()
  return vfs
}

interface ConstructedRecord {
  readonly type: number
  readonly seq: number
  readonly payload: (found: FoundFiles) => Uint8Array
}

/** What identifies the history of the files that the log is constructed for. */
interface FoundFiles {
  readonly catalog: Catalog
  /** Of both stores. */
  readonly segmentId: Uint8Array
}

function commit(seq: number, ...keyspaceIds: number[]): ConstructedRecord {
  const batch = new WriteBatch()
  for (const id of keyspaceIds) batch.put(id, Uint8Array.of(0x6b), Uint8Array.of(0x30 + seq))
  return { type: LogRecordType.Commit, seq, payload: () => batch.encode().slice() }
}

function checkpoint(
  seq: number,
  durableSeqs: Readonly<Record<number, number>>,
  generation?: number,
): ConstructedRecord {
  const payload = ({ catalog: found, segmentId }: FoundFiles): Uint8Array => {
    const stores = new Map(
      Object.entries(durableSeqs).map(([id, durableSeq]) => [Number(id), { durableSeq, segmentId }]),
    )
    return encodeCheckpointRecord({ seq, catalog: versionOf(found, generation), stores })
  }
  return { type: LogRecordType.Checkpoint, seq, payload }
}

/** Returns the version of a catalog, or another one when a generation is given. */
function versionOf(found: Catalog, generation: number = found.generation): Catalog {
  return generation === found.generation ? found : { ...found, generation, logSegmentId: NO_SEGMENT_ID }
}

function catalog(generation: number): ConstructedRecord {
  return {
    type: LogRecordType.Catalog,
    seq: 0,
    payload: ({ catalog: found }) => encodeCatalogRecord(versionOf(found, generation)),
  }
}

/** Replaces the log by one of the history of the stores: its segment has the id that they recorded. */
function replaceLog(vfs: MemoryVfs, records: readonly ConstructedRecord[]): void {
  const log = `${DIRECTORY}/wal`
  for (const name of vfs.list(log)) vfs.remove(`${log}/${name}`)
  const found = readCatalog(vfs, DIRECTORY)
  const store = BTree.open(vfs, `${DIRECTORY}/keyspaces/1/tree.ldb`, { create: false })
  const segmentId = store.durableSegmentId
  store.close()
  if (vfs.random instanceof ChosenRandom) vfs.random.next = segmentId
  const wal = Wal.open(vfs, log, { create: true, ownerId: found.databaseId })
  for (const { type, seq, payload } of records) {
    // A checkpoint may be older than the commits before it.
    wal.append(payload({ catalog: found, segmentId }), {
      type,
      seq: type === LogRecordType.Commit || type === LogRecordType.Load ? seq : Math.max(seq, wal.lastSeq),
    })
  }
  // After a clean close, the newest checkpoint record names the checkpoint of every store.
  wal.sync()
  wal.close({ clean: false })
}

const CONSISTENT = checkpoint(6, { 1: 5, 2: 6 })
const TREE = 'keyspaces/1/tree.ldb'
const REFUSED: readonly [
  what: string,
  records: readonly ConstructedRecord[],
  message: string,
  file?: string,
][] = [
  [
    'a load after a gap',
    [CONSISTENT, commit(7, 1), { ...commit(9, 1), type: LogRecordType.Load }],
    'a commit is missing in the log',
  ],
  ['no record', [], 'the beginning of the log is missing'],
  [
    'no checkpoint, and the first commit missing',
    [commit(5, 1), commit(6, 2)],
    'the beginning of the log is missing',
  ],
  ['an end before the catalog', [checkpoint(0, {})], 'ends before the commit number of the catalog'],
  [
    'an end before a store',
    [checkpoint(5, {})],
    'ends before the newest commit of keyspace 2',
    'keyspaces/2/tree.ldb',
  ],
  ['a missing commit', [CONSISTENT, commit(7, 1), commit(9, 1)], 'a commit is missing in the log'],
  [
    'a missing commit after its checkpoint',
    [CONSISTENT, commit(8, 1)],
    'a commit after the newest checkpoint is missing',
  ],
  [
    'a commit to a keyspace that never existed',
    [CONSISTENT, commit(7, NEVER)],
    'a keyspace that never existed',
  ],
  [
    'a commit to an unassigned keyspace number',
    [CONSISTENT, commit(7, 0xffff_fffe)],
    'a keyspace that never existed',
  ],
  ['a commit to a keyspace that was created later', [commit(1, 2)], 'a keyspace that was created later'],
  [
    'missing commits before the first',
    [commit(9, 1), CONSISTENT],
    'a commit after the newest checkpoint is missing',
  ],
  [
    'a checkpoint of a newer catalog',
    [checkpoint(6, { 1: 5, 2: 6 }, 99)],
    'the catalog is older than the log',
    'CATALOG',
  ],
  [
    'a catalog record of a newer catalog',
    [CONSISTENT, catalog(99), commit(7, 1)],
    'the catalog is older than the log',
    'CATALOG',
  ],
  [
    'a checkpoint before its last commit',
    [CONSISTENT, commit(7, 1), checkpoint(8, {})],
    'precedes its last commit',
  ],
  [
    'a checkpoint of a keyspace that never existed',
    [checkpoint(6, { [NEVER]: 6 })],
    'a keyspace that never existed',
  ],
  [
    'a checkpoint that a store has lost',
    [checkpoint(7, { 1: 7, 2: 6 })],
    'keyspace 1 has lost its newest checkpoint',
    TREE,
  ],
]

describe('a constructed log', () => {
  test.each(REFUSED)('with %s is refused', (_, records, message, file = 'wal') => {
    const vfs = makeDatabase()
    replaceLog(vfs, records)
    let refusal: unknown
    try {
      Database.open(DIRECTORY, { vfs }).close()
    } catch (error) {
      refusal = error
    }
    if (!isLdbError(refusal)) throw new Error('the log was accepted', { cause: refusal })
    expect(refusal.code).toBe('LDB_CORRUPTION')
    expect(refusal.message).toContain(message)
    expect(refusal.details.file).toBe(`${DIRECTORY}/${file}`)
  })

  test('that is consistent is applied to the stores that lack it, and not to dropped keyspaces', () => {
    const vfs = makeDatabase()
    replaceLog(vfs, [checkpoint(5, { 1: 5, 3: 1 }), commit(6, 1, 2), commit(7, 1, 3), commit(8, 3)])
    const db = Database.open(DIRECTORY, { vfs })
    // The store of keyspace 2 contained commit 6.
    expect([...db.entries()]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['k', '7'],
    ])
    expect([...db.keyspace('other').entries()]).toEqual([['x', '3']])
    expect(db.verify().findings).toEqual([])
    db.put('c', '9')
    db.close()
  })

  // Commits continue while a checkpoint is written, so its record may follow commits that it does not contain, some of them in
  // the segment before. The next checkpoint deletes that segment, and may crash before it deletes the next one.
  test.each([
    ['commits', [commit(6, 2), checkpoint(1, { 1: 1 }), checkpoint(6, { 1: 5, 2: 6 }), commit(7, 1)]],
    ['checkpoints', [checkpoint(1, { 1: 1 }), checkpoint(6, { 1: 5, 2: 6 }), commit(7, 1)]],
  ])(
    'whose truncation was interrupted, and that begins with %s, is replayed from its newest checkpoint',
    (_, records) => {
      const vfs = makeDatabase()
      replaceLog(vfs, records)
      const db = Database.open(DIRECTORY, { vfs })
      expect([...db.keys()]).toEqual(['a', 'b', 'k'])
      expect(db.stats().seq).toBe(7)
      db.close()
    },
  )
})

describe('a catalog that was lost (R8)', () => {
  const readWhole = (vfs: MemoryVfs, path: string): Uint8Array => {
    const file = vfs.open(path, 'read')
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    return bytes
  }
  const restore = (vfs: MemoryVfs, path: string, bytes: Uint8Array): void => {
    const file = vfs.open(path, 'write')
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  const CHANGES: readonly [string, (db: Database) => void][] = [
    [
      'the flag of entries that expire',
      (db): void => {
        db.put('short', 'lived', { ttlMs: 1e9 })
      },
    ],
    [
      'the default time to live of a keyspace',
      (db): void => {
        db.keyspace('other', { ttlMs: 1e9 })
      },
    ],
  ]

  test.each(
    CHANGES.flatMap(([what, change]) => [[what, change, false] as const, [what, change, true] as const]),
  )('is detected: %s', (_, change, clean) => {
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
    restore(left, `${DIRECTORY}/CATALOG`, before)
    expect(() => Database.open(DIRECTORY, { vfs: left })).toThrowError('the catalog is older than the log')
  })
})
