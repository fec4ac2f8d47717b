// `npm run coverage`: runs the suites of the packages and the short suites of the testkit under V8's coverage, and prints the
// share of executed statements and branches of each package. The HTML report is written to `coverage/`.
//
// `--testkit` runs every suite of the testkit, `--write` writes the tables to docs/testing/branches.md. Paths of test files
// replace the default selection.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'
import { summaryOf } from './summary.js'
import { withSection } from './section.js'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const conditions = ['@ldb/source', 'node', 'import', 'module', 'default']
const target = join(root, 'coverage')

/** Excluded test files. */
const EXCLUDED = [
  // It reads V8's coverage itself, and a thread has only one set of counters.
  'tooling/testkit/test/fuzz.test.ts',
  // They run built code, in processes and worker threads.
  'tooling/testkit/test/{kill,programme,seeded,golden-trace}.test.ts',
  'packages/core/test/kill.test.ts',
  // It measures sizes of uninstrumented code.
  'packages/core/test/sizes.test.ts',
]

/** Test files of the testkit that take about a minute together. The others take long and reach few more branches. */
const QUICK = ['bounded-open', 'read-errors', 'regressions', 'store', 'stray-files']

const args = process.argv.slice(2)
const flags = new Set(args.filter((arg) => arg.startsWith('--')))
const paths = args.filter((arg) => !arg.startsWith('--'))
const isWriting = flags.delete('--write')
const isWhole = flags.delete('--testkit')
if (flags.size > 0)
  throw new Error(`unknown flag: ${[...flags].join(' ')}; the flags are --write and --testkit`)
if (isWriting && paths.length > 0) throw new Error('--write needs a run of all tests')

const vitest = await startVitest('test', paths, {
  root,
  watch: false,
  config: false,
  reporters: ['dot'],
  maxWorkers: 2,
  projects: ['packages', 'tooling'].map((part) => ({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name: part,
      root,
      include:
        part === 'packages'
          ? ['packages/*/{src,test}/**/*.test.ts']
          : [`tooling/testkit/test/${isWhole || paths.length > 0 ? '**/*' : `{${QUICK.join()}}`}.test.ts`],
      exclude: ['**/node_modules/**', '**/dist/**', ...EXCLUDED],
      setupFiles: [join(root, 'tooling', 'vitest', 'setup.js')],
      testTimeout: 900_000,
      hookTimeout: 900_000,
    },
  })),
  coverage: {
    enabled: true,
    provider: 'v8',
    include: ['packages/*/src/**/*.ts'],
    exclude: ['**/*.test.ts', '**/index.ts'],
    reporter: ['html', 'json', 'json-summary'],
    reportsDirectory: target,
    reportOnFailure: true,
  },
})
const failed = vitest.state.getCountOfFailedTests()
await vitest.close()

/** @type {import('./summary.js').Files} */
const files = JSON.parse(readFileSync(join(target, 'coverage-summary.json'), 'utf8'))
const { byPackage, critical, low } = summaryOf(files)
console.log(`\n${byPackage}\n\ncritical modules:\n\n${critical}\n`)
if (low.length > 0) console.log(`other modules below 95 % of branches: ${low.join(', ')}\n`)
console.log(`${failed} tests failed; report: ${join('coverage', 'index.html')}`)
process.exitCode = failed === 0 ? 0 : 1

if (isWriting && failed === 0) {
  const path = join(root, 'docs', 'testing', 'branches.md')
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' })
  const command = `npm run coverage --${isWhole ? ' --testkit' : ''} --write`
  const run = `Run of ${new Date().toISOString().slice(0, 10)} at commit ${stdout.trim()}, by \`${command}\`:`
  const text = `${run}\n\n${byPackage}\n\nCritical modules:\n\n${critical}`
  writeFileSync(path, withSection(readFileSync(path, 'utf8'), text))
  console.log('docs/testing/branches.md is written')
}
