import type { Key, KeyShape } from '../data/keys.js'

/** When a store of this run acknowledges a write: handed to the operating system, or on the device. */
export type Durability = 'os' | 'device'

/** How to open a store. */
export interface StoreOptions {
  /** An own folder, which exists. */
  readonly dir: string
  readonly keyShape: KeyShape
  /** What the store may keep in memory of its own, in bytes. */
  readonly cacheBytes: number
  /** Whether `cacheBytes` is all that there is, for the system's copies of files too. */
  readonly isMemoryLimited: boolean
  readonly durability: Durability
  /** Bytes of a page of LDB; as it has by itself when left out. */
  readonly ldbPageBytes?: number
  /** Settings of LDB that only tests and measurements turn, by name. */
  readonly tuning?: Readonly<Record<string, number>>
}

/** What a write gives: nothing when it is done, or a promise of that. */
export type VoidOrPromise = void | Promise<void>

/** Writes the entries of a batch by calling `put` once for each. */
export type BatchFill = (put: (key: Key, value: Uint8Array) => void) => void

/**
 * A store at its best honest settings. What it cannot do it leaves out, and the row says so.
 *
 * Keys and values that it is given are overwritten after the call; what `get` gives stays the caller's own.
 */
export interface Store {
  /** Looks a key up; the value is a safe copy. */
  get?(key: Key): Uint8Array | undefined
  /** Looks a key up; the value may be gone at the next call. */
  getBorrowed?(key: Key): Uint8Array | undefined
  /** Looks many keys up; the keys are the caller's for good. */
  getMany?(
    keys: readonly Key[],
  ): ArrayLike<Uint8Array | undefined> | Promise<ArrayLike<Uint8Array | undefined>>
  /** Reads key and value of every entry by the fastest means; gives the number of entries. */
  scan?(): number | Promise<number>
  /** Reads key and value of every entry the ordinary way, as copies; gives the number of entries. */
  entries?(): number | Promise<number>
  /** Reads key and value of up to `limit` entries from `key` on; gives their number. */
  range?(key: Key, limit: number): number | Promise<number>
  /** Commits one entry. */
  put?(key: Key, value: Uint8Array): VoidOrPromise
  /** Commits one entry beside others that are under way; key and value are the caller's for good. */
  putConcurrently?(key: Key, value: Uint8Array): Promise<unknown>
  /** Commits many entries at once. */
  putBatch(fill: BatchFill): VoidOrPromise
  /** Waits until what goes on in the background has come to rest. */
  compact?(): VoidOrPromise
  close(): VoidOrPromise
}

/** What the file of a store exports. */
export interface StoreModule {
  /** Whether it wants Node's `Buffer`; otherwise it gets plain `Uint8Array`s. */
  readonly takesBuffers: boolean
  /** Whether something is on a device at all. */
  readonly persistent: boolean
  /** Shapes of keys that it takes. */
  readonly keyShapes: readonly KeyShape[]
  /** Opens it, or makes it. */
  open(options: StoreOptions): Promise<Store>
}
