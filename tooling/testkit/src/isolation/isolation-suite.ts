import type { Suite } from '../suite/suite.js'
import { Violation } from '../base/violation.js'
import { ISOLATION_CASES } from './anomaly-cases.js'
import { interleavingCount, interleavings } from './interleavings.js'
import { combined } from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'
import { runCase } from './isolation-run.js'
import type { Injection } from './isolation-run.js'
import type { IsolationLevel, IsolationSession, IsolationSubject } from '../suite/isolation-subject.js'

/** Counters of the suite. */
export interface IsolationCounts {
  cases: number
  runs: number
  conflicts: number
  /** Runs that no serial order explains: some at `snapshot`, none at `serializable`. */
  anomalies: number
}

/** Bounds of the number of runs. */
export interface IsolationEffort {
  /** Greatest number of orders of a case at a level. Of more orders, the suite runs every n-th. */
  readonly orders: number
  /** The same bound for runs with an injection between the steps. */
  readonly injectedOrders: number
}

/** A part of the orders: every `of`-th, starting with `part`. */
interface OrderPart {
  readonly part: number
  readonly of: number
}

/** One case at one level with one injection. */
interface Combination {
  readonly testCase: IsolationCase
  readonly level: IsolationLevel
  readonly injection: Injection
}

const LEVELS: readonly IsolationLevel[] = ['snapshot', 'serializable']
const INJECTIONS: readonly Injection[] = ['nothing', 'checkpoint', 'shrink', 'writes', 'reopen']
/** A case with more orders begins its transactions in their first step instead of a step of its own. */
const ORDERS_MAX = 2_000
/** Orders in one case of the deep runner. */
const DEEP_ORDERS = 60
const WHOLE: IsolationEffort = { orders: ORDERS_MAX, injectedOrders: ORDERS_MAX }

/**
 * Runs every case at both levels, in every order of steps that the effort allows, with every injection between the
 * steps.
 *
 * @throws Violation when a level permits an anomaly that it must prevent, or when no run shows an anomaly that a
 * level allows: the case then proves nothing.
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

/**
 * Returns the same suite in parts for the deep runner: a seed is one case at one level with one injection, in some
 * of its orders.
 */
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
  if (!isAllowed && anomalies > 0)
    throw new Violation(`${where}: ${anomalies} of ${runs} orders are not serializable`)
  // A reopen ends most transactions before they can interfere.
  if (isAllowed && of === 1 && anomalies === 0 && injection !== 'reopen') {
    throw new Violation(`${where}: no run shows the anomaly that this level allows`)
  }
  if (committed === 0) throw new Violation(`${where}: no transaction has committed`)
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

/** Begins each transaction in a step of its own, unless the number of orders then exceeds the bound. */
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
