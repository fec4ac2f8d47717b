import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The result of one suite, as its reporter wrote it.
 *
 * @typedef {object} SuiteResult
 * @property {string} name - name of the package
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} ms
 * @property {string[]} [counted] - counts reported by its tests, one line each
 * @property {string} [note] - a remark to print, such as why a suite was skipped
 */

/** @param {string} root */
export function suiteFolders(root) {
  const folders = []
  for (const group of ['packages', 'apps', 'tooling']) {
    if (!existsSync(join(root, group))) continue
    for (const name of readdirSync(join(root, group)).sort()) {
      const folder = join(root, group, name)
      if (existsSync(join(folder, 'package.json'))) folders.push(folder)
    }
  }
  return folders
}

/**
 * Removes earlier results. Turbo restores those of suites that it replays from its cache.
 *
 * @param {string} root
 */
export function clearResults(root) {
  for (const folder of suiteFolders(root)) rmSync(join(folder, '.results'), { recursive: true, force: true })
}

/**
 * Returns the result of the suite in a folder, or `undefined` if there is none yet.
 *
 * @param {string} folder
 * @returns {SuiteResult | undefined}
 */
export function readResult(folder) {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return { name, ...JSON.parse(readFileSync(join(folder, '.results', 'tests.json'), 'utf8')) }
  } catch {
    return undefined
  }
}

/**
 * Sums the results of all suites. A failed task without a failed test (a build, a lint, a suite that crashed) counts as one
 * failure, and so does a failed run in which no task failed.
 *
 * @param {SuiteResult[]} suites
 * @param {string[]} failedTasks - turbo's ids, `package#task`
 * @param {number} exitCode - of turbo
 */
export function addUp(suites, failedTasks, exitCode) {
  let passed = 0
  let failed = 0
  let skipped = 0
  for (const suite of suites) {
    passed += suite.passed
    failed += suite.failed
    skipped += suite.skipped
  }
  for (const task of failedTasks) {
    const [name, kind] = task.split('#')
    const counted = kind === 'test' && suites.some((suite) => suite.name === name && suite.failed > 0)
    if (!counted) failed += 1
  }
  if (exitCode !== 0 && failed === 0) failed = 1
  return { passed, failed, skipped }
}

/**
 * Returns the last line of a run.
 *
 * @param {{ passed: number, failed: number, skipped: number }} total
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Returns the line of a finished suite, and one more line for each count that its tests reported.
 *
 * @param {SuiteResult} suite
 */
export function suiteLine({ name, passed, failed, skipped, ms, counted = [], note }) {
  const counts = [`${passed} passed`]
  if (failed > 0) counts.push(`${failed} FAILED`)
  if (skipped > 0) counts.push(`${skipped} skipped`)
  const line = `${name.padEnd(18)} ${counts.join(', ').padEnd(16)} ${(ms / 1000).toFixed(1)} s${note ? `  ${note}` : ''}`
  return [line, ...counted.map((each) => `  ${each}`)].join('\n')
}
