import type { KeyShape } from '../data/keys.js'
import type { Durability } from './store.js'

/** The configuration and contents of a store while rows are measured on it. */
export interface Scenario {
  readonly entryCount: number
  readonly keyShape: KeyShape
  readonly valueBytes: number
  readonly cacheBytes: number
  /**
   * Whether memory is limited. `unlimited`: the store's cache has `cacheBytes`, and the system's page cache comes on
   * top. `limited`: `cacheBytes` covers both, on top of the memory that the process has before it opens the store.
   */
  readonly memory: 'unlimited' | 'limited'
  /** Page size of LDB, in bytes; its default when absent. */
  readonly ldbPageBytes?: number
  /** Engine of LDB; the B+tree when absent. */
  readonly ldbEngine?: 'lsm'
  /** Bytes of memtables and write buffers; that of each store's settings when absent. */
  readonly writeBufferBytes?: number
  readonly durability: Durability
  /**
   * What a round starts with: the data of the rounds before it, or an empty store. With `kept`, another process has
   * loaded the data.
   */
  readonly contents: 'loaded' | 'kept' | 'empty' | 'empty-each-round'
}
