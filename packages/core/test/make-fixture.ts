// Makes the golden databases in fixtures/v6 that are missing: `LDB_WRITE_FIXTURES=1 npx vitest run test/fixtures.test.ts`.
// Never change them for the present format: they show that later versions read what this version wrote. All but `keyspaces` are from before keyspace
// changes were commits.
// The last builds that wrote other formats made fixtures/v1 to v5. This build refuses all of them: the B+trees in them have older formats.
import { readFileSync } from 'node:fs'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { Database } from '../src/index.js'
import { FIXTURE_TIME, filesOf, lastByteOf } from './fixture-files.js'
import type { Files } from './fixture-files.js'

const DIRECTORY = 'data'
const DAY_MS = 86_400_000
const SESSIONS = { keys: 'tuple', values: 'json', ttlMs: DAY_MS } as const
/** Longer values are in blob files: the reader shows them in each form. */
const BLOB_BYTES = 8000
const BLOBS = { keys: 'binary', values: 'binary' } as const

/** Returns the golden databases by name: one that was closed, and the same one later, left open with a torn tail. */
export function makeFixtures(): Map<string, Files> {
  const time = new ManualTime(FIXTURE_TIME)
  const vfs = new MemoryVfs({ seed: 7, clock: time, scheduler: time })
  fill(Database.open(DIRECTORY, { vfs, pageBytes: 4096, blobBytes: BLOB_BYTES }))
  const closed = filesIn(vfs)
  const db = Database.open(DIRECTORY, { vfs, blobBytes: BLOB_BYTES })
  change(db)
  const before = filesIn(vfs)
  db.put('torn', 'this commit is lost: half of its record was not written', { durability: 'periodic' })
  const after = filesIn(vfs)
  db.close()
  return new Map([
    ['v6/closed', closed],
    ['v6/left-open', tearLog(before, after)],
    ['v6/compressed', makeCompressed()],
    ['v6/dictionary', makeEncoded()],
    ['v6/keyspaces', makeKeyspaces()],
  ])
}

/** Returns the files of a database that was left open after a keyspace was dropped: its log and its catalog contain changes of keyspaces. */
function makeKeyspaces(): Files {
  const time = new ManualTime(FIXTURE_TIME)
  const vfs = new MemoryVfs({ seed: 13, clock: time, scheduler: time })
  const db = Database.open(DIRECTORY, { vfs, pageBytes: 4096 })
  db.keyspace('sessions', SESSIONS).put(['kept'], 1)
  db.keyspace('gone', BLOBS).put(new Uint8Array([1]), new Uint8Array([2]))
  db.put('a', '1')
  db.dropKeyspace('gone')
  const files = filesIn(vfs)
  db.close()
  return files
}

/** Returns the files of a database with compressed values, in extents and in blob files. */
function makeCompressed(): Files {
  const time = new ManualTime(FIXTURE_TIME)
  const vfs = new MemoryVfs({ seed: 9, clock: time, scheduler: time })
  const db = Database.open(DIRECTORY, { vfs, pageBytes: 4096, blobBytes: BLOB_BYTES })
  const deflated = db.keyspace('deflated', { compression: 'deflate' })
  const plain = db.keyspace('plain', { compression: 'none' })
  for (let index = 0; index < 8; index += 1) {
    const text = `the value of ${index}, `.repeat(300 + index)
    for (const keyspace of [db, deflated, plain]) {
      keyspace.put(`short-${index}`, 'short')
      keyspace.put(`extent-${index}`, text, { ttlMs: DAY_MS })
    }
    db.put(`blob-${index}`, text.repeat(3))
    deflated.put(`blob-${index}`, text.repeat(2))
  }
  db.close()
  return filesIn(vfs)
}

/** Returns the files of a database with values that are encoded with two dictionaries, which tests train from few values. */
function makeEncoded(): Files {
  const time = new ManualTime(FIXTURE_TIME)
  const vfs = new MemoryVfs({ seed: 11, clock: time, scheduler: time })
  const db = Database.open(DIRECTORY, { vfs, pageBytes: 4096, dictionary: true })
  for (let index = 0; index < 60; index += 1) {
    const city = `{"identifier":${index * 7919},"kind":"city","inhabitants":${index * 104_729},"country":"Norway"}`
    db.put(`a-${String(index).padStart(3, '0')}`, city, index % 9 === 0 ? { ttlMs: DAY_MS } : {})
  }
  for (let index = 0; index < 200; index += 1) {
    db.put(
      `b-${String(index).padStart(3, '0')}`,
      `level=warning request=${index * 31} message="the queue is longer than its limit"`,
    )
  }
  db.put('long', `{"identifier":1,"kind":"city"}`.repeat(100))
  db.put('short', 'short')
  db.close()
  return filesIn(vfs)
}

/** Returns the files of the database without its reserve, whose bytes mean nothing. */
function filesIn(vfs: MemoryVfs): Map<string, Uint8Array> {
  const files = filesOf(vfs, DIRECTORY)
  files.delete('RESERVE')
  return files
}

function fill(db: Database): void {
  const sessions = db.keyspace('sessions', SESSIONS)
  const blobs = db.keyspace('blobs', BLOBS)
  for (let start = 0; start < 240; start += 40) {
    const batch = db.batch()
    for (let index = start; index < start + 40; index += 1) {
      batch.put(cityKey(index), `value ${index} of a city `.repeat(1 + (index % 4)))
    }
    batch.commit()
  }
  for (let index = 0; index < 4; index += 1) db.put(`large-${index}`, `${index}`.repeat(5000 * (index + 1)))
  db.put(`${'long key '.repeat(80)}1`, 'a key in an extent')
  db.put(`${'long key '.repeat(80)}2`, 'x'.repeat(3000))
  db.put('', 'the empty key')
  for (let index = 0; index < 60; index += 1) {
    sessions.put(['user', index, BigInt(index) ** 9n], { name: `user ${index}`, tags: ['a', 'b'] })
  }
  sessions.put([null, false, true, -1.5, -0, Infinity], 'numbers', { ttlMs: Infinity })
  sessions.put([-1n, -(2n ** 70n), 2n ** 70n], ['bigints'])
  sessions.put(['a\u0000b\u0001c', new Date(FIXTURE_TIME), new Uint8Array([0, 1, 2, 255])], [null])
  sessions.put(['nested', [['deep', []], 'end']], { deep: true }, { ttlMs: 1000 })
  blobs.put(new Uint8Array([0]), new Uint8Array([0xff, 0x54, 0x54, 0x4c, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  blobs.put(new Uint8Array([255, 255]), new Uint8Array(2000).fill(0xab))
  blobs.put(new Uint8Array([3]), new Uint8Array(9000).fill(0xcd), { ttlMs: DAY_MS })
  blobs.put(new Uint8Array([1]), new Uint8Array([1]), { ttlMs: DAY_MS })
  blobs.put(new Uint8Array([2]), new Uint8Array([0xff, 0x54, 0x54, 0x4c, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  db.checkpoint()
  db.deleteRange({ gte: cityKey(100), lt: cityKey(140) })
  db.delete('large-1')
  // Replaces the file with the values of large-0 to large-3 by one without that of large-1.
  db.compact()
  db.put('large-2', 'z'.repeat(6000))
  db.batch()
    .put(cityKey(0), 'changed')
    .in(sessions)
    .delete(['user', 3, 3n ** 9n])
    .commit()
  // They have no files: no checkpoint was made since.
  db.keyspace('young').put('a', 'in the log only')
  db.keyspace('empty')
  db.close()
}

function change(db: Database): void {
  const sessions = db.keyspace('sessions', SESSIONS)
  const blobs = db.keyspace('blobs', BLOBS)
  const dropped = db.keyspace('dropped')
  dropped.put('a', '1')
  db.batch().put('both', '1').in(dropped).put('both', '2').commit()
  db.dropKeyspace('dropped')
  db.batch()
    .put('a', 'first')
    .delete(cityKey(1))
    .in(sessions)
    .put(['new'], 5)
    .in(blobs)
    .delete(new Uint8Array([1]))
    .commit()
  db.deleteRange({ gte: cityKey(200), lt: cityKey(210) })
  blobs.clear()
  blobs.put(new Uint8Array([9, 9]), new Uint8Array([7]))
  db.put('large-9', '9'.repeat(20_000))
}

function cityKey(index: number): string {
  return `city-${String(index).padStart(4, '0')}`
}

/** Returns `after` with half of the last record of the log zeroed, without most preallocated zeros, and with a LOCK. */
function tearLog(before: Files, after: Files): Files {
  const torn = new Map(after)
  for (const [path, bytes] of after) {
    if (!path.startsWith('wal/')) continue
    const end = lastByteOf(bytes)
    const oldEnd = lastByteOf(before.get(path) ?? bytes)
    const kept = bytes.slice(0, Math.ceil((end + 512) / 8) * 8)
    if (oldEnd < end) kept.fill(0, Math.floor((oldEnd + end) / 2))
    torn.set(path, kept)
  }
  const document = readFileSync(new URL('../../vfs/FORMAT.md', import.meta.url), 'utf8')
  const lock = /^LDB-LOCK 1\n[^`]*/m.exec(document)?.[0] ?? ''
  return torn.set(
    'LOCK',
    Uint8Array.from(lock, (letter) => letter.charCodeAt(0)),
  )
}
