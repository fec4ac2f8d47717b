import { expect, test } from 'vitest'
import { crashSuite, errorSuite } from '../src/registry/driver-suites.js'
import { blobDatabaseSubject } from '../src/subjects/database-subject.js'
const N = Number(process.env['N'] ?? 6)
const FROM = Number(process.env['FROM'] ?? 1)
test('crash', async () => {
  for (let seed = FROM; seed < FROM + N; seed++) {
    console.log(seed, await crashSuite('crash-database-blobs', blobDatabaseSubject, 'powersafe').runCase(seed))
  }
}, 600000)
test('error', async () => {
  for (let seed = FROM; seed < FROM + N; seed++) console.log(seed, await errorSuite('error-database-blobs', blobDatabaseSubject).runCase(seed))
}, 600000)
