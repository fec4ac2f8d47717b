import type { KeyShape } from './keys.js'
import type { Durability } from './store.js'

/** What a store is opened with and holds while rows are measured on it. */
export interface Scenario {
  readonly entryCount: number
  readonly keyShape: KeyShape
  readonly valueBytes: number
  readonly cacheBytes: number
  readonly durability: Durability
  /** What each round begins with: what the rounds before have left, or an empty store. */
  readonly contents: 'loaded' | 'empty' | 'empty-each-round'
}
