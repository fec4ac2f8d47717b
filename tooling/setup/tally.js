import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What one suite came to, as its reporter wrote it down.
 *
 * @typedef {object} SuiteResult
 * @property {string} name - name of the package
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} ms
 * @property {string[]} [counted] - what its tests have counted, a line for each
 * @property {string} [note] - something that a person should know, such as why a suite was skipped
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
 * Forgets earlier results. Those of suites that turbo replays come back from its cache.
 *
 * @param {string} root
 */
export function clearResults(root) {
  for (const folder of suiteFolders(root)) rmSync(join(folder, '.results'), { recursive: true, force: true })
}

/**
 * The result of the suite in a folder, or `undefined` while there is none.
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
 * Adds all suites up. A task that failed without a failed test to show for it (a build, a lint, a suite that
 * crashed) counts as one failure, and so does a run that fails for a reason that no task names.
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
 * The plain closing line of a run.
 *
 * @param {{ passed: number, failed: number, skipped: number }} total
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * One line of progress for a suite that has come to its end, and one more for each thing that its tests have counted.
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
