// Implements the commands of the root: installs packages if necessary, then runs the command. See README.md.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { install } from './install.js'
import { nodeTooOld } from './node-version.js'
import { addUp, clearResults, closingLine, readResult, suiteFolders, suiteLine } from './tally.js'
import { runTurbo, workspaceEnvironment } from './turbo.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/**
 * Builds, lints, tests and documents all packages, or those that a filter selects.
 *
 * @param {string[]} args - arguments for turbo, such as `--filter @ldb/wal`
 */
async function test(args) {
  return runSuites('building, linting and testing', [
    'lint',
    'test',
    'docs',
    // A failure does not stop independent tasks, but no task runs after a failed dependency.
    '--continue=dependencies-successful',
    ...args,
  ])
}

/** Runs the suite of core on a current Node, whichever Node runs this. */
async function latestNode() {
  return runSuites('testing core on the current Node', ['test', '--filter=@ldb/latest-node'])
}

/** Runs the packed packages on every runtime, which npm installs. */
async function runtimes() {
  const pnpmFolder = prepare()
  const { exitCode } = await runTurbo(root, pnpmFolder, ['build', '--filter=@ldb/packed^...'])
  if (exitCode !== 0) return exitCode
  const folder = join(root, 'tooling', 'packed')
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs')
  const result = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.runtimes.config.ts'], {
    cwd: folder,
    env: workspaceEnvironment(pnpmFolder),
    stdio: 'inherit',
  })
  return result.status ?? 1
}

/**
 * @param {string} title
 * @param {string[]} turboArgs
 */
async function runSuites(title, turboArgs) {
  const pnpmFolder = prepare()
  console.error(`setup: ${title}`)
  clearResults(root)
  const pending = new Set(suiteFolders(root))
  const suites = []
  const printResults = () => {
    for (const folder of pending) {
      const suite = readResult(folder)
      if (suite === undefined) continue
      pending.delete(folder)
      suites.push(suite)
      console.log(suiteLine(suite))
    }
  }
  const timer = setInterval(printResults, 250)
  const { exitCode, failedTasks } = await runTurbo(root, pnpmFolder, turboArgs)
  clearInterval(timer)
  printResults()
  for (const task of failedTasks) console.log(`failed: ${task}`)
  const total = addUp(suites, failedTasks, exitCode)
  console.log(`\n${closingLine(total)}`)
  return total.failed === 0 && exitCode === 0 ? 0 : 1
}

/**
 * Builds one app with its dependencies, then runs it.
 *
 * @param {string} name
 * @param {string[]} args
 */
async function app(name, args) {
  return program(name, join('apps', name, 'dist', 'main.js'), args)
}

/**
 * @param {string} name
 * @param {string} main
 * @param {string[]} args
 */
async function program(name, main, args) {
  const pnpmFolder = prepare()
  // A build that is replayed from the cache prints no message.
  const notice = setTimeout(() => console.error('setup: building'), 1500)
  const { exitCode } = await runTurbo(root, pnpmFolder, ['build', `--filter=@ldb/${name}`])
  clearTimeout(notice)
  if (exitCode !== 0) return exitCode
  const result = spawnSync(process.execPath, [join(root, main), ...args], {
    env: workspaceEnvironment(pnpmFolder),
    stdio: 'inherit',
  })
  return result.status ?? 1
}

/**
 * Runs one task of turbo without counting results.
 *
 * @param {string} name
 * @param {string[]} args
 */
async function task(name, args) {
  const { exitCode, failedTasks } = await runTurbo(root, prepare(), [name, ...args])
  for (const failed of failedTasks) console.log(`failed: ${failed}`)
  return exitCode
}

/**
 * Runs the suites with coverage. Builds the testkit first, because some suites start built code.
 *
 * @param {string[]} args - arguments for tooling/branches/run.js
 */
async function coverage(args) {
  return program('testkit', join('tooling', 'branches', 'run.js'), args)
}

/** Checks Node and installs the packages. Returns the folder that contains pnpm. */
function prepare() {
  const refusal = nodeTooOld(process.versions.node)
  if (refusal !== undefined) throw new Error(refusal)
  return install(root)
}

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const commands = {
  test,
  'latest-node': latestNode,
  runtimes,
  'test-deep': (args) => program('testkit', join('tooling', 'testkit', 'dist', 'deep', 'main.js'), args),
  coverage,
  demo: (args) => app('demo', args),
  bench: (args) => app('bench', args),
  'bench-cluster': (args) =>
    program('cluster-bench', join('tooling', 'cluster-bench', 'dist', 'main.js'), args),
  ldb: (args) => program('cli', join('packages', 'cli', 'bin', 'ldb.js'), args),
  build: (args) => task('build', args),
  lint: (args) => task('lint', args),
  docs: (args) => task('docs', args),
}

const [name = '', ...args] = process.argv.slice(2)
const command = commands[name]
try {
  if (command === undefined)
    throw new Error(`unknown command ${name}; the commands are ${Object.keys(commands).join(', ')}`)
  process.exitCode = await command(args)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  if (name === 'test') console.log('\n0 passed, 1 failed')
  process.exitCode = 1
}
