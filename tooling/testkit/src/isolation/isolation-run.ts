import { isLdbError } from '@ldb/base'
import { promised } from '../violation.js'
import type { IsolationCase, IsolationScript, Memory } from './isolation-case.js'
import { KEYSPACES } from '../suite/isolation-subject.js'
import type { IsolationLevel, IsolationSession, IsolationTransaction } from '../suite/isolation-subject.js'
import { ReferenceTransaction, writesOverlap } from './reference-transaction.js'
import type { ReferenceState } from './reference-transaction.js'

/** What happens between the steps. */
export type Injection = 'nothing' | 'checkpoint' | 'shrink' | 'writes' | 'reopen'

/** What one order of steps came to. */
export interface IsolationOutcome {
  readonly committed: number
  readonly conflicts: number
  /** No order of the committed ones, one after the other, explains what they saw and left. */
  readonly isAnomaly: boolean
}

/** One transaction in a run. */
interface ScriptRun {
  readonly script: IsolationScript
  /** Step to take next; the one behind the last ends it. */
  next: number
  readonly memory: Memory
  readonly expectedMemory: Memory
  readonly seen: string[]
  transaction: IsolationTransaction | undefined
  reference: ReferenceTransaction | undefined
  outcome: 'open' | 'committed' | 'conflict' | 'rolled back' | 'lost'
  /** Commits there were when it began, and when it ended. */
  beganAfter: number
}

/**
 * Runs a case in one order of steps and checks all that can be told at once: each transaction sees the state at its
 * beginning and its own writes, at both levels; what is committed is there, whole, and nothing else; nobody commits over
 * another's write that he has not seen; nobody fails without a reason; and at `serializable`, the order of commits explains
 * everything.
 *
 * @param order - the number of the script that takes each step; its first step begins it.
 * @param reopenAt - before which step an injected reopening comes.
 */
export function runCase(
  session: IsolationSession,
  testCase: IsolationCase,
  isolation: IsolationLevel,
  order: readonly number[],
  injection: Injection,
  reopenAt: number,
): IsolationOutcome {
  const before = prepare(session, testCase)
  const runners = testCase.scripts.map(newScriptRun)
  let state: ReferenceState = before
  const commits: ScriptRun[] = []
  order.forEach((which, index) => {
    if (injection === 'reopen' && index === reopenAt) reopenDatabase(session, runners)
    else if (injection === 'writes') session.write('elsewhere', String(index), 'value')
    else if (injection !== 'nothing' && injection !== 'reopen') session.runMaintenance(injection)
    const runner = runners[which]!
    if (runner.outcome !== 'open') return
    if (runner.transaction === undefined) begin(session, runner, isolation, state, commits.length)
    if (runner.next < runner.script.steps.length) {
      step(runner)
      return
    }
    state = end(runner, commits, state)
    checkState(session, state, 'after a step')
  })
  if (injection === 'reopen') session.runMaintenance('reopen')
  checkState(session, state, 'at the end')
  const isExplained = isExplainedBy(before, inSerialOrder(commits), state)
  promised(
    isolation !== 'serializable' || isExplained,
    () => 'the order of commits does not explain what was seen',
  )
  return {
    committed: commits.length,
    conflicts: runners.filter(({ outcome }) => outcome === 'conflict').length,
    isAnomaly: !isExplained && !permutations(commits).some((some) => isExplainedBy(before, some, state)),
  }
}

function newScriptRun(script: IsolationScript): ScriptRun {
  return {
    script,
    next: 0,
    memory: new Map(),
    expectedMemory: new Map(),
    seen: [],
    transaction: undefined,
    reference: undefined,
    outcome: 'open',
    beganAfter: 0,
  }
}

/** Puts the data of a case in place of all there is. */
function prepare(session: IsolationSession, testCase: IsolationCase): ReferenceState {
  const transaction = session.begin({ isolation: 'serializable' })
  const state = new Map<string, string>()
  for (const keyspace of KEYSPACES) transaction.in(keyspace).deleteRange({})
  for (const [name, value] of Object.entries(testCase.initial)) {
    state.set(name, String(value))
    transaction.in(name.slice(0, 1)).put(name.slice(2), String(value))
  }
  transaction.commit()
  return state
}

function begin(
  session: IsolationSession,
  runner: ScriptRun,
  isolation: IsolationLevel,
  state: ReferenceState,
  commitCount: number,
): void {
  const { readOnly = false } = runner.script
  runner.transaction = session.begin({ isolation, readOnly })
  runner.reference = new ReferenceTransaction(state)
  runner.beganAfter = commitCount
}

function step(runner: ScriptRun): void {
  const { script, transaction, reference, memory, expectedMemory } = runner
  const action = script.steps[runner.next++]!
  const seen = JSON.stringify(action(transaction!, memory)) ?? ''
  const expected = JSON.stringify(action(reference!, expectedMemory)) ?? ''
  promised(seen === expected, () => `step ${runner.next} saw ${seen}; its view has ${expected}`)
  runner.seen.push(seen)
}

/** Ends a transaction, and gives the state after it. */
function end(runner: ScriptRun, commits: ScriptRun[], state: ReferenceState): ReferenceState {
  const transaction = runner.transaction!
  const reference = runner.reference!
  if (runner.script.end === 'rollback') {
    transaction.rollback()
    runner.outcome = 'rolled back'
    return state
  }
  const others = commits.slice(runner.beganAfter).filter(({ reference: other }) => other!.changes.length > 0)
  try {
    transaction.commit()
  } catch (error) {
    if (!isLdbError(error, 'LDB_CONFLICT')) throw error
    promised(others.length > 0, () => 'a transaction failed although nobody has committed since it began')
    promised(
      reference.changes.length > 0 || reference.writes.length > 0,
      () => 'one that only read has failed',
    )
    runner.outcome = 'conflict'
    return state
  }
  const loser = others.find(({ reference: other }) => writesOverlap(other!.writes, reference.writes))
  promised(loser === undefined, () => 'a commit was written over that was not seen: the first committer lost')
  runner.outcome = 'committed'
  commits.push(runner)
  return applied(reference, state)
}

/** Ends all transactions by ending the system. */
function reopenDatabase(session: IsolationSession, runners: readonly ScriptRun[]): void {
  session.runMaintenance('reopen')
  for (const runner of runners) {
    if (runner.transaction === undefined || runner.outcome !== 'open') continue
    runner.outcome = 'lost'
    let code: string | undefined
    try {
      runner.transaction.in('a').get('1')
    } catch (error) {
      if (!isLdbError(error)) throw error
      ;({ code } = error)
    }
    promised(code === 'LDB_CLOSED', () => 'a transaction has outlived its database')
    runner.transaction.rollback()
  }
}

/** What is committed is there, whole, and nothing else. */
function checkState(session: IsolationSession, state: ReferenceState, when: string): void {
  const reader = session.begin({ isolation: 'snapshot', readOnly: true })
  const found: string[] = []
  for (const keyspace of KEYSPACES) {
    for (const [key, value] of reader.in(keyspace).entries()) found.push(`${keyspace}/${key}=${value}`)
  }
  reader.commit()
  const expected = [...state].map(([name, value]) => `${name}=${value}`).sort()
  promised(
    String(found) === String(expected),
    () => `${when}, ${String(found)} was found, not ${String(expected)}`,
  )
}

function applied(reference: ReferenceTransaction, state: ReferenceState): ReferenceState {
  const next = new Map(state)
  for (const change of reference.changes) change(next)
  return next
}

/** Reports whether running transactions one after the other gives what they saw, and the state. */
function isExplainedBy(before: ReferenceState, order: readonly ScriptRun[], after: ReferenceState): boolean {
  let state = before
  for (const { script, seen } of order) {
    const replay = new ReferenceTransaction(state)
    const memory: Memory = new Map()
    const sees = script.steps.every(
      (action, index) => (JSON.stringify(action(replay, memory)) ?? '') === seen[index],
    )
    if (!sees) return false
    state = applied(replay, state)
  }
  return state.size === after.size && [...state].every(([name, value]) => after.get(name) === value)
}

/** The order that is promised: writers as they committed, and who only read behind the commits he began after. */
function inSerialOrder(commits: readonly ScriptRun[]): ScriptRun[] {
  const isReader = ({ reference }: ScriptRun): boolean => reference!.changes.length === 0
  const order: ScriptRun[] = []
  for (let count = 0; count <= commits.length; count++) {
    order.push(...commits.filter((runner) => isReader(runner) && runner.beganAfter === count))
    const next = commits[count]
    if (next !== undefined && !isReader(next)) order.push(next)
  }
  return order
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  )
}
