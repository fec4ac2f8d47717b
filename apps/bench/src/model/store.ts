import type { Key, KeyShape } from '../data/keys.js'

/** When a store acknowledges a write: when the operating system has it (`os`), or when it is synced to the device. */
export type Durability = 'os' | 'device'

/** How to open a store. */
export interface StoreOptions {
  /** The store's folder, which exists. */
  readonly dir: string
  readonly keyShape: KeyShape
  /** Size of the store's own cache, in bytes. */
  readonly cacheBytes: number
  /** Whether `cacheBytes` limits the whole memory of the process, the system's page cache included. */
  readonly isMemoryLimited: boolean
  readonly durability: Durability
  /** Page size of LDB, in bytes; its default when absent. */
  readonly ldbPageBytes?: number
  /** Engine of LDB; the B+tree when absent. */
  readonly ldbEngine?: 'lsm'
  /** Bytes of memtables and write buffers; that of the store's own settings when absent. */
  readonly writeBufferBytes?: number
  /** Internal settings of LDB that only tests and benchmarks change, by name. */
  readonly tuning?: Readonly<Record<string, number>>
}

/** Result of a write: nothing when it is complete, or a promise of its completion. */
export type VoidOrPromise = void | Promise<void>

/** Writes the entries of a batch by calling `put` once for each. */
export type BatchFill = (put: (key: Key, value: Uint8Array) => void) => void

/** Deletes the keys of a batch by calling `remove` once for each. */
export type BatchDelete = (remove: (key: Key) => void) => void

/**
 * A store with its best settings. It omits the methods that it does not support; rows that need them report that.
 *
 * Keys and values passed to it are overwritten after the call. Values that `get` returns belong to the caller.
 */
export interface Store {
  /** Returns a copy of the value. */
  get?(key: Key): Uint8Array | undefined
  /** Returns the value as a view that the next call may overwrite. */
  getBorrowed?(key: Key): Uint8Array | undefined
  /** Returns the values of many keys; the keys are not overwritten. */
  getMany?(
    keys: readonly Key[],
  ): ArrayLike<Uint8Array | undefined> | Promise<ArrayLike<Uint8Array | undefined>>
  /** Reads key and value of every entry by the fastest method. Returns the number of entries. */
  scan?(): number | Promise<number>
  /** Reads key and value of every entry by the usual method, as copies. Returns the number of entries. */
  entries?(): number | Promise<number>
  /** Reads key and value of up to `limit` entries, starting at `key`. Returns the number of entries. */
  range?(key: Key, limit: number): number | Promise<number>
  /** Commits one entry. */
  put?(key: Key, value: Uint8Array): VoidOrPromise
  /** Commits one entry while other commits are pending; key and value are not overwritten. */
  putConcurrently?(key: Key, value: Uint8Array): Promise<unknown>
  /**
   * Increments a counter of four bytes in a transaction that reads and writes it, while other calls are pending. An absent counter
   * is 0.
   */
  increment?(key: Key): VoidOrPromise
  /** Commits many entries atomically. */
  putBatch(fill: BatchFill): VoidOrPromise
  /** Deletes many keys atomically. */
  deleteBatch?(fill: BatchDelete): VoidOrPromise
  /** Finds the first entry and deletes it, in one commit. */
  deleteFirst?(): VoidOrPromise
  /** Completes pending background work, and merges what reads would have to: a checkpoint or a full compaction. */
  compact?(): VoidOrPromise
  /** Completes what the store does in the calling thread only: LDB's pending flushes and compactions. */
  settle?(): VoidOrPromise
  close(): VoidOrPromise
}

/** The exports of a store's file. */
export interface StoreModule {
  /** Whether the store expects Node's `Buffer`s instead of plain `Uint8Array`s. */
  readonly takesBuffers: boolean
  /** Whether the store writes to a device. */
  readonly persistent: boolean
  /** Supported key shapes. */
  readonly keyShapes: readonly KeyShape[]
  /** Opens the store, or creates it. */
  open(options: StoreOptions): Promise<Store>
}
