import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AsyncDatabase, Database } from '@ldb/core'
import { expect, test } from 'vitest'
import { Studio } from '../../src/index.js'
import type { StudioOptions } from '../../src/index.js'
import type { StudioBrowser } from './studio-page.js'

interface Subject {
  readonly browser: StudioBrowser
  readonly folder: string
}

const KEY = new Uint8Array(32).fill(7)
const CORE = createRequire(import.meta.url).resolve('@ldb/core')
const HOLDER = `
const { Database } = require(${JSON.stringify(CORE.replace(/src\/index\.ts$/, 'lib/node.cjs'))})
const database = Database.open(process.argv[1])
console.log('held')
process.stdin.once('data', () => { database.close(); process.exit(0) })
`

/** Creates a closed database with one entry. */
function create(path: string, options: object = {}): void {
  const database = Database.open(path, options)
  database.put('a', '1')
  database.close()
}

/** Tests of the page of each state of a directory. */
export function testStates(subject: () => Subject): void {
  test('a directory that another process holds has a page, and opens when it is free', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'held')
    create(path)
    const { NODE_OPTIONS: _conditions, ...env } = process.env
    const holder = spawn(process.execPath, ['-e', HOLDER, path], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    await using locked = await Studio.start(path)
    const shown = await browser.open(locked)
    const { page } = shown
    await page.getByRole('heading', { name: 'The database is locked' }).waitFor()
    await page.getByRole('alert').getByText('Another process has this database open').waitFor()
    await shown.checkAccessibility()
    await shown.button('Try again').click()
    await page.getByRole('heading', { name: 'The database is locked' }).waitFor()
    holder.stdin.write('end')
    await once(holder, 'exit')
    await shown.button('Try again').click()
    await shown.cell('a').waitFor()
    await shown.close()
  })

  test('a read-only database is shown without the switch', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'read-only')
    create(path)
    await using reader = await Studio.start(path, { readOnly: true })
    const shown = await browser.open(reader)
    await shown.page.getByText('read-only', { exact: true }).waitFor()
    await shown.cell('a').waitFor()
    expect(await shown.page.getByRole('switch').count()).toBe(0)
    await shown.checkAccessibility()
    await shown.close()
  })

  test('an encrypted database needs its key, which the page never has', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'encrypted')
    create(path, { encryption: { key: KEY } })
    const wrong = new Uint8Array(32).fill(8)
    const cases: [StudioOptions, string][] = [
      [{}, 'The database is encrypted'],
      [{ encryption: { key: wrong } }, 'The key does not open the database'],
    ]
    for (const [options, heading] of cases) {
      await using refused = await Studio.start(path, options)
      const shown = await browser.open(refused)
      await shown.page.getByRole('heading', { name: heading }).waitFor()
      await shown.close()
    }
    await using opened = await Studio.start(path, { encryption: { key: KEY } })
    const shown = await browser.open(opened)
    await shown.cell('a').waitFor()
    const seen = `${shown.page.url()} ${await shown.page.content()}`
    for (const secret of ['07'.repeat(32), Buffer.from(KEY).toString('base64')])
      expect(seen).not.toContain(secret)
    await shown.close()
  })

  test.each([
    ['an absent directory', 'absent', 'There is no database here'],
    ['a directory of other files', 'other', 'This is not a database of this version'],
    ['a file', 'file.txt', 'This is not a database of this version'],
    ['a directory with a foreign catalog', 'foreign', 'This is not a database of this version'],
  ])('%s is no database', async (_state, name, heading) => {
    const { browser, folder } = subject()
    const path = join(folder, name)
    if (name === 'file.txt') writeFileSync(path, 'text')
    if (name === 'other' || name === 'foreign') {
      mkdirSync(path)
      const bytes = Buffer.from('a text that is none of a database, and long enough to have a header of one')
      writeFileSync(join(path, name === 'other' ? 'notes.txt' : 'CATALOG'), bytes)
    }
    await using studio = await Studio.start(path)
    const shown = await browser.open(studio)
    await shown.page.getByRole('heading', { name: heading }).waitFor()
    await shown.page.getByText(path).waitFor()
    await shown.close()
  })

  test('a database that is closed beneath, and a studio that has ended, have a page', async () => {
    const { browser } = subject()
    const database = await AsyncDatabase.memory()
    await database.put('a', '1')
    const studio = await Studio.start(database)
    const shown = await browser.open(studio)
    const { page } = shown
    await shown.cell('a').waitFor()
    await database.close()
    await page.getByRole('heading', { name: 'The database is closed' }).waitFor()
    expect(await shown.button('Try again').count()).toBe(0)
    await page.evaluate(() => location.replace(`${location.origin}/#wrong`))
    await page.reload()
    await page.getByRole('heading', { name: 'The studio does not answer' }).waitFor()
    await shown.checkAccessibility()
    await shown.close()
    await using other = await AsyncDatabase.memory()
    const ended = await Studio.start(other)
    const left = await browser.open(ended)
    await left.page.getByText('This keyspace is empty.').waitFor()
    await left.checkAccessibility()
    await ended.close()
    await left.page.getByRole('heading', { name: 'The studio does not answer' }).waitFor()
    await left.close()
  })

  test('a huge value is shown in part, and cannot be edited', async () => {
    const { browser } = subject()
    await using database = await AsyncDatabase.memory()
    await database.put('huge', 'x'.repeat(24 * 1_048_576))
    await database.put('small', '1')
    await using studio = await Studio.start(database)
    const shown = await browser.open(studio)
    const { page } = shown
    await page.getByRole('gridcell', { name: '(large value: select the entry)' }).waitFor()
    await page.getByRole('switch', { name: 'Edit' }).check()
    await shown.cell('huge').click()
    await page.getByText('24.0 MiB, of which the first MiB is shown').waitFor()
    const value = page.getByLabel('Value', { exact: true })
    expect((await value.inputValue()).length).toBe(1_048_576)
    expect(await value.getAttribute('readonly')).not.toBeNull()
    expect(await shown.button('Save').isDisabled()).toBe(true)
    await shown.close()
  })
}
