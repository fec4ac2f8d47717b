import { Violation } from '../violation.js'
import { ISOLATION_CASES } from './anomaly-cases.js'
import { interleavingCount, interleavings } from './interleavings.js'
import { together } from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'
import { runCase } from './isolation-run.js'
import type { Injection } from './isolation-run.js'
import type { IsolationLevel, IsolationSession, IsolationSubject } from './isolation-subject.js'

/** What the suite has counted. */
export interface IsolationCounts {
  cases: number
  runs: number
  conflicts: number
  /** Runs that no order explains: at `snapshot` some must be seen, at `serializable` there is none. */
  anomalies: number
}

/** Orders of a case that are run; where there are more, beginning counts as part of the first step. */
const ORDERS_MAX = 2_000
const LEVELS: readonly IsolationLevel[] = ['snapshot', 'serializable']
const INJECTIONS: readonly Injection[] = ['nothing', 'checkpoint', 'shrink', 'writes', 'reopen']

/**
 * Every case, at both levels, in every order of steps, with everything that may happen between the steps.
 *
 * @throws Violation when a level lets through what it must not, or when an anomaly that a level allows is never seen: then
 * the case proves nothing.
 */
export function isolationSuite(
  subject: IsolationSubject,
  cases: readonly IsolationCase[] = ISOLATION_CASES,
): IsolationCounts {
  const counts: IsolationCounts = { cases: cases.length, runs: 0, conflicts: 0, anomalies: 0 }
  for (const testCase of cases) {
    for (const level of LEVELS) {
      for (const injection of INJECTIONS) runAll(subject, testCase, level, injection, counts)
    }
  }
  return counts
}

function runAll(
  subject: IsolationSubject,
  testCase: IsolationCase,
  level: IsolationLevel,
  injection: Injection,
  counts: IsolationCounts,
): void {
  const separate = withBeginnings(testCase)
  const lengths = (each: IsolationCase): number[] => each.scripts.map(({ steps }) => steps.length + 1)
  const chosen = interleavingCount(lengths(separate)) <= ORDERS_MAX ? separate : testCase
  const session = subject.open()
  let anomalies = 0
  let committed = 0
  let runs = 0
  try {
    for (const order of interleavings(lengths(chosen))) {
      const outcome = runOrder(session, chosen, level, order, injection, runs)
      runs++
      committed += outcome.committed
      counts.conflicts += outcome.conflicts
      if (outcome.isAnomaly) anomalies++
    }
  } finally {
    session.close()
  }
  counts.runs += runs
  counts.anomalies += anomalies
  const isAllowed = level === 'snapshot' && testCase.atSnapshot === 'allowed'
  const where = `${subject.name}, ${testCase.name}, ${level}, ${injection}`
  if (!isAllowed && anomalies > 0) throw new Violation(`${where}: ${anomalies} of ${runs} orders went wrong`)
  // A reopening ends most of them before they can meet.
  if (isAllowed && anomalies === 0 && injection !== 'reopen') {
    throw new Violation(`${where}: the anomaly that this level allows was never seen`)
  }
  if (committed === 0) throw new Violation(`${where}: nobody has ever committed`)
}

function runOrder(
  session: IsolationSession,
  testCase: IsolationCase,
  level: IsolationLevel,
  order: readonly number[],
  injection: Injection,
  run: number,
): ReturnType<typeof runCase> {
  try {
    return runCase(session, testCase, level, order, injection, run % order.length)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Violation(
      `${testCase.name}, ${level}, ${injection}, order ${order.map((which) => which + 1).join('')}: ${reason}`,
      { cause: error },
    )
  }
}

/** Begins each transaction in a step of its own. */
function withBeginnings(testCase: IsolationCase): IsolationCase {
  return {
    ...testCase,
    scripts: testCase.scripts.map((script) => ({ ...script, steps: [together(), ...script.steps] })),
  }
}
