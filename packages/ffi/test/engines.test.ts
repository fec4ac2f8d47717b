// Suites of the engines in QuickJS: the part that every run includes. `npm run test:engines` runs all.
import { describe, expect, it } from 'vitest'
import { whyNotBuildable } from './native-library.js'

interface SuiteResult {
  readonly reason?: string
  readonly total: number
  readonly failures: readonly string[]
  readonly skipped: readonly string[]
  readonly output: string
}

interface Suites {
  buildRunner(): Promise<string>
  runSuite(runner: string, path: string, timeoutMs: number): Promise<SuiteResult>
}

const script = (name: string): Promise<unknown> => import(new URL(`engines/${name}.js`, import.meta.url).href)
const { buildRunner, runSuite } = (await script('run-suite')) as Suites
const { CI_SUITES } = (await script('ci-suites')) as { readonly CI_SUITES: readonly string[] }
const { KNOWN_FAILURES } = (await script('known-failures')) as {
  readonly KNOWN_FAILURES: Readonly<Record<string, Readonly<Record<string, string>>>>
}

describe.runIf(whyNotBuildable === undefined)('in QuickJS', () => {
  it.each(CI_SUITES)('%s passes', { timeout: 240_000 }, async (path) => {
    const { reason, failures, total, output } = await runSuite(await buildRunner(), path, 200_000)
    expect(reason).toBeUndefined()
    const known = KNOWN_FAILURES[path] ?? {}
    expect(
      failures.filter((name) => known[name] === undefined),
      output,
    ).toEqual([])
    expect(total).toBeGreaterThan(0)
  })
})
