import { decodeUtf8, encodeUtf8, invalidArgument, ownOptions } from '@ldb/base'
import { AsyncDatabase, isLdbError } from '@ldb/core'
import type { AsyncDatabaseHandle, AsyncKeyspace, ChangeStream, DatabaseOptions } from '@ldb/core'

/** Options of {@link ldbDriver}. @category Options */
export interface LdbDriverOptions {
  /** Directory of the database, which the driver opens at its first use and closes at `dispose`; or an open database, which it leaves open. */
  readonly database: string | AsyncDatabaseHandle
  /** Options to open the directory with. */
  readonly databaseOptions?: DatabaseOptions
  /**
   * Name of the keyspace of the items.
   * @defaultValue 'storage'
   */
  readonly keyspace?: string
  /** Receives what ends a watcher early: an error of its callback, or of the database. The function that ends the watcher rejects with it, too. */
  readonly onWatchError?: (error: unknown) => void
}

/** Options that unstorage passes with an item: `ttl` is in seconds. @category Options */
export interface ItemOptions {
  readonly ttl?: number
}

/** A driver of unstorage; the type of `createStorage`'s option `driver` accepts it. @category Driver */
export interface LdbDriver {
  readonly name: string
  readonly flags: { readonly ttl: true }
  readonly options: LdbDriverOptions
  /** Reports whether an item is present. */
  hasItem(key: string): Promise<boolean>
  /** Returns an item as text, or `null`. */
  getItem(key: string): Promise<string | null>
  /** Returns many items, of one state. */
  getItems(items: readonly { readonly key: string }[]): Promise<{ key: string; value: string | null }[]>
  /** Returns an item as bytes, or `null`. */
  getItemRaw(key: string): Promise<Uint8Array | null>
  /** Writes an item. */
  setItem(key: string, value: string, options?: ItemOptions): Promise<void>
  /** Writes many items in one commit. */
  setItems(
    items: readonly { readonly key: string; readonly value: string; readonly options?: ItemOptions }[],
  ): Promise<void>
  /** Writes an item of bytes, or of text. */
  setItemRaw(key: string, value: unknown, options?: ItemOptions): Promise<void>
  /** Removes an item. */
  removeItem(key: string): Promise<void>
  /** Returns the keys that begin with `base`, in order. */
  getKeys(base?: string): Promise<string[]>
  /** Removes the items whose keys begin with `base`, in one commit. */
  clear(base?: string): Promise<void>
  /** Calls `callback` for each committed change, until the returned function is called. */
  watch(callback: (event: 'update' | 'remove', key: string) => unknown): Promise<() => Promise<void>>
  /** Ends the watchers, and closes the database that the driver has opened. */
  dispose(): Promise<void>
}

type Items = AsyncKeyspace<string, Uint8Array>

/**
 * Returns a driver of unstorage: items in one keyspace, with their time to live, in order of their keys.
 *
 * @remarks Methods reject with an `LdbError`.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for options that are none, or without a database.
 * @category Driver
 */
export function ldbDriver(options: LdbDriverOptions): LdbDriver {
  const own = ownOptions(options, [
    'database',
    'databaseOptions',
    'keyspace',
    'onWatchError',
  ]) as LdbDriverOptions
  if (own.database === undefined) throw invalidArgument('a driver of unstorage needs a database')
  const opened = new OpenedItems(own)
  const watchers = new Set<() => Promise<void>>()
  const itemsOf = (): Promise<Items> => opened.items()
  return {
    name: 'ldb',
    flags: { ttl: true },
    options: own,
    hasItem: async (key) => (await itemsOf()).has(key),
    getItem: async (key) => textOrNull(await (await itemsOf()).get(key)),
    getItems: async (items) => {
      const values = await (await itemsOf()).getMany(items.map(({ key }) => key))
      return items.map(({ key }, index) => ({ key, value: textOrNull(values[index]) }))
    },
    getItemRaw: async (key) => (await (await itemsOf()).get(key)) ?? null,
    setItem: async (key, value, item) => (await itemsOf()).put(key, encodeUtf8(value), ttlOf(item)),
    setItems: async (items) => {
      const batch = (await opened.database()).batch().in(await itemsOf())
      for (const { key, value, options: item } of items) batch.put(key, encodeUtf8(value), ttlOf(item))
      await batch.commit()
    },
    setItemRaw: async (key, value, item) => (await itemsOf()).put(key, bytesOf(value), ttlOf(item)),
    removeItem: async (key) => (await itemsOf()).delete(key),
    getKeys: async (base = '') => (await itemsOf()).keys({ prefix: base }).toArray(),
    clear: async (base = '') => {
      const items = await itemsOf()
      if (watchers.size === 0) return items.deleteRange({ prefix: base })
      // Watchers are notified of keys, and not of a range.
      const batch = (await opened.database()).batch().in(items)
      for await (const key of items.keys({ prefix: base })) batch.delete(key)
      return batch.commit()
    },
    watch: async (callback) => {
      const end = watchItems(await opened.database(), await itemsOf(), callback, own.onWatchError)
      watchers.add(end)
      return async () => {
        watchers.delete(end)
        await end()
      }
    },
    dispose: async () => {
      const ended = await Promise.allSettled([...watchers].map((end) => end()))
      watchers.clear()
      await opened.close()
      const failed = ended.find(({ status }) => status === 'rejected')
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
    },
  }
}

/** The database and the keyspace of a driver, opened at the first use. */
class OpenedItems {
  readonly #options: LdbDriverOptions
  #database: Promise<AsyncDatabaseHandle> | undefined = undefined
  #items: Promise<Items> | undefined = undefined

  constructor(options: LdbDriverOptions) {
    this.#options = options
  }

  async database(): Promise<AsyncDatabaseHandle> {
    const { database, databaseOptions } = this.#options
    if (typeof database !== 'string') return database
    this.#database ??= AsyncDatabase.open(database, databaseOptions)
    try {
      return await this.#database
    } catch (error) {
      // The next call opens it again.
      this.#database = undefined
      throw error
    }
  }

  async items(): Promise<Items> {
    const database = await this.database()
    this.#items ??= database.keyspace(this.#options.keyspace ?? 'storage', { keys: 'utf8', values: 'binary' })
    try {
      return await this.#items
    } catch (error) {
      this.#items = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    this.#items = undefined
    await (await database)?.close()
  }
}

/** Follows the committed changes of the items until the database is closed. Returns a function that ends it. */
function watchItems(
  database: AsyncDatabaseHandle,
  items: Items,
  callback: (event: 'update' | 'remove', key: string) => unknown,
  onError: ((error: unknown) => void) | undefined,
): () => Promise<void> {
  const stream = database.changes<string, Uint8Array>({ keyspace: items.sync })
  let failure: { readonly error: unknown } | undefined
  const followed = follow(stream, callback).catch((error: unknown) => {
    if (isLdbError(error, 'LDB_CLOSED')) return
    failure = { error }
    onError?.(error)
  })
  return async () => {
    await stream.return()
    await followed
    if (failure !== undefined) throw failure.error
  }
}

async function follow(
  stream: ChangeStream<string, Uint8Array>,
  callback: (event: 'update' | 'remove', key: string) => unknown,
): Promise<void> {
  for await (const { changes } of stream) {
    for (const change of changes) {
      if (change.kind === 'put') callback('update', change.key)
      else if (change.kind === 'delete' || change.kind === 'expire') callback('remove', change.key)
    }
  }
}

function textOrNull(value: Uint8Array | undefined): string | null {
  return value === undefined ? null : decodeUtf8(value)
}

function ttlOf(options: ItemOptions | undefined): { readonly ttlMs: number } | undefined {
  const ttl = options?.ttl
  return ttl === undefined ? undefined : { ttlMs: ttl * 1000 }
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return encodeUtf8(value)
  if (value instanceof Uint8Array) return value
  throw invalidArgument('a raw item must be bytes or text')
}
