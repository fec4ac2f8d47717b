import type { IsolationTransaction, ScanRange } from '../suite/isolation-subject.js'

/** The values that a script remembers from its reads. */
export type Memory = Map<string, number>

/** One step of a transaction. Returns what it read. */
export type IsolationStep = (transaction: IsolationTransaction, memory: Memory) => unknown

/** The steps of one transaction of a case. */
export interface IsolationScript {
  readonly steps: readonly IsolationStep[]
  readonly end?: 'commit' | 'rollback'
  readonly readOnly?: boolean
}

/** Concurrent transactions and the expected isolation. */
export interface IsolationCase {
  readonly name: string
  /** Initial content: `keyspace/key` to value. */
  readonly initial: Readonly<Record<string, number>>
  readonly scripts: readonly IsolationScript[]
  /**
   * The expectation at level `snapshot`. `'prevented'`: every run is serializable. `'allowed'`: some run is not,
   * and the suite fails when it sees none.
   */
  readonly atSnapshot: 'prevented' | 'allowed'
}

/** Reads a key (`keyspace/key`) and remembers its value under that name; 0 when it is absent. */
export function read(name: string): IsolationStep {
  return (transaction, memory) => {
    const value = viewOf(transaction, name).get(keyOf(name))
    memory.set(name, Number(value ?? 0))
    return value
  }
}

/** Reads a key for update and remembers its value. */
export function readForUpdate(name: string): IsolationStep {
  return (transaction, memory) => {
    const value = viewOf(transaction, name).getForUpdate(keyOf(name))
    memory.set(name, Number(value ?? 0))
    return value
  }
}

/** Writes a key: a number, or a value computed from remembered ones. */
export function write(name: string, value: number | ((memory: Memory) => number)): IsolationStep {
  return (transaction, memory) => {
    viewOf(transaction, name).put(keyOf(name), String(typeof value === 'number' ? value : value(memory)))
  }
}

/** Returns a function that returns a remembered value, or 0 when there is none. */
export function remembered(name: string): (memory: Memory) => number {
  return (memory) => memory.get(name) ?? 0
}

/** Returns a function that adds an amount to a remembered value. */
export function plus(name: string, amount: number): (memory: Memory) => number {
  return (memory) => remembered(name)(memory) + amount
}

/** Deletes a key. */
export function remove(name: string): IsolationStep {
  return (transaction) => {
    viewOf(transaction, name).delete(keyOf(name))
  }
}

/** Deletes a range of a keyspace. */
export function removeRange(keyspace: string, gte: string, lt: string): IsolationStep {
  return (transaction) => {
    transaction.in(keyspace).deleteRange({ gte, lt })
  }
}

/** Scans a range and remembers the count and the sum of the matching values under `as count` and `as sum`. */
export function readRange(
  keyspace: string,
  range: ScanRange,
  as: string,
  matches: (value: number) => boolean = () => true,
): IsolationStep {
  return (transaction, memory) => {
    const found = [...transaction.in(keyspace).entries(range)].filter(([, value]) => matches(Number(value)))
    memory.set(`${as} count`, found.length)
    memory.set(
      `${as} sum`,
      found.reduce((sum, [, value]) => sum + Number(value), 0),
    )
    return found.map(([key, value]) => `${key}=${value}`)
  }
}

/** Counts the entries of a keyspace and remembers the count under `as`. */
export function countAll(keyspace: string, as: string): IsolationStep {
  return (transaction, memory) => {
    const count = transaction.in(keyspace).count()
    memory.set(as, count)
    return count
  }
}

/** Updates every matching entry of a keyspace; a result of `undefined` deletes it. */
export function updateMatching(
  keyspace: string,
  matches: (value: number) => boolean,
  change: (value: number) => number | undefined,
): IsolationStep {
  return (transaction) => {
    const view = transaction.in(keyspace)
    const seen: string[] = []
    for (const [key, value] of view.entries()) {
      seen.push(`${key}=${value}`)
      if (!matches(Number(value))) continue
      const next = change(Number(value))
      if (next === undefined) view.delete(key)
      else view.put(key, String(next))
    }
    return seen
  }
}

/** Combines several steps into one. */
export function combined(...steps: readonly IsolationStep[]): IsolationStep {
  return (transaction, memory) => steps.map((step) => step(transaction, memory))
}

/** Executes steps and rolls their writes back to a savepoint. */
export function rolledBack(...steps: readonly IsolationStep[]): IsolationStep {
  return (transaction, memory) => {
    const savepoint = transaction.savepoint()
    const seen = steps.map((step) => step(transaction, memory))
    transaction.rollbackTo(savepoint)
    return seen
  }
}

function viewOf(transaction: IsolationTransaction, name: string): ReturnType<IsolationTransaction['in']> {
  return transaction.in(name.slice(0, name.indexOf('/')))
}

function keyOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}
