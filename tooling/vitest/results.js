// Writes the result of a suite to a small file, from which the results of a whole run are summed, cached suites included.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Longer than the longest test, and than the time after which a test process that holds its thread is ended. */
const SILENCE_LIMIT_MS = 900_000

/**
 * A vitest reporter that writes `{ passed, failed, skipped, ms, counted }` to `.results/tests.json`, or to `$LDB_RESULTS_DIR`.
 * `counted` lists the lines that tests set as `task.meta.counted`.
 */
export class ResultsReporter {
  #start = 0
  #lastEnd = 0
  /** @type {Set<import('vitest/node').TestCase>} */
  #running = new Set()

  onTestRunStart() {
    this.#start = this.#lastEnd = Date.now()
    const timer = setInterval(() => {
      if (Date.now() - this.#lastEnd > SILENCE_LIMIT_MS) this.#endRun()
    }, 10_000)
    timer.unref()
  }

  /** @param {import('vitest/node').TestCase} test */
  onTestCaseReady(test) {
    this.#running.add(test)
  }

  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    this.#running.delete(test)
    this.#lastEnd = Date.now()
  }

  /** Ends a run that waits for ever, for example for a process that does not start: its task fails, and names the tests. */
  #endRun() {
    const tests = [...this.#running].map((test) => `${test.module.moduleId}: ${test.fullName}`)
    console.error(`no test has ended for ${SILENCE_LIMIT_MS / 60_000} minutes; running: ${tests.join(', ')}`)
    process.exit(1)
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const results = { passed: 0, failed: unhandledErrors.length, skipped: 0, ms: Date.now() - this.#start }
    /** @type {string[]} */
    const counted = []
    for (const module of modules) {
      results.failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') results.passed += 1
        else if (state === 'failed') results.failed += 1
        else results.skipped += 1
        const line = /** @type {{ counted?: unknown }} */ (test.meta()).counted
        if (typeof line === 'string') counted.push(line)
      }
      // The tests of a suite whose hook failed do not run; the error of the suite is counted as the failure.
      for (const suite of module.children.allSuites()) results.failed += suite.errors().length
    }
    const directory = process.env.LDB_RESULTS_DIR ?? '.results'
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      join(directory, 'tests.json'),
      JSON.stringify({ ...results, counted: counted.sort() }) + '\n',
    )
    for (const line of counted) console.log(line)
  }
}
