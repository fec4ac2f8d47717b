import { mutantOf } from './mutant.js'
import type { Outcome } from './outcome.js'
import type { SeededBug } from './seeded-bug.js'
import { runInProcess } from './suite-process.js'
import { Violation } from '../violation.js'

/** How a bug was caught. */
export interface Catch {
  readonly bug: SeededBug
  /** Cases that it took. */
  readonly cases: number
  readonly durationMs: number
  /** What the suite said. */
  readonly message: string
}

/** What the suites say of sources that are right, by suite and budget: it is asked once only. */
const rightOutcomes = new Map<string, Promise<Outcome>>()

/**
 * Runs the suite of a bug without it, which must pass, and with it, which must not.
 *
 * @throws Violation when the bug is not caught, or something else than it is.
 */
export async function catchBug(bug: SeededBug): Promise<Catch> {
  const mutant = mutantOf(bug)
  const { suite, firstSeed = 1, cases = 1, test = '' } = bug
  const order = { suite, firstSeed, cases, test }
  const key = JSON.stringify(order)
  let right = rightOutcomes.get(key)
  if (right === undefined) {
    right = runInProcess(order, undefined)
    rightOutcomes.set(key, right)
  }
  expectPass(bug, await right)
  const wrong = await runInProcess(order, mutant)
  if (wrong.kind === 'passed') throw new Violation(`${bug.name} is not caught by ${key}`)
  if (wrong.kind === 'broken') throw new Violation(`${bug.name} brings ${key} down: ${wrong.message}`)
  return { bug, cases: wrong.cases, durationMs: wrong.durationMs, message: wrong.message }
}

function expectPass(bug: SeededBug, right: Outcome): void {
  if (right.kind === 'passed') return
  throw new Violation(`${bug.suite} does not pass without any bug: ${right.message}`)
}
