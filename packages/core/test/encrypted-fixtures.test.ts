// Golden encrypted files: a database with two data keys that was left open, a series of backups and an archive. tooling/formats reads the same files with
// a reader that shares no code with the engine, and wrote expected-encrypted.json. LDB_WRITE_FIXTURES=encrypted makes them.
import { readFileSync } from 'node:fs'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { Encryption } from '../src/index.js'
import { hashOf } from './fixture-content.js'
import { fileSystemOf, FIXTURE_TIME, readFixture, writeFixture } from './fixture-files.js'
import {
  ENCRYPTED_ARCHIVE,
  ENCRYPTED_BACKUPS,
  ENCRYPTED_DATABASE,
  ENCRYPTED_STREAM,
  makeEncryptedFixtures,
  readSecrets,
} from './make-encrypted-fixture.js'

if (process.env['LDB_WRITE_FIXTURES'] === 'encrypted') {
  for (const [name, files] of await makeEncryptedFixtures()) writeFixture(name, files)
}

interface ExpectedKeyspace {
  readonly keyspaceId: number
  readonly name: string
  readonly engine?: 'lsm'
  readonly keyEncoding: 'utf8' | 'tuple'
  readonly valueEncoding: 'utf8' | 'json'
  readonly entriesAt: Readonly<Record<string, number>>
  readonly sha256: string
}

interface ExpectedState {
  readonly seq: number
  readonly keys: { readonly ids: readonly number[]; readonly currentId: number }
  readonly keyspaces: readonly ExpectedKeyspace[]
}

interface Expected {
  readonly database: ExpectedState
  readonly backups: readonly ExpectedState[]
  readonly stream: ExpectedState
  readonly archive: ExpectedState
}

const EXPECTED = JSON.parse(
  readFileSync(new URL('fixtures/v6/expected-encrypted.json', import.meta.url), 'utf8'),
) as Expected
const { key: KEY, passphrase: PASSPHRASE } = readSecrets()

/** Expects that a database at one time has the expected entries. */
function expectState(
  vfs: MemoryVfs,
  encryption: Encryption,
  expected: ExpectedState,
  time: number = FIXTURE_TIME,
): void {
  using db = Database.open('data', { vfs, encryption, createIfMissing: false })
  expect(db.seq).toBe(expected.seq)
  expect(db.verify().findings).toEqual([])
  expect(db.keyspaces().map(({ id, name, engine }) => [id, name, engine])).toEqual(
    expected.keyspaces.map(({ keyspaceId, name, engine = 'btree' }) => [keyspaceId, name, engine]),
  )
  for (const { name, keyEncoding: keys, valueEncoding: values, entriesAt, sha256 } of expected.keyspaces) {
    const entries = db
      .keyspace<unknown, unknown>(name, { keys, values } as never)
      .entries()
      .toArray()
    expect(entries, name).toHaveLength(entriesAt[time] ?? -1)
    if (time === FIXTURE_TIME) expect(hashOf(entries), name).toBe(sha256)
  }
}

/** Returns a file system with the first golden backups and with the archive. */
function copiesOf(count: number): MemoryVfs {
  const backups = [...readFixture(ENCRYPTED_BACKUPS)].filter(([path]) => Number.parseInt(path, 10) <= count)
  const vfs = fileSystemOf(new Map(backups), 'backups')
  const archive = readFixture(ENCRYPTED_ARCHIVE)
  vfs.makeDirectory('archive')
  for (const [path, bytes] of archive) {
    const branch = `archive/${path.slice(0, path.indexOf('/'))}`
    if (vfs.status(branch) === undefined) vfs.makeDirectory(branch)
    const file = vfs.open(`archive/${path}`, 'createNew')
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  return vfs
}

describe('the golden encrypted database', () => {
  const files = readFixture(ENCRYPTED_DATABASE)

  test.each(Object.keys(EXPECTED.database.keyspaces[0]?.entriesAt ?? {}))(
    'the engine reads the expected entries at %s',
    (time) => {
      const vfs = fileSystemOf(files, 'data', Number(time))
      expectState(vfs, PASSPHRASE, EXPECTED.database, Number(time))
    },
  )

  test('the engine writes to it, renews its keys, and opens it again', () => {
    const vfs = fileSystemOf(files, 'data')
    const first = Database.open('data', { vfs, encryption: PASSPHRASE })
    first.put('later', 'value')
    expect(first.stats().encryption).toMatchObject({
      dataKeyId: EXPECTED.database.keys.currentId,
      dataKeyCount: EXPECTED.database.keys.ids.length,
    })
    first.renewKeys()
    expect(first.stats().encryption?.dataKeyCount).toBe(1)
    first.close()
    using db = Database.open('data', { vfs, encryption: PASSPHRASE })
    expect(db.get('later')).toBe('value')
    expect(db.seq).toBe(EXPECTED.database.seq + 1)
    expect(db.verify().ok).toBe(true)
  })

  test.each([
    ['no secret', {}],
    ['the key before the rotation', { encryption: KEY }],
    ['another passphrase', { encryption: { passphrase: 'other' } }],
  ])('%s does not open it', (_name, options) => {
    const vfs = fileSystemOf(files, 'data')
    expect(() => Database.open('data', { vfs, ...options })).toThrow(
      expect.objectContaining({ code: 'LDB_KEY' }),
    )
  })
})

describe('the golden encrypted backups', () => {
  test.each(EXPECTED.backups.map((expected, index) => [index + 1, expected] as const))(
    'backup %i is restored to the expected state',
    (number, expected) => {
      const encryption = number === 1 ? KEY : PASSPHRASE
      const vfs = copiesOf(number)
      Database.restore('backups', 'data', { vfs, encryption })
      expectState(vfs, encryption, expected)
    },
  )

  test('the first one and the archive are restored to the expected state', () => {
    const vfs = copiesOf(1)
    Database.restore('backups', 'data', { vfs, archive: 'archive', encryption: PASSPHRASE })
    expectState(vfs, PASSPHRASE, EXPECTED.archive)
  })

  test('the stream is restored to the expected state', async () => {
    const bytes = readFixture(ENCRYPTED_STREAM).get('full.backup') ?? new Uint8Array()
    const time = new ManualTime(FIXTURE_TIME)
    const vfs = new MemoryVfs({ clock: time, scheduler: time })
    await Database.restore([bytes], 'data', { vfs, encryption: PASSPHRASE })
    expectState(vfs, PASSPHRASE, EXPECTED.stream)
  })
})
