import type { BenchData } from '../data/bench-data.js'
import type { Round } from './round.js'
import type { Store } from './store.js'

/** What a workload works on. */
export interface WorkloadContext {
  readonly store: Store
  readonly data: BenchData
  /** Place in the tables of picks, which moves on from round to round. */
  pickIndex: number
  /** Index of the next entry that nobody has written. */
  nextEntryIndex: number
  /** Closes the store, which keeps what it has. */
  close(): Promise<void>
  /** Opens it again. */
  open(): Promise<void>
  /** Commits entries in the order of loading, from place `first` on. */
  putBatch(first: number, count: number): void | Promise<void>
}

/** Something to do with a store for a while. */
export interface Workload {
  /** Works for about `budgetMs`, and one operation at least. */
  run(bench: WorkloadContext, budgetMs: number): Round | Promise<Round>
  /** Says what a store would need for it and lacks. */
  unsupportedReason(store: Store, persistent: boolean): string | undefined
}

/** Asks for methods of a store. */
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
}
