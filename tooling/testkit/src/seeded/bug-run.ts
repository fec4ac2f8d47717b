import { mutantOf } from './mutant.js'
import type { Outcome } from './outcome.js'
import type { SeededBug } from './bugs/seeded-bug.js'
import { runInProcess } from './suite-process.js'
import { Violation } from '../base/violation.js'

/** How a bug was caught. */
export interface Catch {
  readonly bug: SeededBug
  /** Number of cases up to the failing one. */
  readonly cases: number
  readonly durationMs: number
  /** Error message of the suite. */
  readonly message: string
}

/** Outcomes on unmodified sources by suite and budget; each is run once. */
const rightOutcomes = new Map<string, Promise<Outcome>>()

/**
 * Runs the suite of a bug on unmodified sources, where it must pass, and with the bug, where it must fail.
 *
 * @throws Violation when the bug is not caught, or when the suite fails for another reason.
 */
export async function catchBug(bug: SeededBug): Promise<Catch> {
  const mutant = mutantOf(bug)
  const { suite, firstSeed = 1, cases = 1, test = '' } = bug
  const suiteRun = { suite, firstSeed, cases, test }
  const key = JSON.stringify(suiteRun)
  let right = rightOutcomes.get(key)
  if (right === undefined) {
    right = runInProcess(suiteRun, undefined)
    rightOutcomes.set(key, right)
  }
  expectPass(bug, await right)
  const wrong = await runInProcess(suiteRun, mutant)
  if (wrong.kind === 'passed') throw new Violation(`${bug.name} is not caught by ${key}`)
  if (wrong.kind === 'broken') throw new Violation(`${bug.name} crashes ${key}: ${wrong.message}`)
  return { bug, cases: wrong.cases, durationMs: wrong.durationMs, message: wrong.message }
}

function expectPass(bug: SeededBug, right: Outcome): void {
  if (right.kind === 'passed') return
  throw new Violation(`${bug.suite} fails without the bug: ${right.message}`)
}
