import type { Suite } from '../suite/suite.js'
import { Violation } from '../violation.js'
import { ISOLATION_CASES } from './anomaly-cases.js'
import { interleavingCount, interleavings } from './interleavings.js'
import { combined } from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'
import { runCase } from './isolation-run.js'
import type { Injection } from './isolation-run.js'
import type { IsolationLevel, IsolationSession, IsolationSubject } from '../suite/isolation-subject.js'

/** What the suite has counted. */
export interface IsolationCounts {
  cases: number
  runs: number
  conflicts: number
  /** Runs that no order explains: at `snapshot` some must be seen, at `serializable` there is none. */
  anomalies: number
}

/** How much of it is run. */
export interface IsolationEffort {
  /** Orders of a case at a level; of more, every n-th. */
  readonly orders: number
  /** The same, with something between the steps. */
  readonly injectedOrders: number
}

/** Which of the orders: every `of`-th, from `part` on. */
interface OrderPart {
  readonly part: number
  readonly of: number
}

/** One case at one level, with one thing between the steps. */
interface Combination {
  readonly testCase: IsolationCase
  readonly level: IsolationLevel
  readonly injection: Injection
}

const LEVELS: readonly IsolationLevel[] = ['snapshot', 'serializable']
const INJECTIONS: readonly Injection[] = ['nothing', 'checkpoint', 'shrink', 'writes', 'reopen']
/** Where there are more orders, beginning counts as part of the first step. */
const ORDERS_MAX = 2_000
/** Orders of one case of the deep runner. */
const DEEP_ORDERS = 60
const WHOLE: IsolationEffort = { orders: ORDERS_MAX, injectedOrders: ORDERS_MAX }

/**
 * Every case, at both levels, in every order of steps that the effort allows, with everything that may happen between the
 * steps.
 *
 * @throws Violation when a level lets through what it must not, or when an anomaly that a level allows is never seen: then
 * the case proves nothing.
 */
export function isolationSuite(
  subject: IsolationSubject,
  cases: readonly IsolationCase[] = ISOLATION_CASES,
  effort: IsolationEffort = WHOLE,
): IsolationCounts {
  const counts: IsolationCounts = { cases: cases.length, runs: 0, conflicts: 0, anomalies: 0 }
  for (const combination of combinationsOf(cases)) {
    const ordersMax = combination.injection === 'nothing' ? effort.orders : effort.injectedOrders
    const ordered = withSeparateBegin(combination.testCase, ordersMax)
    const of = Math.ceil(orderCount(ordered) / ordersMax)
    runPart(subject, { ...combination, testCase: ordered }, { part: 0, of }, counts)
  }
  return counts
}

/** The same in parts for the deep runner: one seed is one case at one level with one injection, in some of its orders. */
export function isolationParts(name: string, subject: IsolationSubject): Suite {
  const combinations = combinationsOf(ISOLATION_CASES)
  return {
    name,
    runCase: (seed) =>
      Promise.resolve().then(() => {
        const counts: IsolationCounts = { cases: 1, runs: 0, conflicts: 0, anomalies: 0 }
        const combination = combinations[seed % combinations.length] as Combination
        const ordered = withSeparateBegin(combination.testCase, Infinity)
        const of = Math.ceil(orderCount(ordered) / DEEP_ORDERS)
        const part = Math.floor(seed / combinations.length) % of
        runPart(subject, { ...combination, testCase: ordered }, { part, of }, counts)
        return { isolationRuns: counts.runs, conflicts: counts.conflicts, anomalies: counts.anomalies }
      }),
  }
}

function combinationsOf(cases: readonly IsolationCase[]): Combination[] {
  return cases.flatMap((testCase) =>
    LEVELS.flatMap((level) => INJECTIONS.map((injection) => ({ testCase, level, injection }))),
  )
}

function runPart(
  subject: IsolationSubject,
  { testCase, level, injection }: Combination,
  { part, of }: OrderPart,
  counts: IsolationCounts,
): void {
  const session = subject.open()
  let anomalies = 0
  let committed = 0
  let runs = 0
  let index = 0
  try {
    for (const order of interleavings(stepCounts(testCase))) {
      if (index++ % of !== part) continue
      const outcome = runOrder(session, testCase, level, order, injection, runs)
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
  if (isAllowed && of === 1 && anomalies === 0 && injection !== 'reopen') {
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

/** Begins each transaction in a step of its own, unless that makes too many orders. */
function withSeparateBegin(testCase: IsolationCase, ordersMax: number): IsolationCase {
  const separate = {
    ...testCase,
    scripts: testCase.scripts.map((script) => ({ ...script, steps: [combined(), ...script.steps] })),
  }
  return orderCount(separate) <= ordersMax ? separate : testCase
}

function stepCounts({ scripts }: IsolationCase): number[] {
  return scripts.map(({ steps }) => steps.length + 1)
}

function orderCount(testCase: IsolationCase): number {
  return interleavingCount(stepCounts(testCase))
}
