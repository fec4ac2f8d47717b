import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtFile } from '../built-file.js'
import type { LoadOrder } from './load-hook.js'
import type { Mutant } from './mutant.js'
import { NO_VERDICT } from './no-verdict.js'
import type { Outcome } from './outcome.js'
import type { SourceOrder, SuiteMessage } from './suite-message.js'

/** No case takes a tenth of that on a machine that does nothing else. */
const TIME_MS_MAX = 600_000

/** Which cases of which suite are run. */
export interface SuiteRun {
  /** Name of a suite, or path of a test. */
  readonly suite: string
  readonly firstSeed: number
  readonly cases: number
  /** A part of the name of the one test that is run. @defaultValue all of the file */
  readonly test?: string
}

/** Runs cases of a suite in a process of their own, on sources that are right, or on those of a mutant. */
export async function runInProcess(order: SuiteRun, mutant: Mutant | undefined): Promise<Outcome> {
  const { suite, firstSeed, cases, test = '' } = order
  const folder = mkdtempSync(join(tmpdir(), 'ldb-seeded-'))
  const startedAt = performance.now()
  try {
    const isTest = suite.endsWith('.test.ts')
    const args = isTest
      ? [builtFile('seeded/test-child.js'), suite, test]
      : [builtFile('seeded/suite-child.js'), suite, String(firstSeed), String(cases)]
    const environment = environmentOf(folder, mutant)
    const { messages, complaint } = await run(args, environment)
    const durationMs = Math.round(performance.now() - startedAt)
    if (mutant !== undefined && !existsSync(markIn(folder))) {
      return {
        kind: 'broken',
        durationMs,
        message: 'the module with the bug is no part of what the suite runs',
      }
    }
    return verdict(messages, complaint, durationMs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A test loads sources, a suite what was built; and so do the children of both. */
function environmentOf(folder: string, mutant: Mutant | undefined): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ...plain } = process.env
  // A test that is run within a test must not take itself for it.
  for (const name of Object.keys(plain)) if (/^(VITEST|LDB_)/.test(name)) delete plain[name]
  if (mutant === undefined) return plain
  const source: SourceOrder = { path: mutant.sourcePath, text: mutant.source, mark: markIn(folder) }
  const url = pathToFileURL(mutant.builtPath).href
  const built: LoadOrder = { url, text: mutant.built, mark: markIn(folder) }
  const sourceOrder = join(folder, 'source.json')
  const builtOrder = join(folder, 'built.json')
  writeFileSync(sourceOrder, JSON.stringify(source))
  writeFileSync(builtOrder, JSON.stringify(built))
  const options = `--import=${pathToFileURL(builtFile('seeded/register-hook.js')).href}`
  return {
    ...plain,
    NODE_OPTIONS: options,
    // For tests that give their children other options.
    LDB_CHILD_OPTIONS: options,
    LDB_SEEDED_SOURCE: sourceOrder,
    LDB_SEEDED_BUILT: builtOrder,
  }
}

function markIn(folder: string): string {
  return join(folder, 'loaded')
}

interface Run {
  readonly messages: readonly SuiteMessage[]
  readonly complaint: string
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk))
    const timer = setTimeout(() => {
      complaint += 'it did not end in time'
      child.kill('SIGKILL')
    }, TIME_MS_MAX)
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      const lines = output.split('\n').filter((line) => line.startsWith('{"kind":'))
      resolve({ messages: lines.map((line) => JSON.parse(line) as SuiteMessage), complaint })
    })
  })
}

function verdict(messages: readonly SuiteMessage[], complaint: string, durationMs: number): Outcome {
  const last = messages.at(-1)
  if (last === undefined || last.kind === 'ready') {
    const what = last === undefined ? 'it could not be loaded' : 'it fell over'
    return { kind: 'broken', durationMs, message: `${what}: ${complaint.slice(-2000)}` }
  }
  if (last.kind === 'passed') return { kind: 'passed', durationMs }
  const message = `${last.errorName}: ${last.message}`
  if (NO_VERDICT.has(last.rootName)) return { kind: 'broken', durationMs, message }
  return { kind: 'caught', cases: last.cases, durationMs, message }
}
