import type { BenchData } from '../data/bench-data.js'
import type { Round } from './round.js'
import type { Store } from './store.js'

/** The store and the data that a workload operates on. */
export interface WorkloadContext {
  readonly store: Store
  readonly data: BenchData
  /** Index of the next precomputed random choice; not reset between rounds. */
  pickIndex: number
  /** Index of the next entry that has not been written. */
  nextEntryIndex: number
  /** Closes the store and keeps its files. */
  close(): Promise<void>
  /** Opens the closed store again. */
  open(): Promise<void>
  /** Commits entries in loading order, starting at position `first`. */
  putBatch(first: number, count: number): void | Promise<void>
}

/** A loop of operations on a store. */
export interface Workload {
  /** Runs for about `budgetMs`, at least one operation. */
  run(bench: WorkloadContext, budgetMs: number): Round | Promise<Round>
  /** Returns why a store cannot run the workload; `undefined` when it can. */
  unsupportedReason(store: Store, persistent: boolean): string | undefined
}

/** Returns a check that a store has the given methods. */
export function requireMethods(...methods: (keyof Store)[]): Workload['unsupportedReason'] {
  return (store) => {
    const missing = methods.find((method) => store[method] === undefined)
    return missing === undefined ? undefined : `has no ${METHOD_NAMES[missing] ?? missing}`
  }
}

const METHOD_NAMES: Partial<Record<keyof Store, string>> = {
  get: 'synchronous get',
  getBorrowed: 'get of a borrowed view',
  getMany: 'getMany',
  scan: 'cursor',
  entries: 'entries',
  range: 'ranges',
  put: 'put',
  putConcurrently: 'asynchronous commits',
  increment: 'transactions',
  deleteBatch: 'batches of deletes',
  deleteFirst: 'deletion of the first entry',
}
