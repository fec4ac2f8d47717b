import type { AsyncDatabase } from '@ldb/core'
import { expect, test } from 'vitest'
import type { Studio } from '../../src/index.js'
import type { StudioBrowser } from './studio-page.js'

const CITIES = ['Lisbon', 'Osaka', 'Quito', 'Tromsø', 'Nairobi']

export const keyOf = (index: number): string => `user:${String(index).padStart(8, '0')}`
export const valueOf = (index: number): string =>
  JSON.stringify({ id: index, city: CITIES[index % CITIES.length] })

interface Subject {
  readonly browser: StudioBrowser
  readonly studio: Studio
  readonly database: AsyncDatabase
}

/** Tests of the table and the panel, over a keyspace of `entryCount` entries. */
export function testEntries(entryCount: number, subject: () => Subject): void {
  test('entries are scrolled from both ends, with few rows in the document', async () => {
    const { browser, studio } = subject()
    const shown = await browser.open(studio)
    const { page } = shown
    await shown.cell(keyOf(0)).waitFor()
    const scroller = page.locator('.scroller')
    const firstNumber = async (): Promise<number> =>
      Number(/user:(\d+)/.exec((await page.locator('.scroller .row').first().textContent()) ?? '')?.[1])
    // Past the rows that are kept in memory, and back to the first one.
    for (let round = 0; round < 200 && (await firstNumber()) < 2500; round++)
      await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    expect(await firstNumber()).toBeGreaterThanOrEqual(2500)
    expect(await page.locator('.scroller .row').count()).toBeLessThan(80)
    for (let round = 0; round < 200 && (await firstNumber()) > 0; round++)
      await scroller.evaluate((element) => element.scrollTo(0, 0))
    await shown.cell(keyOf(0)).waitFor()
    await shown.button('Last').click()
    await shown.cell(keyOf(entryCount - 1)).waitFor()
    await shown.button('First').click()
    await shown.cell(keyOf(0)).waitFor()
    await shown.close()
  })

  test('a key is searched and selected by the keyboard, and its value shown in each format', async () => {
    const { browser, studio } = subject()
    const shown = await browser.open(studio)
    const { page } = shown
    const search = page.getByLabel('Key or prefix')
    const target = Math.floor(entryCount * 0.7)
    await search.fill(keyOf(target))
    await search.press('Enter')
    await shown.cell(keyOf(target)).waitFor()
    expect(await shown.cell(keyOf(0)).count()).toBe(0)
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.getByRole('heading', { name: keyOf(target + 1) }).waitFor()
    const active = await page.getByRole('grid').getAttribute('aria-activedescendant')
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true')
    const value = page.getByLabel('Value', { exact: true })
    await expect.poll(() => value.inputValue()).toBe(JSON.stringify(JSON.parse(valueOf(target + 1)), null, 2))
    expect(await value.getAttribute('readonly')).not.toBeNull()
    await shown.checkAccessibility()
    await shown.screenshot('entries')
    await page.getByLabel('Values as').selectOption('hex')
    await expect.poll(() => value.inputValue()).toMatch(/^7b 22 69 64 22 3a/)
    await page.getByLabel('Values as').selectOption('text')
    await expect.poll(() => value.inputValue()).toBe(valueOf(target + 1))
    await page.getByLabel('Search').selectOption('prefix')
    await search.fill('user:0001999')
    await search.press('Enter')
    await shown.cell('user:00019990').waitFor()
    expect(await page.locator('.scroller .row').count()).toBe(10)
    // The keyboard reaches everything in the order of the page.
    await page.reload()
    await shown.cell(keyOf(0)).waitFor()
    const order: string[] = []
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press('Tab')
      order.push(
        await page.evaluate(() => (document.activeElement as HTMLElement | null)?.textContent?.trim() ?? ''),
      )
    }
    expect(order[0]).toBe('To the content')
    const named = order.filter((text) => /^(?:default|events|Entries|Map|Statistics|Changes|Log)/.test(text))
    expect(named.map((text) => /^[a-zA-Z]+?(?=btree|lsm|$)/.exec(text)?.[0])).toEqual([
      'default',
      'events',
      'Entries',
      'Map',
      'Statistics',
      'Changes',
      'Log',
    ])
    await shown.close()
  })

  test('an entry is edited, deleted and added behind the switch, and other commits are seen', async () => {
    const { browser, studio, database } = subject()
    const shown = await browser.open(studio)
    const { page } = shown
    await shown.cell(keyOf(3)).click()
    expect(await shown.button('Save').count()).toBe(0)
    await page.getByRole('switch', { name: 'Edit' }).check()
    const value = page.getByLabel('Value', { exact: true })
    await expect.poll(() => value.inputValue()).toContain('"id": 3')
    await value.fill('{"id":3,"city":"Porto"}')
    await shown.button('Save').click()
    await page
      .getByRole('status')
      .getByText(`Saved ${keyOf(3)}`)
      .waitFor()
    expect(await database.get(keyOf(3))).toBe('{"id":3,"city":"Porto"}')
    // Another writer is faster: the edit is refused.
    await shown.cell(keyOf(4)).click()
    await expect.poll(() => value.inputValue()).toContain('"id": 4')
    await database.put(keyOf(4), '{"id":4,"city":"Turku"}')
    await value.fill('{"id":4,"city":"Porto"}')
    await shown.button('Save').click()
    await page.getByRole('alert').getByText('changed meanwhile').waitFor()
    expect(await database.get(keyOf(4))).toBe('{"id":4,"city":"Turku"}')
    await page.getByRole('button', { name: 'reload' }).click()
    await page.getByRole('gridcell', { name: 'Turku' }).waitFor()
    await shown.cell(keyOf(5)).click()
    await page.getByRole('heading', { name: keyOf(5) }).waitFor()
    await expect.poll(() => value.inputValue()).toContain('"id": 5')
    await shown.button('Delete').click()
    await page.getByText(`Deleted ${keyOf(5)}`).waitFor()
    await expect.poll(() => shown.cell(keyOf(5)).count()).toBe(0)
    expect(await database.has(keyOf(5))).toBe(false)
    await shown.button('New entry').click()
    await page.getByLabel('New key').fill('a new key')
    await value.fill('"<b>markup</b>"')
    await shown.button('Add').click()
    await shown.cell('a new key').waitFor()
    await shown.button('Changes').click()
    const log = page.getByRole('log')
    await log.getByText('Turku').waitFor()
    await database.put('from elsewhere', '1')
    await log.getByText('from elsewhere').waitFor()
    await shown.checkAccessibility()
    await shown.screenshot('changes')
    await shown.button('Pause').click()
    await database.put('while paused', '1')
    await page.getByText(`commit ${database.seq.toLocaleString('en')}`).waitFor()
    expect(await log.getByText('while paused').count()).toBe(0)
    await shown.button('Pause').click()
    await log.getByText('while paused').waitFor()
    await shown.close()
  })

  test('records of the log appear as they are written, and statistics are charts, in the dark', async () => {
    const { browser, studio, database } = subject()
    const shown = await browser.open(studio, 'dark')
    const { page } = shown
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(22, 24, 29)')
    await shown.button('Log').click()
    const region = page.getByRole('region', { name: 'Records of the log' })
    // Those of the tests before.
    await region
      .getByRole('row', { name: /commit.*earlier/ })
      .first()
      .waitFor()
    await database.put('logged', 'x'.repeat(3000))
    const { seq } = database
    await region.getByRole('row', { name: new RegExp(`^${seq} commit 1 3\\.0 KiB default .*:`) }).waitFor()
    await database.checkpoint()
    await region
      .getByRole('row', { name: new RegExp(`^${seq} checkpoint`) })
      .first()
      .waitFor()
    await database.put('after the checkpoint', '1')
    await region.getByRole('row', { name: new RegExp(`^${seq + 1} commit`) }).waitFor()
    await shown.checkAccessibility()
    await shown.screenshot('log')
    await shown.button('Statistics').click()
    await page.locator('figure canvas').first().waitFor()
    const commits = page.locator('figcaption', { hasText: 'Commits a second' })
    await commits.waitFor()
    // Each reading adds a point; commits between two of them are counted.
    await expect
      .poll(async () => {
        await database.put('counted', '1', { durability: 'none' })
        return commits.textContent()
      })
      .toMatch(/: [1-9]/)
    await shown.checkAccessibility()
    await shown.screenshot('statistics')
    await shown.close()
  })
}
