// Strategy: intact units of the golden encrypted files are put in other places: pages and records are exchanged, taken from another file or from an older
// backup, and their plain headers are changed, with the checksums outside of units computed anew.
// Invariants: the reader refuses every unit in another place; nothing of the database is in its files in clear.
import { expect, test } from 'vitest'
import { commitCipher, readCommits } from '../src/backup/commits.js'
import { readArchive } from '../src/backup/archive.js'
import { keysOfBackup, readBackup, readSeries } from '../src/backup/series.js'
import { readBackupFile, readStream } from '../src/backup/stream.js'
import type { StoredBackup } from '../src/backup/stream.js'
import { concatBytes } from '../src/bytes/byte-view.js'
import { seedOfFile } from '../src/bytes/file-header.js'
import { xxHash64 } from '../src/bytes/xx-hash64.js'
import { readCatalog } from '../src/database/catalog.js'
import { readDatabase } from '../src/database/database.js'
import { filesBelow } from '../src/database/stores.js'
import { asciiOf } from '../src/encryption/data-keys.js'
import { readKeyFile } from '../src/encryption/key-file.js'
import { readLog } from '../src/log/log.js'
import { readTree } from '../src/tree/tree.js'
import { ENCRYPTED, readEncryptedKeys, readFiles, SECRETS } from './golden-files.js'

const PAGE_BYTES = 4096
const files = readFiles(ENCRYPTED)
const backups = readFiles(`${ENCRYPTED}-backup`)
const keys = readEncryptedKeys()
const damaged = expect.objectContaining({ code: 'LDB_CORRUPTION' })

function fileOf(path: string): Uint8Array {
  const bytes = files.get(path)
  expect(bytes, path).toBeDefined()
  return bytes ?? new Uint8Array()
}

/** Returns bytes with others from an offset on. */
function withBytes(bytes: Uint8Array, offset: number, others: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, offset), others, bytes.subarray(offset + others.length))
}

function pageOf(bytes: Uint8Array, page: number): Uint8Array {
  return bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)
}

/** Returns bytes with a checksum in place of the 8 bytes at an offset. */
function withChecksum(bytes: Uint8Array, offset: number, checksum: bigint): Uint8Array {
  const field = new Uint8Array(8)
  new DataView(field.buffer).setBigUint64(0, checksum, true)
  return withBytes(bytes, offset, field)
}

function treeOf(chain: readonly StoredBackup[], keyspaceId: number): Uint8Array {
  const file = chain[0]?.manifest.files.find((each) => each.role === 3 && each.keyspaceId === keyspaceId)
  return file === undefined ? new Uint8Array() : readBackupFile(chain, file)
}

const livePages = (bytes: Uint8Array): number[] => Object.values(readTree(bytes, keys).pageNumbers).flat()

test.each([1, 2, 3])('two pages of the tree of keyspace %i are exchanged', (keyspaceId) => {
  const bytes = fileOf(`keyspaces/${keyspaceId}/tree.ldb`)
  const pages = livePages(bytes)
  expect(pages.length).toBeGreaterThan(2)
  for (const [index, page] of pages.slice(1).entries()) {
    const other = pages[index] ?? 0
    const changed = withBytes(bytes, page * PAGE_BYTES, pageOf(bytes, other))
    const swapped = withBytes(changed, other * PAGE_BYTES, pageOf(bytes, page))
    expect(() => readTree(swapped, keys), `${page} and ${other}`).toThrow(damaged)
  }
})

test('a page is taken from another tree of the database', () => {
  const bytes = fileOf('keyspaces/1/tree.ldb')
  const other = fileOf('keyspaces/3/tree.ldb')
  const pages = livePages(bytes).filter((page) => livePages(other).includes(page))
  expect(pages.length).toBeGreaterThan(1)
  for (const page of pages) {
    const changed = withBytes(bytes, page * PAGE_BYTES, pageOf(other, page))
    expect(() => readTree(changed, keys), `page ${page}`).toThrow(damaged)
  }
})

test('a page is taken from an older checkpoint of the same tree', () => {
  const older = readSeries(backups, 1)
  const newer = [readStream(readFiles(`${ENCRYPTED}-stream`).get('full.backup') ?? new Uint8Array())]
  const both = keysOfBackup(newer, SECRETS.passphrase)
  for (const keyspaceId of [1, 3]) {
    const [before, after] = [treeOf(older, keyspaceId), treeOf(newer, keyspaceId)]
    const reused = Object.values(readTree(after, both).pageNumbers)
      .flat()
      .filter((page) => Buffer.compare(pageOf(before, page), pageOf(after, page)) !== 0)
      .filter((page) => pageOf(before, page).some((byte) => byte !== 0))
    for (const page of reused) {
      const changed = withBytes(after, page * PAGE_BYTES, pageOf(before, page))
      expect(() => readTree(changed, both), `page ${page}`).toThrow(damaged)
    }
    if (keyspaceId === 1) expect(reused.length).toBeGreaterThan(0)
  }
})

/** Returns the newest log with the header of its last record changed, and its checks computed anew. */
function forgedLog(change: (header: DataView) => void): Map<string, Uint8Array> {
  const log = filesBelow(files, 'wal/')
  const { segments, records } = readLog(log, undefined, keys)
  const [segment, record] = [segments.at(-1), records.at(-1)]
  if (segment === undefined || record === undefined) throw new Error('the log has no record')
  const start = 8192 + record.lsn - segment.baseLsn
  const stored = Uint8Array.from(segment.view.slice(start, start + 32 + record.storedBytes))
  const header = new DataView(stored.buffer)
  change(header)
  const check = xxHash64(stored.subarray(12, 32), segment.seed) ^ BigInt(record.lsn)
  header.setUint32(8, Number(check & 0xffff_ffffn), true)
  header.setBigUint64(0, xxHash64(stored.subarray(8), segment.seed) ^ BigInt(record.lsn), true)
  const name = `${String(segment.segmentNumber).padStart(10, '0')}.wal`
  return new Map(log).set(name, withBytes(segment.view.bytes, start, stored))
}

test('the header of a log record says something else', () => {
  const unchanged = forgedLog(() => undefined)
  expect(readLog(unchanged, undefined, keys)).toMatchObject({ lastSeq: 430 })
  const forged = [
    forgedLog((header) => {
      header.setUint8(28, 0)
    }),
    forgedLog((header) => {
      header.setUint8(28, 6)
    }),
    forgedLog((header) => {
      header.setUint8(16, header.getUint8(16) + 1)
    }),
  ]
  for (const log of forged) expect(() => readLog(log, undefined, keys)).toThrow(damaged)
})

test('the files of a log, of a blob file, of an LSM tree and of a key are exchanged', () => {
  const read = (changes: readonly (readonly [path: string, bytes: Uint8Array])[]): unknown =>
    readDatabase(new Map([...files, ...changes]), SECRETS.passphrase)
  const chain = readSeries(backups, 3)
  const { manifest } = chain[0] as StoredBackup
  const copyOf = (role: number, number = 0, keyspaceId = 0): Uint8Array => {
    const file = manifest.files.find(
      (each) => each.role === role && each.number === number && each.keyspaceId === keyspaceId,
    )
    return file === undefined ? new Uint8Array() : readBackupFile(chain, file)
  }
  const tables = ['keyspaces/4/0000000002.sst', 'keyspaces/4/0000000003.sst'] as const
  const blobs = ['blobs/1.blob', 'blobs/2.blob'] as const
  const blob = fileOf(blobs[1])
  // The same number: that of the header is plain, and its checksum is computed anew.
  const renumbered = withBytes(blob, 40, Uint8Array.of(1))
  const numbered = withChecksum(renumbered, 56, xxHash64(renumbered.subarray(0, 56), 0n))
  expect(() => read([])).not.toThrow()
  const exchanges: readonly (readonly (readonly [string, Uint8Array])[])[] = [
    [
      [tables[0], fileOf(tables[1])],
      [tables[1], fileOf(tables[0])],
    ],
    [
      [blobs[0], fileOf(blobs[1])],
      [blobs[1], fileOf(blobs[0])],
    ],
    [[blobs[0], numbered]],
    [[blobs[0], copyOf(4, 1)]],
    [['keyspaces/4/MANIFEST', copyOf(3, 0, 4)]],
    [['CATALOG', copyOf(1)]],
    [['KEYS', copyOf(5)]],
  ]
  for (const [index, changes] of exchanges.entries()) {
    expect(() => read(changes), `exchange ${index}`).toThrow(damaged)
  }
})

test('the clear prefix of the catalog says something else', () => {
  const catalog = fileOf('CATALOG')
  const forged = (offset: number): Uint8Array => {
    const changed = withBytes(catalog, offset, Uint8Array.of((catalog[offset] ?? 0) ^ 1))
    return withChecksum(changed, 24, xxHash64(changed.subarray(32), 0n))
  }
  // Id, generation, newest commit, next keyspace, number of keyspaces.
  for (const offset of [40, 56, 64, 72, 76]) {
    expect(() => readCatalog(forged(offset), keys), `offset ${offset}`).toThrow(damaged)
  }
})

test('the key file says something else', () => {
  const slot = fileOf('KEYS').subarray(0, 8192)
  const forged = (offset: number): Uint8Array => {
    const changed = withBytes(slot, offset, Uint8Array.of((slot[offset] ?? 0) ^ 2))
    const summed = withChecksum(changed, 8184, xxHash64(changed.subarray(0, 8184), 0n))
    return concatBytes(summed, summed)
  }
  // Generation, current data key, nonce, id and commitment of an entry, a data key, a byte behind them.
  for (const offset of [40, 56, 128, 152, 160, 240, 400]) {
    expect(() => readKeyFile(forged(offset), SECRETS.passphrase), `offset ${offset}`).toThrow(damaged)
  }
  // Id of the database, salt, check of the master key.
  const refused = expect.objectContaining({ code: 'LDB_KEY' })
  for (const offset of [24, 64, 96]) {
    expect(() => readKeyFile(forged(offset), SECRETS.passphrase), `offset ${offset}`).toThrow(refused)
  }
  expect(() => readKeyFile(slot, SECRETS.key)).toThrow(refused)
  expect(() => readKeyFile(slot, { passphrase: 'other' })).toThrow(refused)
  expect(() => readDatabase(files)).toThrow(refused)
})

test('a commit of a backup has another number, another type or another branch', () => {
  const chain = readSeries(backups, 3)
  const backupKeys = keysOfBackup(chain, SECRETS.passphrase)
  const { manifest } = chain[0] as StoredBackup
  const file = manifest.files.find(({ role }) => role === 2)
  if (file === undefined) throw new Error('the backup has no commits')
  const bytes = readBackupFile(chain, file)
  const branch = new Uint8Array(16)
  const commits = readCommits(bytes, file.number, commitCipher(backupKeys, branch))
  expect(commits.map(({ type }) => type)).toEqual([1, 6, 1, 1])
  const cipher = commitCipher(backupKeys, branch)
  for (const type of [0, 6]) {
    expect(() => readCommits(withBytes(bytes, 4, Uint8Array.of(type)), file.number, cipher)).toThrow(damaged)
  }
  const others = Uint8Array.from(bytes)
  const view = new DataView(others.buffer)
  for (let at = 0; at < others.length; at += 16 + view.getUint32(at, true)) {
    view.setBigUint64(at + 8, view.getBigUint64(at + 8, true) + 1n, true)
  }
  expect(() => readCommits(others, file.number + 1, cipher)).toThrow(damaged)
  const otherBranch = commitCipher(backupKeys, branch.fill(1))
  expect(() => readCommits(bytes, file.number, otherBranch)).toThrow(damaged)
  expect(readBackup(chain, backupKeys).seq).toBe(file.number + 4)
})

test('a frame of an archive has another number or another type', () => {
  const archives = readFiles(`${ENCRYPTED}-archive`)
  const [{ manifest }] = readSeries(backups, 1) as [StoredBackup]
  const branch = filesBelow(archives, `${manifest.databaseId}-${manifest.branchId}/`)
  const archiveKeys = readKeyFile(branch.get('KEYS') ?? new Uint8Array(), SECRETS.passphrase)
  const name = '0000000000000001.archive'
  const bytes = branch.get(name) ?? new Uint8Array()
  const read = (changed: Uint8Array): unknown =>
    readArchive(new Map(branch).set(name, changed), manifest.databaseId, manifest.branchId, archiveKeys)
  const end = 88 + 32 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(88 + 24, true)
  for (const [field, value] of [
    [16, 1],
    [28, 4],
  ] as const) {
    const changed = withBytes(bytes, 88 + field, Uint8Array.of(value))
    const forged = withChecksum(
      changed,
      88,
      xxHash64(changed.subarray(96, end), seedOfFile(bytes.subarray(32, 48))),
    )
    expect(() => read(forged), `field ${field}`).toThrow(damaged)
  }
  expect(() => read(bytes)).not.toThrow()
})

test('no key, value, name or secret is in any encrypted file', () => {
  const canary = Buffer.from('canary-7c6b5a49')
  const content = readDatabase(files, SECRETS.passphrase)
  const marks: Uint8Array[] = [
    canary,
    SECRETS.key.key,
    asciiOf(SECRETS.passphrase.passphrase.normalize('NFKC')),
  ]
  for (const { keyspace, entries } of content.keyspaces) {
    const isMarked = ({ key, value }: { key: Uint8Array; value: Uint8Array }): boolean =>
      Buffer.from(key).includes(canary) || Buffer.from(value).includes(canary)
    expect(entries.some(isMarked), keyspace.name).toBe(true)
    if (keyspace.name.length > 5) marks.push(asciiOf(keyspace.name))
    // The others are found with the canary.
    for (const { key, value } of entries) {
      const unmarked = [key, value.subarray(0, 16)].filter((part) => !Buffer.from(part).includes(canary))
      marks.push(...unmarked.filter((part) => part.length > 7))
    }
  }
  expect(marks.length).toBeGreaterThan(40)
  for (const folder of ['', '-backup', '-archive', '-stream']) {
    for (const [path, bytes] of readFiles(`${ENCRYPTED}${folder}`)) {
      const found = marks.find((mark) => Buffer.from(bytes).includes(Buffer.from(mark)))
      expect(found, `${folder} ${path}`).toBeUndefined()
    }
  }
  // Plain files have such marks: the search finds them.
  const plain = readFiles('packages/core/test/fixtures/v6/closed').get('keyspaces/1/tree.ldb')
  expect(Buffer.from(plain ?? []).includes('city-0001')).toBe(true)
  expect(readCatalog(fileOf('CATALOG'), keys).keyspaces).toHaveLength(5)
})
