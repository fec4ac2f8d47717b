// A process that runs one test file. Arguments: the path of the file in the workspace, and optionally part of the names of the
// tests to run. `LDB_SEEDED_SOURCE` is the path of a file that contains a `SourceReplacement`. Writes the messages of
// suite-child.ts.
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import type { TestCase } from 'vitest/node'
import { WORKSPACE_ROOT } from '../report/workspace-root.js'
import { NO_VERDICT } from './no-verdict.js'
import type { SourceReplacement } from './suite-message.js'
import type { SuiteMessage } from './suite-message.js'

const [path = '', namePart = ''] = process.argv.slice(2)
const replacementPath = process.env['LDB_SEEDED_SOURCE']
const replacement =
  replacementPath === undefined
    ? undefined
    : (JSON.parse(readFileSync(replacementPath, 'utf8')) as SourceReplacement)

/** Vite plugin that replaces the text of the module of the bug. */
const plugin = {
  name: 'seeded-bug',
  enforce: 'pre' as const,
  transform(_code: string, id: string): string | undefined {
    if (replacement === undefined || id.split('?')[0] !== replacement.path) return undefined
    writeFileSync(replacement.mark, id)
    return replacement.text
  },
}

function send(message: SuiteMessage): void {
  writeSync(1, `\n${JSON.stringify(message)}\n`)
}

const [part = '', name = ''] = path.split('/')
const root = join(WORKSPACE_ROOT, part, name)
const vitest = await startVitest(
  'test',
  [path.slice(`${part}/${name}/`.length)],
  // One worker, so that tests and their failures keep the order of the file.
  {
    root,
    watch: false,
    reporters: [{}],
    maxWorkers: 1,
    bail: 1,
    testNamePattern: namePart.replaceAll(/[^\w ]/g, '\\$&'),
  },
  { plugins: [plugin] },
)
send({ kind: 'ready' })
const modules = vitest.state.getTestModules()
const tests = modules
  .flatMap((module) => [...module.children.allTests()])
  .filter((test) => test.name.includes(namePart))
const broken = modules.flatMap((module) => module.errors())

/** Returns the first error of a failed test that is a violated guarantee. */
function reasonOf(test: TestCase): string | undefined {
  const { state, errors } = test.result()
  if (state !== 'failed') return undefined
  const error = errors?.find((each) => !NO_VERDICT.has(each.name ?? ''))
  return error === undefined ? undefined : `${test.fullName}: ${error.message}`
}

const index = tests.findIndex((test) => reasonOf(test) !== undefined)
const failed = tests[index]
if (failed !== undefined) {
  const message = (reasonOf(failed) ?? '').slice(0, 4000)
  const run = tests.slice(0, index + 1).filter((test) => test.result().state !== 'skipped')
  send({ kind: 'failed', cases: run.length, errorName: 'test', rootName: 'test', message })
} else if (
  broken.length === 0 &&
  tests.length > 0 &&
  tests.every((test) => test.result().state === 'passed')
) {
  send({ kind: 'passed' })
} else {
  const message = [...broken, ...tests.flatMap((test) => test.result().errors ?? [])]
  process.stderr.write(message.map((error) => error.message).join('\n'))
}
await vitest.close()
process.exit(0)
