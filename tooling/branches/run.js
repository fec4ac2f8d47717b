// `npm run coverage`: runs the suites of the packages, and the quick ones of the testkit, under V8's coverage, puts all of
// it together, and says how many statements and branches of each package ran. The pages are in `coverage/`.
//
// `--testkit` takes every suite of the testkit along, `--write` puts the tables into TESTING.md, and paths of tests take the
// place of all.
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

/** What is left out, and why. */
const LEFT_OUT = [
  // It counts V8's blocks by itself, and there is one counter only.
  'tooling/testkit/test/fuzz.test.ts',
  // They run what was built, in processes and threads of their own.
  'tooling/testkit/test/{kill,programme,seeded,golden-trace}.test.ts',
  'packages/core/test/kill.test.ts',
  // Its figures are those of code that is not being counted.
  'packages/core/test/sizes.test.ts',
]

/** Of the testkit, what takes a minute together; the others take many, and few branches more. */
const QUICK = ['bounded-open', 'read-errors', 'regressions', 'store', 'stray-files']

const args = process.argv.slice(2)
const flags = new Set(args.filter((arg) => arg.startsWith('--')))
const paths = args.filter((arg) => !arg.startsWith('--'))
const isWriting = flags.delete('--write')
const isWhole = flags.delete('--testkit')
if (flags.size > 0) throw new Error(`no such flag: ${[...flags].join(' ')}; there are --write and --testkit`)
if (isWriting && paths.length > 0) throw new Error('what a part of the tests runs is nothing to write down')

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
      exclude: ['**/node_modules/**', '**/dist/**', ...LEFT_OUT],
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
console.log(`\n${byPackage}\n\nmodules that data depend on:\n\n${critical}\n`)
if (low.length > 0) console.log(`others below 95 %, by branches: ${low.join(', ')}\n`)
console.log(`${failed} tests failed; pages: ${join('coverage', 'index.html')}`)
process.exitCode = failed === 0 ? 0 : 1

if (isWriting && failed === 0) {
  const path = join(root, 'TESTING.md')
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' })
  const command = `npm run coverage --${isWhole ? ' --testkit' : ''} --write`
  const run = `Run of ${new Date().toISOString().slice(0, 10)} at commit ${stdout.trim()}, by \`${command}\`:`
  const text = `${run}\n\n${byPackage}\n\nOf the modules that data depend on:\n\n${critical}`
  writeFileSync(path, withSection(readFileSync(path, 'utf8'), text))
  console.log('TESTING.md has it')
}
