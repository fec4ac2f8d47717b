import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AsyncDatabase, Database } from '@ldb/core'
import { expect, test } from 'vitest'
import { Studio } from '../../src/index.js'
import { keyOf } from './entries.js'
import type { StudioBrowser, StudioPage } from './studio-page.js'

interface Subject {
  readonly browser: StudioBrowser
  readonly folder: string
}

async function draw(shown: StudioPage): Promise<void> {
  await shown.button('Map').click()
  await shown.button('Verify and draw').click()
  await shown.button('Verify again').waitFor({ timeout: 100_000 })
}

/** Tests of the map. */
export function testMap(subject: () => Subject): void {
  test('files are drawn by position, tables by level and key range, with a text for each cell', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'drawn')
    const filled = Database.open(path, { memtableBytes: 1_048_576, workers: 0 })
    filled.load(Array.from({ length: 20_000 }, (_, index) => [keyOf(index), 'v'.repeat(50)] as const))
    for (let index = 0; index < 6; index++) filled.put(`large${index}`, 'x'.repeat(200_000))
    const events = filled.keyspace('events', { engine: 'lsm', compression: 'none' })
    for (let index = 0; index < 12_000; index++) events.put(keyOf((index * 7919) % 12_000), 'v'.repeat(150))
    filled.checkpoint()
    filled.deleteRange({ gte: keyOf(5000), lt: keyOf(12_000) })
    filled.checkpoint()
    filled.checkpoint()
    filled.close()
    await using database = await AsyncDatabase.open(path)
    await using studio = await Studio.start(database)
    // An idle database would write the page.
    const writer = setInterval(() => database.sync.put(keyOf(100), 'changed'), 100)
    const shown = await browser.open(studio)
    const { page } = shown
    await draw(shown)
    clearInterval(writer)
    await page.getByRole('status').getByText('No damage found.').waitFor()
    const tree = page.getByRole('grid', { name: /tree\.ldb by position/ }).first()
    const cells = tree.getByRole('gridcell')
    const count = await cells.count()
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThanOrEqual(1024)
    for (const state of ['live', 'structure', 'free', 'dirty'])
      expect([state, (await tree.locator(`.cell.${state}`).count()) > 0]).toEqual([state, true])
    expect(await page.locator('.cells .cell.large').count()).toBeGreaterThan(5)
    expect(await page.locator('.cells .cell.damaged').count()).toBe(0)
    // The leaf that was changed, and the branch above it.
    const dirty = tree.locator('.cell.dirty')
    expect(await dirty.count()).toBe(2)
    const labels = await Promise.all([0, 1].map((index) => dirty.nth(index).getAttribute('aria-label')))
    expect(labels.filter((label) => label?.includes(': structure 8.0 KiB, 8.0 KiB dirty'))).toHaveLength(1)
    expect(labels).toContainEqual(
      expect.stringMatching(
        /^dirty\. Bytes [\d,]+ to [\d,]+: live 8\.0 KiB, 8\.0 KiB dirty in memory, keys from .* to before “user:/,
      ),
    )
    // Free pages lie together, where the deleted range was.
    await tree.focus()
    const activeLabel = async (): Promise<string> => {
      const id = await tree.getAttribute('aria-activedescendant')
      return (await page.locator(`#${id}`).getAttribute('aria-label')) ?? ''
    }
    expect(await activeLabel()).toMatch(/^structure\. Bytes 0 to 8,192/)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(activeLabel).toContain(`Bytes ${(65 * 8192).toLocaleString('en')} to`)
    await page.keyboard.press('Home')
    await expect.poll(activeLabel).toContain(`Bytes ${(64 * 8192).toLocaleString('en')} to`)
    await page.keyboard.press('Control+End')
    await expect.poll(activeLabel).toContain(`Bytes ${((count - 1) * 8192).toLocaleString('en')} to`)
    await page.keyboard.press('Control+Home')
    const levels = page.getByRole('grid', { name: /keyspace:events by level/ })
    expect(await levels.getByRole('row').count()).toBeGreaterThan(0)
    expect(await levels.getByRole('gridcell').first().getAttribute('aria-label')).toMatch(
      /^live\. keyspaces\/\d+\/.*: live .*structure .*keys from “user:00000000” to/,
    )
    await levels.focus()
    await page.keyboard.press('End')
    const last = (await levels.getByRole('row').first().getByRole('gridcell').count()) - 1
    await expect.poll(() => levels.getAttribute('aria-activedescendant')).toMatch(new RegExp(`-0-${last}$`))
    await shown.screenshot('map')
    // The same as tables.
    await page.locator('summary', { hasText: 'tree.ldb as a table' }).first().click()
    const table = page.getByRole('table', { name: /tree\.ldb: consecutive bytes/ }).first()
    await table.getByRole('row', { name: /dirty/ }).first().waitFor()
    await page.locator('summary', { hasText: 'tables as a table' }).click()
    await page
      .getByRole('table', { name: /tables by level/ })
      .getByRole('row', { name: /Level \d/ })
      .first()
      .waitFor()
    await shown.checkAccessibility()
    await shown.close()
  })

  test('a damaged file opens, and its findings are marked on the map', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'damaged')
    const small = Database.open(path)
    small.load(Array.from({ length: 3000 }, (_, index) => [keyOf(index), 'v'.repeat(50)] as const))
    small.checkpoint()
    small.close()
    const file = largestFile(join(path, 'keyspaces'))
    const bytes = readFileSync(file)
    for (const page of [7, 12]) bytes.fill(0xaa, page * 8192 + 4000, page * 8192 + 4200)
    writeFileSync(file, bytes)
    await using damaged = await Studio.start(path)
    const shown = await browser.open(damaged)
    const { page } = shown
    await draw(shown)
    await page.getByRole('status').getByText('2 errors found').waitFor()
    const findings = page.getByRole('list', { name: 'Findings' })
    await findings.getByText(`at ${(7 * 8192).toLocaleString('en')}:`).waitFor()
    const marked = page.locator('.cells .cell.damaged')
    expect(await marked.count()).toBe(2)
    expect(await marked.first().getAttribute('aria-label')).toMatch(
      new RegExp(`^damaged\\. Bytes ${(7 * 8192).toLocaleString('en')} to .* damaged: 1 finding`),
    )
    await shown.checkAccessibility()
    await shown.screenshot('damaged')
    await shown.close()
  })

  test('a catalog that is damaged in both copies has a page, with the map of what can be read', async () => {
    const { browser, folder } = subject()
    const path = join(folder, 'no-catalog')
    const small = Database.open(path)
    small.load(Array.from({ length: 3000 }, (_, index) => [keyOf(index), 'v'.repeat(50)] as const))
    small.checkpoint()
    small.close()
    for (const name of readdirSync(path).filter((each) => each.startsWith('CATALOG'))) {
      const bytes = readFileSync(join(path, name))
      writeFileSync(join(path, name), bytes.fill(0xaa, 40, 80))
    }
    await using damaged = await Studio.start(path)
    const shown = await browser.open(damaged)
    const { page } = shown
    await page.getByRole('heading', { name: 'The database is damaged' }).waitFor()
    await shown.button('Verify and draw').click()
    await page.getByRole('grid', { name: /tree\.ldb by position/ }).waitFor()
    await page.getByRole('list', { name: 'Findings' }).getByText('CATALOG').first().waitFor()
    await shown.checkAccessibility()
    await shown.close()
  })
}

function largestFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile())
    .sort((x, y) => statSync(y).size - statSync(x).size)
  return String(files[0])
}
