import { Database } from '@ldb/core'
import type { DatabaseOptions, Keyspace } from '@ldb/core'
import type { Key, KeyShape } from '../keys.js'
import type { Store, StoreOptions } from '../store.js'

/** See {@link StoreModule}. */
export const takesBuffers = false

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url', 'tuple']

type Bytes = Uint8Array

/** Methods that this version of LDB may have or not. */
interface Newer {
  get(key: Key, options: { readonly borrow: true }): Bytes | undefined
  readonly promises?: { put?(key: Key, value: Bytes): Promise<unknown> }
}

/** Opens LDB's B+tree. */
export async function open(options: StoreOptions): Promise<Store> {
  return openEngine('btree', options)
}

/** Opens LDB with one of its engines. */
export function openEngine(engine: 'btree', options: StoreOptions): Store {
  const asked = {
    engine,
    durability: options.durability === 'device' ? 'full' : 'periodic',
    cacheBytes: options.cacheBytes,
    [Symbol.for('ldb.tuning')]: options.tuning ?? {},
  } satisfies DatabaseOptions & Record<symbol, unknown>
  const db = Database.open(options.dir, asked)
  const entries = db.keyspace('bench', {
    keys: options.keyShape === 'tuple' ? 'tuple' : 'binary',
    values: 'binary',
  }) as unknown as Keyspace<Key, Bytes>
  return storeOf(db, entries)
}

function storeOf(db: Database, entries: Keyspace<Key, Bytes>): Store {
  const newer = entries as unknown as Newer
  const inDefault = db as unknown as {
    readonly promises?: { keyspace?(name: string): Newer['promises'] }
  }
  const promises = newer.promises ?? inDefault.promises?.keyspace?.('bench')
  const put = promises?.put?.bind(promises)
  return {
    get: (key) => entries.get(key),
    ...(lends(newer) && { getBorrowed: (key: Key) => newer.get(key, { borrow: true }) }),
    getMany: (keys) => entries.getMany(keys),
    scan() {
      using cursor = entries.cursor()
      let count = 0
      for (let found = cursor.first(); found; found = cursor.next()) {
        if (cursor.key.length > 0 && cursor.value.length > 0) count++
      }
      return count
    },
    entries() {
      let count = 0
      for (const [key, value] of entries.entries()) if (key.length > 0 && value.length > 0) count++
      return count
    },
    range(key, limit) {
      let count = 0
      for (const [found, value] of entries.entries({ gte: key, limit })) {
        if (found.length > 0 && value.length > 0) count++
      }
      return count
    },
    put: (key, value) => entries.put(key, value),
    ...(put !== undefined && { putConcurrently: put }),
    putBatch(fill) {
      const batch = db.batch().in(entries)
      fill((key, value) => batch.put(key, value))
      batch.commit()
    },
    settle: () => db.checkpoint(),
    close: () => db.close(),
  }
}

/** Whether `get` knows how to lend: then it takes a second argument. */
function lends(newer: Newer): boolean {
  return newer.get.length > 1
}
