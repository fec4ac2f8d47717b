import { isLdbError } from '@ldb/base'
import { assertGuarantee } from '../base/violation.js'
import type { IsolationCase, IsolationScript, Memory } from './isolation-case.js'
import { KEYSPACES } from '../suite/isolation-subject.js'
import type { IsolationLevel, IsolationSession, IsolationTransaction } from '../suite/isolation-subject.js'
import { ReferenceTransaction, writesOverlap } from './reference-transaction.js'
import type { ReferenceState } from './reference-transaction.js'

/** The operation injected between the steps. */
export type Injection = 'nothing' | 'checkpoint' | 'shrink' | 'writes' | 'reopen'

/** The result of one order of steps. */
export interface IsolationOutcome {
  readonly committed: number
  readonly conflicts: number
  /** True when no serial order of the committed transactions explains their reads and the final state. */
  readonly isAnomaly: boolean
}

/** A running script. */
interface ScriptRun {
  readonly script: IsolationScript
  /** Index of the next step; the index after the last one ends the transaction. */
  next: number
  readonly memory: Memory
  readonly expectedMemory: Memory
  readonly seen: string[]
  transaction: IsolationTransaction | undefined
  reference: ReferenceTransaction | undefined
  outcome: 'open' | 'committed' | 'conflict' | 'rolled back' | 'lost'
  /** Number of commits when it began. */
  beganAfter: number
}

/**
 * Runs a case in one order of steps and checks what each run must satisfy. At both levels, a transaction reads the
 * state at its begin and its own writes; commits are atomic; no commit overwrites a version that its snapshot does
 * not contain; no transaction fails without a conflict. At `serializable`, the commit order explains all reads.
 *
 * @param order - the index of the script that takes each step; a script begins with its first step.
 * @param reopenAt - the step before which an injected reopen happens.
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
  const runs = testCase.scripts.map(newScriptRun)
  let state: ReferenceState = before
  const commits: ScriptRun[] = []
  order.forEach((which, index) => {
    if (injection === 'reopen' && index === reopenAt) reopenDatabase(session, runs)
    else if (injection === 'writes') session.write('elsewhere', String(index), 'value')
    else if (injection !== 'nothing' && injection !== 'reopen') session.runMaintenance(injection)
    const run = runs[which]!
    if (run.outcome !== 'open') return
    if (run.transaction === undefined) begin(session, run, isolation, state, commits.length)
    if (run.next < run.script.steps.length) {
      step(run)
      return
    }
    state = end(run, commits, state)
    checkState(session, state, 'after a step')
  })
  if (injection === 'reopen') session.runMaintenance('reopen')
  checkState(session, state, 'at the end')
  const isExplained = isExplainedBy(before, inSerialOrder(commits), state)
  assertGuarantee(
    isolation !== 'serializable' || isExplained,
    () => 'the commit order does not explain the reads',
  )
  return {
    committed: commits.length,
    conflicts: runs.filter(({ outcome }) => outcome === 'conflict').length,
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

/** Replaces all content with the initial content of a case. */
function prepare(session: IsolationSession, testCase: IsolationCase): ReferenceState {
  const transaction = session.begin({ isolation: 'serializable' })
  const state = new Map<string, string>()
  for (const keyspace of KEYSPACES) transaction.in(keyspace).deleteRange({ gte: '' })
  for (const [name, value] of Object.entries(testCase.initial)) {
    state.set(name, String(value))
    transaction.in(name.slice(0, 1)).put(name.slice(2), String(value))
  }
  transaction.commit()
  return state
}

function begin(
  session: IsolationSession,
  run: ScriptRun,
  isolation: IsolationLevel,
  state: ReferenceState,
  commitCount: number,
): void {
  const { readOnly = false } = run.script
  run.transaction = session.begin({ isolation, readOnly })
  run.reference = new ReferenceTransaction(state)
  run.beganAfter = commitCount
}

function step(run: ScriptRun): void {
  const { script, transaction, reference, memory, expectedMemory } = run
  const action = script.steps[run.next++]!
  const seen = JSON.stringify(action(transaction!, memory)) ?? ''
  const expected = JSON.stringify(action(reference!, expectedMemory)) ?? ''
  assertGuarantee(seen === expected, () => `step ${run.next} returned ${seen}; its snapshot has ${expected}`)
  run.seen.push(seen)
}

/** Ends a transaction and returns the state after it. */
function end(run: ScriptRun, commits: ScriptRun[], state: ReferenceState): ReferenceState {
  const transaction = run.transaction!
  const reference = run.reference!
  if (run.script.end === 'rollback') {
    transaction.rollback()
    run.outcome = 'rolled back'
    return state
  }
  const others = commits.slice(run.beganAfter).filter(({ reference: other }) => other!.changes.length > 0)
  try {
    transaction.commit()
  } catch (error) {
    if (!isLdbError(error, 'LDB_CONFLICT')) throw error
    assertGuarantee(
      others.length > 0,
      () => 'a transaction failed although no other committed since it began',
    )
    assertGuarantee(
      reference.changes.length > 0 || reference.writes.length > 0,
      () => 'a read-only transaction has failed',
    )
    run.outcome = 'conflict'
    return state
  }
  const loser = others.find(({ reference: other }) => writesOverlap(other!.writes, reference.writes))
  assertGuarantee(
    loser === undefined,
    () => 'a commit overwrote a version that its snapshot does not contain (first committer wins)',
  )
  run.outcome = 'committed'
  commits.push(run)
  return applied(reference, state)
}

/** Reopens the system under test, which ends all transactions. */
function reopenDatabase(session: IsolationSession, runs: readonly ScriptRun[]): void {
  session.runMaintenance('reopen')
  for (const run of runs) {
    if (run.transaction === undefined || run.outcome !== 'open') continue
    run.outcome = 'lost'
    let code: string | undefined
    try {
      run.transaction.in('a').get('1')
    } catch (error) {
      if (!isLdbError(error)) throw error
      ;({ code } = error)
    }
    assertGuarantee(code === 'LDB_CLOSED', () => 'a transaction is open after its database was closed')
    run.transaction.rollback()
  }
}

/** Checks that the content equals the committed state. */
function checkState(session: IsolationSession, state: ReferenceState, when: string): void {
  const reader = session.begin({ isolation: 'snapshot', readOnly: true })
  const found: string[] = []
  for (const keyspace of KEYSPACES) {
    for (const [key, value] of reader.in(keyspace).entries()) found.push(`${keyspace}/${key}=${value}`)
  }
  reader.commit()
  const expected = [...state].map(([name, value]) => `${name}=${value}`).sort()
  assertGuarantee(
    String(found) === String(expected),
    () => `${when}, ${String(found)} was found, not ${String(expected)}`,
  )
}

function applied(reference: ReferenceTransaction, state: ReferenceState): ReferenceState {
  const next = new Map(state)
  for (const change of reference.changes) change(next)
  return next
}

/** Reports whether a serial execution in this order explains all reads and the final state. */
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

/**
 * Returns the guaranteed serial order: writers in commit order, each read-only transaction after the commits it
 * began after.
 */
function inSerialOrder(commits: readonly ScriptRun[]): ScriptRun[] {
  const isReader = ({ reference }: ScriptRun): boolean => reference!.changes.length === 0
  const order: ScriptRun[] = []
  for (let count = 0; count <= commits.length; count++) {
    order.push(...commits.filter((run) => isReader(run) && run.beganAfter === count))
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
