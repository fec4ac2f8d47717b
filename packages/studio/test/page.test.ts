// Strategy: the built page in one Chromium, over databases of this process that the tests themselves read and write, and over directories in every state.
// LDB_STUDIO_ENTRIES=1000000 makes the first database larger; LDB_STUDIO_SCREENSHOTS=DIRECTORY writes the pictures of the README.
// Invariants: few rows are in the document, whatever the size; no request leaves the server; no address contains data or the token; axe-core
// finds no fault in any view, in light and dark.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from '@ldb/chromium'
import { AsyncDatabase, Database } from '@ldb/core'
import { afterAll, beforeAll, describe } from 'vitest'
import { Studio } from '../src/index.js'
import { keyOf, testEntries, valueOf } from './page/entries.js'
import { testMap } from './page/map.js'
import { testStates } from './page/states.js'
import { StudioBrowser } from './page/studio-page.js'

const ENTRIES = Number(process.env['LDB_STUDIO_ENTRIES'] ?? 20_000)

const chromium = findChromium()
if (chromium === undefined) console.log('Chromium is not installed: the tests in it are skipped')

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let folder: string
  let browser: StudioBrowser
  let database: AsyncDatabase
  let studio: Studio

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ldb-studio-page-'))
    const opened = Database.open(join(folder, 'db'))
    opened.load(Array.from({ length: ENTRIES }, (_, index) => [keyOf(index), valueOf(index)] as const))
    opened.keyspace('events', { engine: 'lsm', keys: 'tuple', values: 'json' } as never)
    opened.checkpoint()
    opened.close()
    database = await AsyncDatabase.open(join(folder, 'db'))
    studio = await Studio.start(database)
    browser = await StudioBrowser.start(chromium ?? '')
  }, 240_000)

  afterAll(async () => {
    await browser.close()
    await studio.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  testEntries(ENTRIES, () => ({ browser, studio, database }))
  testMap(() => ({ browser, folder }))
  testStates(() => ({ browser, folder }))
})
