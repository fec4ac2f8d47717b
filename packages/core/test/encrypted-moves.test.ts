// Strategy: in the golden encrypted database, every page of each tree is exchanged with the next one and replaced by that of another tree and by that of an
// older checkpoint; tables, blob files and manifests are exchanged; headers of log records say something else, with right checksums.
// Invariants: the database is damaged, or it is as it was because the bytes mean nothing. Never does a read return anything else.
import { concatBytes, isLdbError } from '@ldb/base'
import { SEED_ZERO, seedOfFile, xxHash64 } from '@ldb/integrity'

import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import { hashOf } from './fixture-content.js'
import { filesOf, fileSystemOf, readFixture } from './fixture-files.js'
import type { Files } from './fixture-files.js'
import {
  ENCRYPTED_BACKUPS,
  ENCRYPTED_DATABASE,
  ENCRYPTED_STREAM,
  readSecrets,
} from './make-encrypted-fixture.js'

const PAGE_BYTES = 4096
const FIRST_RECORD_OFFSET = 8192
const { key: KEY, passphrase: PASSPHRASE } = readSecrets()
const files = readFixture(ENCRYPTED_DATABASE)

/** Returns a hash of all entries of a database; the code of the error if it cannot be read. */
function outcomeOf(changed: Files): string {
  const vfs = fileSystemOf(changed, 'data')
  try {
    using db = Database.open('data', { vfs, encryption: PASSPHRASE, workers: 0 })
    const hashes = db.keyspaces().map(({ name, keys, values }) =>
      hashOf(
        db
          .keyspace<unknown, unknown>(name, { keys, values } as never)
          .entries()
          .toArray(),
      ),
    )
    return hashes.join()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

/** Returns the outcomes of databases that are not that of the unchanged one, without duplicates. */
function outcomesOf(
  changes: readonly Files[],
  from: Files = files,
): { readonly codes: string[]; readonly count: number } {
  const unchanged = outcomeOf(from)
  expect(unchanged).toMatch(/^[0-9a-f]{64},/)
  const outcomes = changes.map(outcomeOf).filter((outcome) => outcome !== unchanged)
  return { codes: [...new Set(outcomes)], count: outcomes.length }
}

function fileOf(path: string, from: Files = files): Uint8Array {
  const bytes = from.get(path)
  if (bytes === undefined) throw new Error(`${path} is missing`)
  return Uint8Array.from(bytes)
}

function pageOf(bytes: Uint8Array, page: number): Uint8Array {
  return bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)
}

/** Returns the database with pages of a tree replaced. */
function withPages(
  from: Files,
  path: string,
  pages: readonly (readonly [page: number, bytes: Uint8Array])[],
): Files {
  const bytes = fileOf(path, from)
  for (const [page, content] of pages) bytes.set(content, page * PAGE_BYTES)
  return new Map(from).set(path, bytes)
}

const pagesOf = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length / PAGE_BYTES }, (_, page) => page)

describe('pages of a tree', () => {
  test.each([1, 2, 3])('of keyspace %i are exchanged', (keyspaceId) => {
    const path = `keyspaces/${keyspaceId}/tree.ldb`
    const bytes = fileOf(path)
    const changes = pagesOf(bytes)
      .slice(1)
      .map((page) =>
        withPages(files, path, [
          [page, pageOf(bytes, page - 1)],
          [page - 1, pageOf(bytes, page)],
        ]),
      )
    const { codes, count } = outcomesOf(changes)
    expect(codes).toEqual(['LDB_CORRUPTION'])
    expect(count).toBeGreaterThan(1)
  })

  test('are taken from another tree', () => {
    const path = 'keyspaces/1/tree.ldb'
    const other = fileOf('keyspaces/3/tree.ldb')
    const { codes, count } = outcomesOf(
      pagesOf(other).map((page) => withPages(files, path, [[page, pageOf(other, page)]])),
    )
    expect(codes).toEqual(['LDB_CORRUPTION'])
    expect(count).toBeGreaterThan(1)
  })

  test('are taken from an older checkpoint', async () => {
    const vfs = fileSystemOf(
      new Map([...readFixture(ENCRYPTED_BACKUPS)].filter(([name]) => name.startsWith('1/'))),
      'backups',
    )
    Database.restore('backups', 'older', { vfs, encryption: KEY })
    await Database.restore([fileOf('full.backup', readFixture(ENCRYPTED_STREAM))], 'newer', {
      vfs,
      encryption: PASSPHRASE,
    })
    const newer = filesOf(vfs, 'newer')
    const path = 'keyspaces/1/tree.ldb'
    const older = fileOf(path, filesOf(vfs, 'older'))
    // Not the meta blocks: a whole older checkpoint is refused by the log.
    const changes = pagesOf(older)
      .slice(3)
      .filter((page) => pageOf(older, page).some((byte) => byte !== 0))
      .map((page) => withPages(newer, path, [[page, pageOf(older, page)]]))
    const { codes, count } = outcomesOf(changes, newer)
    expect(codes).toEqual(['LDB_CORRUPTION'])
    expect(count).toBeGreaterThan(0)
  })
})

test('the header of a log record says something else', () => {
  const path = [...files.keys()].find((name) => name.startsWith('wal/')) ?? ''
  const forged = (change: (header: DataView) => void): Files => {
    const bytes = fileOf(path)
    const view = new DataView(bytes.buffer)
    let start = FIRST_RECORD_OFFSET
    const endOf = (at: number): number => at + Math.ceil((32 + view.getUint32(at + 12, true)) / 8) * 8
    while (view.getUint32(endOf(start) + 8, true) !== 0) start = endOf(start)
    const end = start + 32 + view.getUint32(start + 12, true)
    const lsn = Number(view.getBigUint64(64, true)) + start - FIRST_RECORD_OFFSET
    change(new DataView(bytes.buffer, start))
    const seed = seedOfFile(bytes.slice(24, 40))
    const hash = new Int32Array(2)
    xxHash64(bytes, start + 12, start + 32, seed, hash)
    view.setInt32(start + 8, (hash[0] ?? 0) ^ lsn, true)
    xxHash64(bytes, start + 8, end, seed, hash)
    view.setInt32(start, (hash[0] ?? 0) ^ lsn, true)
    view.setInt32(start + 4, hash[1] ?? 0, true)
    return new Map(files).set(path, bytes)
  }
  expect(
    hashOf([
      [
        path,
        fileOf(
          path,
          forged(() => undefined),
        ),
      ],
    ]),
  ).toBe(hashOf([[path, fileOf(path)]]))
  const { codes, count } = outcomesOf([
    forged((header) => {
      header.setUint8(28, 0)
    }),
    forged((header) => {
      header.setUint8(28, 6)
    }),
    forged((header) => {
      header.setUint8(16, header.getUint8(16) + 1)
    }),
  ])
  expect(codes).toEqual(['LDB_CORRUPTION'])
  expect(count).toBe(3)
})

test('tables, blob files, manifests, catalogs and key files are exchanged or say something else', () => {
  const vfs = fileSystemOf(readFixture(ENCRYPTED_BACKUPS), 'backups')
  Database.restore('backups', 'other', { vfs, encryption: PASSPHRASE })
  const other = filesOf(vfs, 'other')
  const exchanged = (one: string, two: string): Files =>
    new Map(files).set(one, fileOf(two)).set(two, fileOf(one))
  const renumbered = fileOf('blobs/2.blob')
  renumbered[40] = 1
  const hash = new Int32Array(2)
  xxHash64(renumbered, 0, 56, SEED_ZERO, hash)
  renumbered.set(new Uint8Array(hash.buffer), 56)
  // Of the clear prefix: generation, newest commit, next keyspace, number of keyspaces.
  const catalogs = [56, 64, 72, 76].map((offset) => {
    const catalog = fileOf('CATALOG')
    catalog[offset]! ^= 1
    xxHash64(catalog, 32, catalog.length, SEED_ZERO, hash)
    catalog.set(new Uint8Array(hash.buffer), 24)
    return new Map(files).set('CATALOG', catalog).set('CATALOG.copy', catalog)
  })
  const slot = fileOf('KEYS').subarray(0, 8192)
  // Generation, current data key, commitment of an entry, a data key.
  const keyFiles = [40, 56, 160, 240].map((offset) => {
    const changed = Uint8Array.from(slot)
    changed[offset]! ^= 2
    xxHash64(changed, 0, 8184, SEED_ZERO, hash)
    changed.set(new Uint8Array(hash.buffer), 8184)
    return new Map(files).set('KEYS', concatBytes(changed, changed))
  })
  const changes: readonly Files[] = [
    exchanged('keyspaces/4/0000000002.sst', 'keyspaces/4/0000000003.sst'),
    exchanged('blobs/1.blob', 'blobs/2.blob'),
    new Map(files).set('blobs/1.blob', renumbered),
    new Map(files).set('blobs/1.blob', fileOf('blobs/1.blob', other)),
    new Map(files).set('keyspaces/4/MANIFEST', fileOf('keyspaces/4/MANIFEST', other)),
    ...catalogs,
    ...keyFiles,
    new Map(files).set('CATALOG', fileOf('CATALOG', other)).set('CATALOG.copy', fileOf('CATALOG', other)),
    new Map(files).set('KEYS', fileOf('KEYS', other)),
  ]
  const { codes, count } = outcomesOf(changes)
  expect(codes).toEqual(['LDB_CORRUPTION'])
  expect(count).toBe(changes.length)
})
