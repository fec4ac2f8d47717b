// Reads the golden encrypted files from the documents alone: a database with two data keys, backups, an archive and a stream. packages/core compares
// the same expected-encrypted.json with the engine.
import { expect, test } from 'vitest'
import { readArchive } from '../src/backup/archive.js'
import { keysOfBackup, readBackup, readSeries } from '../src/backup/series.js'
import { readStream } from '../src/backup/stream.js'
import { readDatabase } from '../src/database/database.js'
import { filesBelow } from '../src/database/stores.js'
import { describeCopy, describeDatabase } from '../src/describe.js'
import { readKeyFile } from '../src/encryption/key-file.js'
import { pathOf, readFiles, SECRETS, TIMES } from './golden-files.js'

const CORE = 'packages/core/test/fixtures/v6'
const { key: KEY, passphrase: PASSPHRASE } = SECRETS

const database = readFiles(`${CORE}/encrypted`)
const backups = readFiles(`${CORE}/encrypted-backup`)
const stream = readFiles(`${CORE}/encrypted-stream`).get('full.backup') ?? new Uint8Array()
const archives = readFiles(`${CORE}/encrypted-archive`)

test('the golden encrypted files', async () => {
  const chains = [1, 2, 3].map((number) => readSeries(backups, number))
  const copies = chains.map((chain, index) =>
    readBackup(chain, keysOfBackup(chain, index === 0 ? KEY : PASSPHRASE)),
  )
  const streamed = [readStream(stream)]
  const [full] = chains
  const { databaseId, branchId } = full?.[0]?.manifest ?? { databaseId: '', branchId: '' }
  const branch = filesBelow(archives, `${databaseId}-${branchId}/`)
  const keys = readKeyFile(branch.get('KEYS') ?? new Uint8Array(), PASSPHRASE)
  const archive = readArchive(branch, databaseId, branchId, keys)
  const restored = readBackup(full ?? [], keys, archive)
  expect(archive.commits.map(({ seq }) => seq)).toEqual(archive.commits.map((_, index) => index + 1))
  expect(archive.timeMarks.length).toBeGreaterThan(0)
  expect(restored.seq).toBe(archive.commits.length)
  const description = {
    database: describeDatabase(readDatabase(database, PASSPHRASE), TIMES),
    backups: copies.map((copy) => describeCopy(copy, TIMES)),
    stream: describeCopy(readBackup(streamed, keysOfBackup(streamed, PASSPHRASE)), TIMES),
    archive: describeCopy(restored, TIMES),
  }
  const text = `${JSON.stringify(description, null, 2)}\n`
  await expect(text).toMatchFileSnapshot(pathOf(`${CORE}/expected-encrypted.json`))
})
