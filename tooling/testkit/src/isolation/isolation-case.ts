import type { IsolationTransaction, ScanRange } from '../suite/isolation-subject.js'

/** What a script remembers of its own reads. */
export type Memory = Map<string, number>

/** One step of a transaction; gives what it has seen. */
export type IsolationStep = (transaction: IsolationTransaction, memory: Memory) => unknown

/** A transaction of a case. */
export interface IsolationScript {
  readonly steps: readonly IsolationStep[]
  readonly end?: 'commit' | 'rollback'
  readonly readOnly?: boolean
}

/** Transactions that run beside each other. */
export interface IsolationCase {
  readonly name: string
  /** `keyspace/key` to value. */
  readonly initial: Readonly<Record<string, number>>
  readonly scripts: readonly IsolationScript[]
  /**
   * What `snapshot` makes of it. `'prevented'`: every run is as if they had run one after the other. `'allowed'`: some run is not,
   * and the suite fails when none is seen.
   */
  readonly atSnapshot: 'prevented' | 'allowed'
}

/** Reads a key, `keyspace/key`, and remembers its value under that name; 0 when it is absent. */
export function read(name: string): IsolationStep {
  return (transaction, memory) => {
    const value = viewOf(transaction, name).get(keyOf(name))
    memory.set(name, Number(value ?? 0))
    return value
  }
}

/** Reads a key for update. */
export function readForUpdate(name: string): IsolationStep {
  return (transaction, memory) => {
    const value = viewOf(transaction, name).getForUpdate(keyOf(name))
    memory.set(name, Number(value ?? 0))
    return value
  }
}

/** Writes a key: a number, or what is made of what was read. */
export function write(name: string, value: number | ((memory: Memory) => number)): IsolationStep {
  return (transaction, memory) => {
    viewOf(transaction, name).put(keyOf(name), String(typeof value === 'number' ? value : value(memory)))
  }
}

/** Returns a function that reads a remembered value; 0 when nothing is remembered under the name. */
export function remembered(name: string): (memory: Memory) => number {
  return (memory) => memory.get(name) ?? 0
}

/** Returns a function that adds an amount to a remembered value. */
export function plus(name: string, amount: number): (memory: Memory) => number {
  return (memory) => remembered(name)(memory) + amount
}

/** Removes a key. */
export function remove(name: string): IsolationStep {
  return (transaction) => {
    viewOf(transaction, name).delete(keyOf(name))
  }
}

/** Removes a range of a keyspace. */
export function removeRange(keyspace: string, gte: string, lt: string): IsolationStep {
  return (transaction) => {
    transaction.in(keyspace).deleteRange({ gte, lt })
  }
}

/** Scans, and remembers how many entries fit and what they add up to, under `as count` and `as sum`. */
export function readRange(
  keyspace: string,
  range: ScanRange,
  as: string,
  fits: (value: number) => boolean = () => true,
): IsolationStep {
  return (transaction, memory) => {
    const found = [...transaction.in(keyspace).entries(range)].filter(([, value]) => fits(Number(value)))
    memory.set(`${as} count`, found.length)
    memory.set(
      `${as} sum`,
      found.reduce((sum, [, value]) => sum + Number(value), 0),
    )
    return found.map(([key, value]) => `${key}=${value}`)
  }
}

/** Counts, and remembers the count under `as`. */
export function countAll(keyspace: string, as: string): IsolationStep {
  return (transaction, memory) => {
    const count = transaction.in(keyspace).count()
    memory.set(as, count)
    return count
  }
}

/** Changes every entry of a scan that fits; `undefined` removes it. */
export function updateMatching(
  keyspace: string,
  fits: (value: number) => boolean,
  change: (value: number) => number | undefined,
): IsolationStep {
  return (transaction) => {
    const view = transaction.in(keyspace)
    const seen: string[] = []
    for (const [key, value] of view.entries()) {
      seen.push(`${key}=${value}`)
      if (!fits(Number(value))) continue
      const next = change(Number(value))
      if (next === undefined) view.delete(key)
      else view.put(key, String(next))
    }
    return seen
  }
}

/** Several steps as one. */
export function combined(...steps: readonly IsolationStep[]): IsolationStep {
  return (transaction, memory) => steps.map((step) => step(transaction, memory))
}

/** Runs steps, and rolls their writes back. */
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
