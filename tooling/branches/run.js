// `npm run coverage`: runs the suites of the packages and of the testkit under V8's coverage, all of it put together, and
// says how many statements and branches of each package ran. The pages are in `coverage/`.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

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

/** Paths that a branch left out would lose data in: here 100 % is the aim. */
const CRITICAL =
  /\/(?:wal\/src\/|btree\/src\/(?:meta|checkpoint|reclaim|free-space)|core\/src\/(?:commit-pipeline|recovery|wal-log|checkpointer|catalog))/

const vitest = await startVitest('test', process.argv.slice(2), {
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
        part === 'packages' ? ['packages/*/{src,test}/**/*.test.ts'] : ['tooling/testkit/test/**/*.test.ts'],
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
    reporter: ['html', 'json-summary'],
    reportsDirectory: target,
    reportOnFailure: true,
  },
})
await vitest.close()
const failed = vitest.state.getCountOfFailedTests()
/** @type {Record<string, Record<'statements' | 'branches', { total: number, covered: number }>>} */
const files = JSON.parse(readFileSync(join(target, 'coverage-summary.json'), 'utf8'))

/** @type {Map<string, number[]>} */
const packages = new Map()
for (const [path, { statements, branches }] of Object.entries(files)) {
  const name = path === 'total' ? 'all' : (/packages\/(\w+)\//.exec(path)?.[1] ?? '')
  const sums = packages.get(name) ?? [0, 0, 0, 0]
  packages.set(name, [
    (sums[0] ?? 0) + statements.covered,
    (sums[1] ?? 0) + statements.total,
    (sums[2] ?? 0) + branches.covered,
    (sums[3] ?? 0) + branches.total,
  ])
}

/** @param {number} covered @param {number} total */
const share = (covered, total) => (total === 0 ? '–' : `${((100 * covered) / total).toFixed(1)} %`)
console.log('\n| package | statements | branches |\n|---|---|---|')
for (const [name, [ran = 0, statements = 0, taken = 0, branches = 0]] of [...packages].sort()) {
  console.log(`| ${name} | ${share(ran, statements)} | ${share(taken, branches)} of ${branches} |`)
}
console.log('\nmodules that data depend on, and others below 95 %, by branches not taken:')
for (const [path, { branches }] of Object.entries(files)) {
  const missing = branches.total - branches.covered
  const isLow = CRITICAL.test(path) ? missing > 0 : branches.covered < 0.95 * branches.total
  if (path === 'total' || !isLow) continue
  const name = path.slice(path.indexOf('packages/') + 'packages/'.length)
  console.log(`${name}: ${branches.covered} of ${branches.total}`)
}
console.log(`\n${failed} tests failed; pages: ${join('coverage', 'index.html')}`)
process.exitCode = failed === 0 ? 0 : 1
