import { loadPeer } from '../peers/packages.js'
import { incremented } from '../data/counter.js'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url', 'tuple']

const MAP_BYTES = 16 * 2 ** 30

/** The used part of lmdb-js's API. */
interface Lmdb {
  get(key: Key): Buffer | undefined
  getBinaryFast(key: Key): Buffer | undefined
  getRange(range: {
    start?: Key
    limit?: number
  }): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>
  getKeys(range: { limit: number }): Iterable<Key>
  put(key: Key, value: Uint8Array): Promise<boolean>
  removeSync(key: Key): boolean
  putSync(key: Key, value: Uint8Array): void
  transactionSync(action: () => void): void
  transaction(action: () => void): Promise<void>
  readonly flushed: Promise<boolean>
  close(): Promise<void>
}

/**
 * Opens lmdb-js with values as bytes, and keys too unless they are tuples. Durable means that a commit waits for its
 * sync (`overlappingSync: false`); otherwise nothing is synced (`noSync`). With limited memory, read-ahead is off
 * (`noReadAhead`): most pages that it reads would be evicted before they are used.
 */
export async function open(options: StoreOptions): Promise<Store> {
  const { open: openLmdb } = loadPeer<{ open(options: object): Lmdb }>('lmdb')
  const db = openLmdb({
    path: options.dir,
    encoding: 'binary',
    ...(options.keyShape !== 'tuple' && { keyEncoding: 'binary' }),
    mapSize: MAP_BYTES,
    noReadAhead: options.isMemoryLimited,
    ...(options.durability === 'device' ? { overlappingSync: false } : { noSync: true }),
  })
  const walk = (range: { start?: Key; limit?: number }): number => {
    let count = 0
    for (const { key, value } of db.getRange(range)) if (key.length > 0 && value.length > 0) count++
    return count
  }
  return {
    get: (key) => db.get(key),
    getBorrowed: (key) => db.getBinaryFast(key),
    // lmdb-js's getMany prefetches in threads, which costs more than it saves on data in memory.
    getMany(keys) {
      const values: (Uint8Array | undefined)[] = []
      for (let i = 0; i < keys.length; i++) values.push(db.get(keys[i] as Key))
      return values
    },
    scan: () => walk({}),
    entries: () => walk({}),
    range: (start, limit) => walk({ start, limit }),
    put: (key, value) => db.putSync(key, value),
    putConcurrently: (key, value) => db.put(key, value),
    increment: (key) => db.transaction(() => void db.put(key, incremented(db.get(key)))),
    putBatch(fill) {
      db.transactionSync(() => fill((key, value) => db.putSync(key, value)))
    },
    deleteBatch(fill) {
      db.transactionSync(() => fill((key) => void db.removeSync(key)))
    },
    deleteFirst() {
      for (const key of db.getKeys({ limit: 1 })) db.removeSync(key)
    },
    close: () => db.close(),
  }
}
