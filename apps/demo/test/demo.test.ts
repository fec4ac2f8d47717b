/**
 * Strategy: runs the built program as a child process.
 * Invariants: it reports success only when every check passed; it leaves no files except the requested database.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DemoFigures } from '../src/demo.js'

/** One test runs the demo four times, possibly on a busy machine. */
const LONG_MS = 400_000

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const CITY_COUNT = 135_233
const CHECK_NAMES = [
  'import.counts',
  'questions.lookups',
  'questions.answers',
  'map.scan',
  'snapshot.frozen',
  'snapshot.scan',
  'snapshot.restored',
  'crash.locked',
  'crash.acknowledged',
  'crash.prefix',
  'crash.atomic',
  'verify.findings',
  'statistics.reads',
]

interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-demo-test-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the demo with `folder` for its temporary files; sends SIGINT when its output contains `interruptAt`. */
function run(args: readonly string[], interruptAt?: string): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let interrupted = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (interrupted || interruptAt === undefined || !stdout.includes(interruptAt)) return
    interrupted = true
    child.kill('SIGINT')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
}

function figuresOf({ exitCode, stdout, stderr }: Outcome): DemoFigures {
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return JSON.parse(stdout) as DemoFigures
}

test(
  'a second run uses the existing data, --fresh imports it again, and corruption is detected',
  { timeout: LONG_MS },
  async () => {
    const dir = join(folder, 'parent', 'data')
    const first = figuresOf(await run(['--json', '--dir', dir]))
    expectAllPassed(first)
    expect(first.import).toMatchObject({ imported: true, cityCount: CITY_COUNT, entryCount: 3 * CITY_COUNT })
    expect(first.import.commitCount).toBe(Math.ceil(CITY_COUNT / 1000))
    expect(first.import.syncCount).toBeGreaterThanOrEqual(first.import.commitCount)

    const second = figuresOf(await run(['--json', '--engine', 'btree', '--dir', dir]))
    expectAllPassed(second)
    expect(second.import).toMatchObject({ imported: false, cityCount: CITY_COUNT })

    const fresh = figuresOf(await run(['--json', '--fresh', '--dir', dir]))
    expectAllPassed(fresh)
    expect(fresh.import.imported).toBe(true)

    flipMiddleByte(largestFile(dir))
    const damaged = await run(['--json', '--dir', dir])
    expect(damaged.exitCode).toBe(1)
    const { ok, error, verify } = JSON.parse(damaged.stdout) as Partial<DemoFigures> & {
      error?: { code: string }
    }
    expect(ok).toBe(false)
    // Depending on the page, an earlier read fails, or verification finds it.
    if (error === undefined) expect(verify?.findingCount).toBeGreaterThan(0)
    else expect(error.code).toBe('LDB_CORRUPTION')
  },
)

test('output to a pipe is plain text, and the temporary folder is deleted', async () => {
  const { exitCode, stdout, stderr } = await run([])
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  expect(stdout).not.toContain('\u001b')
  expect(stdout).not.toContain('\r')
  expect(stdout).toContain('0 lost')
  expect(stdout).toMatch(/[⠁-⣿]{10}/)
  expect(stdout).toContain(`All ${CHECK_NAMES.length} checks passed`)
  const lines = stdout.split('\n').filter((line) => !line.includes(folder))
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(readdirSync(folder)).toEqual([])
})

test('LSM trees pass the same checks, and their levels are shown', async () => {
  const { exitCode, stdout } = await run(['--engine', 'lsm'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('engine lsm')
  expect(stdout).toMatch(/keyspace +level +tables +entries +file\n +default +\d/)
  expect(stdout).toContain(`All ${CHECK_NAMES.length} checks passed`)
})

test.each(['1  Import', 'A second open'])('an interrupt at “%s” leaves no files', async (interruptAt) => {
  const { exitCode, stdout, stderr } = await run([], interruptAt)
  expect(stderr).toBe('')
  expect(exitCode).toBe(130)
  expect(stdout).not.toContain('checks passed')
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that is no database is rejected and not changed', async () => {
  writeFileSync(join(folder, 'letter.txt'), 'dear all')
  const { exitCode, stderr } = await run(['--dir', folder, '--fresh'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('LDB_FORMAT')
  expect(readdirSync(folder)).toEqual(['letter.txt'])
})

test.each([
  [['--nonsense'], 2, 'Usage'],
  [['--engine', 'unknown'], 1, 'LDB_INVALID_ARGUMENT'],
])('%j exits with %d and an explanation', async (args, exitCode, message) => {
  const outcome = await run(args)
  expect(outcome.exitCode).toBe(exitCode)
  expect(outcome.stderr).toContain(message)
  expect(readdirSync(folder)).toEqual([])
})

function expectAllPassed(figures: DemoFigures): void {
  expect(figures.checks.filter(({ passed }) => !passed)).toEqual([])
  expect(figures.checks.map(({ name }) => name).sort()).toEqual([...CHECK_NAMES].sort())
  expect(figures.ok).toBe(true)
  expect(figures.map.scannedCount).toBe(CITY_COUNT)
  expect(figures.snapshot).toMatchObject({ frozenCount: CITY_COUNT })
  expect(figures.snapshot.liveCount + figures.snapshot.deletedCount).toBe(CITY_COUNT)
  expect(figures.crash.kills).toHaveLength(3)
  expect(figures.crash.lostCount).toBe(0)
  const unacknowledged = figures.crash.kills.reduce((sum, kill) => sum + kill.unacknowledgedCount, 0)
  expect(figures.crash.transferCount).toBe(figures.crash.acknowledgedCount + unacknowledged)
  for (const kill of figures.crash.kills) {
    expect(kill.acknowledgedCount).toBeGreaterThan(0)
    // One writer has at most one pending commit.
    expect([0, 1]).toContain(kill.unacknowledgedCount)
  }
  expect(figures.verify).toMatchObject({ ok: true, findingCount: 0 })
  const entryCount = figures.verify.parts.reduce((sum, part) => sum + part.entryCount, 0)
  expect(entryCount).toBeGreaterThan(3 * CITY_COUNT + figures.crash.transferCount)
}

function largestFile(dir: string): string {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => existsSync(path) && statSync(path).isFile())
  return files.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? ''
}

function flipMiddleByte(path: string): void {
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10
  writeFileSync(path, bytes)
}
