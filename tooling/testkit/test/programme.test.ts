// The drivers at CI size, run as `npm run test:deep` runs them: on worker threads, from built code. See
// src/drivers/crash-driver.ts and src/drivers/error-sweep.ts for the guarantees. A failing run prints the command that repeats it.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { formatCount, reportCounts } from './counted.js'

const main = fileURLToPath(new URL('../dist/deep/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ldb-testkit-'))
const state = join(folder, 'state.json')

/** Runs the program, and returns its output although it fails. */
async function run(args: readonly string[]): Promise<string> {
  const outcome = await promisify(execFile)(process.execPath, [main, ...args]).catch(
    (failure: { stdout: string; stderr: string; code: unknown }) => ({
      stdout: failure.stdout,
      stderr: `${failure.stderr}exit code ${String(failure.code)}`,
    }),
  )
  return outcome.stdout + outcome.stderr
}

afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Suites, and the number of seeds of each. */
const programme: [suite: string, seeds: number][] = [
  ['crash-wal', 1],
  ['crash-btree', 8],
  ['crash-database', 1],
  ['crash-wal-neighbours', 1],
  ['crash-btree-neighbours', 2],
  ['crash-database-neighbours', 1],
  ['crash-wal-lying', 1],
  ['crash-btree-lying', 2],
  ['crash-database-lying', 1],
  ['error-wal', 2],
  ['error-btree', 2],
  ['error-database', 1],
]

const options = { timeout: 600_000 }
test.each(programme)('%s, %i seeds', options, async (suite, seeds) => {
  expect(await run(['--suite', suite, '--seeds', String(seeds), '--state', state])).toMatch(/, 0 failed\n$/)
})

test('the runs counted enough images and errors', (context) => {
  const { suites } = JSON.parse(readFileSync(state, 'utf8')) as {
    suites: Record<string, { counts: Record<string, number> }>
  }
  const sum = (count: string): number =>
    Object.values(suites).reduce((total, { counts }) => total + (counts[count] ?? 0), 0)
  const nested = Math.round((100 * sum('nested')) / sum('images'))
  reportCounts(
    context,
    `crashes: ${formatCount(sum('images'))} images, ${nested} % nested, ${formatCount(sum('injected'))} errors injected, 0 violations`,
  )
  expect(sum('images')).toBeGreaterThanOrEqual(20_000)
  expect(sum('nested')).toBeGreaterThanOrEqual(sum('images') / 5)
  expect(sum('injected')).toBeGreaterThanOrEqual(20_000)
})

test('running one seed again returns the same counts', async () => {
  const countsOf = async (name: string): Promise<unknown> => {
    const own = join(folder, name)
    expect(await run(['--suite', 'crash-btree', '--seed', '3', '--state', own])).toMatch(/1 passed, 0 failed/)
    return (JSON.parse(readFileSync(own, 'utf8')) as { suites: Record<string, { counts: unknown }> }).suites[
      'crash-btree'
    ]?.counts
  }
  const first = await countsOf('first.json')
  expect(first).toMatchObject({ images: expect.any(Number) as number })
  expect(await countsOf('second.json')).toEqual(first)
})
