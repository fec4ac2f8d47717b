// A process that runs one test file, told by its path in the workspace, and of that those tests whose names have the
// second argument in them; `LDB_SEEDED_SOURCE` names a file with the text of
// the one module that is to be another. It tells what `suite-child.ts` tells.
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import type { TestCase } from 'vitest/node'
import { ROOT } from './mutant.js'
import { NO_VERDICT } from './no-verdict.js'
import type { SourceOrder } from './suite-message.js'
import type { SuiteMessage } from './suite-message.js'

const [path = '', namePart = ''] = process.argv.slice(2)
const orderPath = process.env['LDB_SEEDED_SOURCE']
const order =
  orderPath === undefined ? undefined : (JSON.parse(readFileSync(orderPath, 'utf8')) as SourceOrder)

/** Returns vite the text of the module with the bug. */
const plugin = {
  name: 'seeded-bug',
  enforce: 'pre' as const,
  transform(_code: string, id: string): string | undefined {
    if (order === undefined || id.split('?')[0] !== order.path) return undefined
    writeFileSync(order.mark, id)
    return order.text
  },
}

function tell(message: SuiteMessage): void {
  writeSync(1, `\n${JSON.stringify(message)}\n`)
}

const [part = '', name = ''] = path.split('/')
const root = join(ROOT, part, name)
const vitest = await startVitest(
  'test',
  [path.slice(`${part}/${name}/`.length)],
  // The order of the tests, and of their failures, is that of the file.
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
tell({ kind: 'ready' })
const modules = vitest.state.getTestModules()
const tests = modules
  .flatMap((module) => [...module.children.allTests()])
  .filter((test) => test.name.includes(namePart))
const broken = modules.flatMap((module) => module.errors())

/** The first error of a test that failed because a promise was broken. */
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
  tell({ kind: 'failed', cases: run.length, errorName: 'test', rootName: 'test', message })
} else if (
  broken.length === 0 &&
  tests.length > 0 &&
  tests.every((test) => test.result().state === 'passed')
) {
  tell({ kind: 'passed' })
} else {
  const message = [...broken, ...tests.flatMap((test) => test.result().errors ?? [])]
  process.stderr.write(message.map((error) => error.message).join('\n'))
}
await vitest.close()
process.exit(0)
