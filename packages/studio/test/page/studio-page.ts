import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startChromium } from '@ldb/chromium'
import type { RunningChromium } from '@ldb/chromium'
import { chromium } from 'playwright-core'
import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Studio } from '../../src/index.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const CALLS = 'overview|open|entries|value|put|delete|stats|map|changes|log'
const ALLOWED = new RegExp(`^/(?:|app\\.js|app\\.css|api/(?:${CALLS}))$`)

/** Fault of a page that axe-core has found. */
interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** The global that the script of axe-core adds to a page. */
interface AxePage {
  readonly axe: {
    run(document: unknown, options: object): Promise<{ readonly violations: readonly Violation[] }>
  }
}

/** The browser of the suite. */
export class StudioBrowser {
  readonly #process: RunningChromium
  readonly #browser: Browser

  private constructor(process: RunningChromium, browser: Browser) {
    this.#process = process
    this.#browser = browser
  }

  static async start(program: string): Promise<StudioBrowser> {
    const process = await startChromium(program)
    return new StudioBrowser(process, await chromium.connectOverCDP(process.endpoint))
  }

  /** Opens the page of a studio. */
  async open(studio: Studio, colorScheme: 'light' | 'dark' = 'light'): Promise<StudioPage> {
    const page = await this.#browser.newPage({ viewport: { width: 1100, height: 620 }, colorScheme })
    const opened = new StudioPage(page, studio)
    await page.goto(studio.url)
    return opened
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.#process.close()
  }
}

/** A page of a studio, whose requests and errors are recorded. */
export class StudioPage {
  readonly page: Page
  readonly #studio: Studio
  /** What the page has requested, and what may not happen in it. */
  readonly #events: string[] = []

  constructor(page: Page, studio: Studio) {
    this.page = page
    this.#studio = studio
    page.on('request', (request) => this.#events.push(request.url()))
    page.on('pageerror', (error) => this.#events.push(`error: ${error.message}`))
    page.on('console', (line) => {
      if (/Content Security Policy/.test(line.text())) this.#events.push(`refused: ${line.text()}`)
    })
  }

  /** Ends the page: all that it has requested are files and calls of its server, on loopback, without data in the address. */
  async close(): Promise<void> {
    await this.page.close()
    const { origin, hostname } = new URL(this.#studio.url)
    expect(hostname).toBe('127.0.0.1')
    const others = this.#events.filter((url) => {
      if (url.startsWith('data:,')) return false
      return !url.startsWith(`${origin}/`) || !ALLOWED.test(url.slice(origin.length).replace(/#.*$/, ''))
    })
    expect(others).toEqual([])
  }

  /** Writes the page as a picture of the README, when `LDB_STUDIO_SCREENSHOTS` names a directory. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env['LDB_STUDIO_SCREENSHOTS']
    if (folder !== undefined) await this.page.screenshot({ path: join(folder, `${name}.png`) })
  }

  /** Checks the page with axe-core: everything in one colour scheme, contrasts in the other one, too. */
  async checkAccessibility(): Promise<void> {
    await this.page.evaluate(AXE)
    expect(await this.#violations({})).toEqual([])
    await this.page.emulateMedia({ colorScheme: 'dark' })
    expect(await this.#violations({ runOnly: ['color-contrast'] })).toEqual([])
    await this.page.emulateMedia({ colorScheme: 'light' })
  }

  async #violations(options: object): Promise<string[]> {
    const violations = (await this.page.evaluate(
      async (given) => (await (globalThis as unknown as AxePage).axe.run(document, given)).violations,
      options,
    )) as readonly Violation[]
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n${failureSummary}`),
    )
  }

  cell(text: string): Locator {
    return this.page.getByRole('gridcell', { name: text, exact: true })
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }
}
