import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtFile } from '../base/built-file.js'
import type { LoadReplacement } from './load-hook.js'
import { bundlesWith } from './mutant.js'
import type { Mutant } from './mutant.js'
import { NO_VERDICT } from './no-verdict.js'
import type { Outcome } from './outcome.js'
import type { SourceReplacement, SuiteMessage } from './suite-message.js'

/** More than ten times the duration of any case on an idle machine. */
const TIME_MS_MAX = 600_000

/** The cases of a suite to run. */
export interface SuiteRun {
  /** Name of a suite, or path of a test file. */
  readonly suite: string
  readonly firstSeed: number
  readonly cases: number
  /** Part of the name of the only test to run. @defaultValue all tests of the file */
  readonly test?: string
}

/** Runs cases of a suite in a process of their own, on the unmodified sources or on those of a mutant. */
export async function runInProcess(run: SuiteRun, mutant: Mutant | undefined): Promise<Outcome> {
  const { suite, firstSeed, cases, test = '' } = run
  const folder = mkdtempSync(join(tmpdir(), 'ldb-seeded-'))
  const startedAt = performance.now()
  try {
    const isTest = suite.endsWith('.test.ts')
    const args = isTest
      ? [builtFile('seeded/test-child.js'), suite, test]
      : [builtFile('seeded/suite-child.js'), suite, String(firstSeed), String(cases)]
    const environment = await environmentOf(folder, mutant)
    const { messages, stderr } = await spawnSuite(args, environment)
    const durationMs = Math.round(performance.now() - startedAt)
    if (mutant !== undefined && !existsSync(markIn(folder))) {
      return {
        kind: 'broken',
        durationMs,
        message: 'the suite never loads the module of the bug',
      }
    }
    return verdict(messages, stderr, durationMs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the environment of the process and its children. Tests load sources, suites and children load bundles. */
async function environmentOf(folder: string, mutant: Mutant | undefined): Promise<NodeJS.ProcessEnv> {
  const { NODE_OPTIONS: _options, ...plain } = process.env
  // Vitest in the child must not inherit the settings of the Vitest that runs this code.
  for (const name of Object.keys(plain)) if (/^(VITEST|LDB_)/.test(name)) delete plain[name]
  if (mutant === undefined) return plain
  const source: SourceReplacement = { path: mutant.sourcePath, text: mutant.source, mark: markIn(folder) }
  const built: LoadReplacement = { texts: await bundlesWith(mutant), mark: markIn(folder) }
  const sourcePath = join(folder, 'source.json')
  const builtPath = join(folder, 'built.json')
  writeFileSync(sourcePath, JSON.stringify(source))
  writeFileSync(builtPath, JSON.stringify(built))
  const options = `--import=${pathToFileURL(builtFile('seeded/register-hook.js')).href}`
  return {
    ...plain,
    NODE_OPTIONS: options,
    // For tests that set other options for their children.
    LDB_CHILD_OPTIONS: options,
    LDB_SEEDED_SOURCE: sourcePath,
    LDB_SEEDED_BUILT: builtPath,
  }
}

function markIn(folder: string): string {
  return join(folder, 'loaded')
}

interface SuiteOutput {
  readonly messages: readonly SuiteMessage[]
  readonly stderr: string
}

function spawnSuite(args: readonly string[], env: NodeJS.ProcessEnv): Promise<SuiteOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    const timer = setTimeout(() => {
      stderr += 'it timed out'
      child.kill('SIGKILL')
    }, TIME_MS_MAX)
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      const lines = output.split('\n').filter((line) => line.startsWith('{"kind":'))
      resolve({ messages: lines.map((line) => JSON.parse(line) as SuiteMessage), stderr })
    })
  })
}

function verdict(messages: readonly SuiteMessage[], stderr: string, durationMs: number): Outcome {
  const last = messages.at(-1)
  if (last === undefined || last.kind === 'ready') {
    const what = last === undefined ? 'it did not load' : 'it crashed'
    return { kind: 'broken', durationMs, message: `${what}: ${stderr.slice(-2000)}` }
  }
  if (last.kind === 'passed') return { kind: 'passed', durationMs }
  const message = `${last.errorName}: ${last.message}`
  if (NO_VERDICT.has(last.rootName)) return { kind: 'broken', durationMs, message }
  return { kind: 'caught', cases: last.cases, durationMs, message }
}
