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
 * Runs the suite of a bug with the bug, where it must fail, and on unmodified sources up to the case that has failed, where it must pass.
 *
 * @throws Violation when the bug is not caught, or when the suite fails for another reason.
 */
export async function catchBug(bug: SeededBug): Promise<Catch> {
  const mutant = mutantOf(bug)
  const { suite, firstSeed = 1, cases = 1, test = '' } = bug
  const suiteRun = { suite, firstSeed, cases, test }
  const wrong = await runInProcess(suiteRun, mutant)
  const key = JSON.stringify(suiteRun)
  if (wrong.kind === 'passed') throw new Violation(`${bug.name} is not caught by ${key}`)
  if (wrong.kind === 'broken') throw new Violation(`${bug.name} crashes ${key}: ${wrong.message}`)
  expectPass(bug, await rightOutcomeOf({ ...suiteRun, cases: Math.min(cases, Math.max(1, wrong.cases)) }))
  return { bug, cases: wrong.cases, durationMs: wrong.durationMs, message: wrong.message }
}

function rightOutcomeOf(suiteRun: Parameters<typeof runInProcess>[0]): Promise<Outcome> {
  const key = JSON.stringify(suiteRun)
  let right = rightOutcomes.get(key)
  if (right === undefined) {
    right = runInProcess(suiteRun, undefined)
    rightOutcomes.set(key, right)
  }
  return right
}

function expectPass(bug: SeededBug, right: Outcome): void {
  if (right.kind === 'passed') return
  throw new Violation(`${bug.suite} fails without the bug: ${right.message}`)
}
