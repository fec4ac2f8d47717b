import { Database } from '@ldb/core'
import type { DatabaseOptions, Keyspace } from '@ldb/core'
import { incremented } from '../data/counter.js'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = false

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url', 'tuple']

type Bytes = Uint8Array

const BORROW = { borrow: true } as const

/** A `get` with the option `borrow`, which older versions of LDB do not have. */
interface BorrowingGet {
  get(key: Key, options: { readonly borrow: true }): Bytes | undefined
}

/** The asynchronous API, which older versions of LDB do not have. */
interface AsyncApi {
  readonly promises?: {
    keyspace(name: string): AsyncPut | Promise<AsyncPut>
    transaction?(run: (transaction: AsyncTransaction) => Promise<void>): Promise<void>
  }
}

interface AsyncTransaction {
  in(entries: AsyncPut): AsyncPut & { get(key: Key): Promise<Bytes | undefined> }
}

interface AsyncPut {
  put(key: Key, value: Bytes): Promise<unknown>
}

/** Opens LDB, with the B+tree engine unless the options name another. */
export async function open(options: StoreOptions): Promise<Store> {
  const databaseOptions = {
    engine: options.ldbEngine ?? 'btree',
    durability: options.durability === 'device' ? 'full' : 'periodic',
    cacheBytes: options.cacheBytes,
    ...(options.writeBufferBytes !== undefined && { memtableBytes: options.writeBufferBytes }),
    // As in the other stores.
    ...(options.ldbEngine === 'lsm' && { compression: 'none' }),
    ...(options.ldbPageBytes !== undefined && { pageBytes: options.ldbPageBytes }),
    [Symbol.for('ldb.tuning')]: options.tuning ?? {},
  } satisfies DatabaseOptions & Record<symbol, unknown>
  const db = Database.open(options.dir, databaseOptions)
  const entries = db.keyspace('bench', {
    keys: options.keyShape === 'tuple' ? 'tuple' : 'binary',
    values: 'binary',
  }) as unknown as Keyspace<Key, Bytes>
  const { promises } = db as unknown as AsyncApi
  const asyncEntries = await promises?.keyspace('bench')
  const store: Store = {
    ...storeOf(db, entries, asyncEntries),
    // As the other log-structured stores: everything in one level.
    ...(options.ldbEngine === 'lsm' && {
      compact: () => {
        db.compact()
      },
    }),
  }
  if (asyncEntries === undefined || promises?.transaction === undefined) return store
  return {
    ...store,
    increment: (key) =>
      promises.transaction!(async (transaction) => {
        const view = transaction.in(asyncEntries)
        await view.put(key, incremented(await view.get(key)))
      }),
  }
}

function storeOf(db: Database, entries: Keyspace<Key, Bytes>, asyncEntries?: AsyncPut): Store {
  const borrowing = entries as unknown as BorrowingGet
  // A `get` that supports borrowing has a second parameter.
  const canBorrow = borrowing.get.length > 1
  return {
    get: (key) => entries.get(key),
    ...(canBorrow && { getBorrowed: (key: Key) => borrowing.get(key, BORROW) }),
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
    ...(asyncEntries !== undefined && {
      putConcurrently: (key: Key, value: Bytes) => asyncEntries.put(key, value),
    }),
    putBatch(fill) {
      const batch = db.batch().in(entries)
      fill((key, value) => batch.put(key, value))
      batch.commit()
    },
    deleteBatch(fill) {
      const batch = db.batch().in(entries)
      fill((key) => batch.delete(key))
      batch.commit()
    },
    deleteFirst() {
      for (const key of entries.keys({ limit: 1 })) entries.delete(key)
    },
    compact: () => db.checkpoint(),
    settle: () => db.checkpoint(),
    close: () => db.close(),
  }
}
