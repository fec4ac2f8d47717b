import type { KeyShape } from '../data/keys.js'
import type { Durability } from './store.js'

/** What a store is opened with and holds while rows are measured on it. */
export interface Scenario {
  readonly entryCount: number
  readonly keyShape: KeyShape
  readonly valueBytes: number
  readonly cacheBytes: number
  /**
   * What may be kept in memory: what `cacheBytes` says and whatever else the system keeps of files, or `cacheBytes` for
   * all of that together, beside what the process has before it opens the store.
   */
  readonly memory: 'unlimited' | 'limited'
  /** Bytes of a page of LDB; as it has by itself when left out. */
  readonly ldbPageBytes?: number
  readonly durability: Durability
  /** What each round begins with: what the rounds before have left, or an empty store. What is kept another process has loaded. */
  readonly contents: 'loaded' | 'kept' | 'empty' | 'empty-each-round'
}
