import { invalidArgument, ownOptions } from '@ldb/base'
import { AsyncDatabase } from '@ldb/core'
import type { AsyncDatabaseHandle, AsyncKeyspace, DatabaseOptions } from '@ldb/core'

/** Options of a {@link KeyvLdb}. @category Options */
export interface KeyvLdbOptions {
  /** Directory of the database, which the store opens at its first use and closes at `disconnect`; or an open database, which it leaves open. */
  readonly database: string | AsyncDatabaseHandle
  /** Options to open the directory with. */
  readonly databaseOptions?: DatabaseOptions
  /**
   * Name of the keyspace of the entries.
   * @defaultValue 'keyv'
   */
  readonly keyspace?: string
}

/** A value to store. @category Keyv */
export interface NewEntry {
  readonly key: string
  readonly value: unknown
  readonly ttl?: number | undefined
}

/**
 * A store for Keyv: entries in one keyspace, with their time to live, in order of their keys.
 *
 * @remarks Methods reject with an `LdbError`, which Keyv emits as `error`.
 * @category Keyv
 */
export class KeyvLdb {
  /** Keyv iterates only over stores that name a dialect that it knows. It reads the name for no other purpose. */
  readonly opts: { readonly url: string; readonly dialect: string } = { url: 'ldb', dialect: 'sqlite' }
  /** Set by Keyv. Its keys begin with the namespace and a colon; `clear` and `iterator` are limited to them. */
  namespace: string | undefined = undefined
  readonly #options: KeyvLdbOptions
  #database: Promise<AsyncDatabaseHandle> | undefined = undefined
  #keyspace: Promise<AsyncKeyspace<string, string>> | undefined = undefined

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT for options that are none, or without a database. */
  constructor(options: KeyvLdbOptions) {
    this.#options = ownOptions(options, ['database', 'databaseOptions', 'keyspace']) as KeyvLdbOptions
    if (this.#options.database === undefined) throw invalidArgument('a store of Keyv needs a database')
  }

  /** Accepts the listener that Keyv adds. The store emits nothing: its methods reject. */
  on(_event: string, _listener: (...values: never[]) => void): this {
    return this
  }

  /** Returns the value of a key; `undefined` when it is absent or has expired. */
  async get<Value>(key: string): Promise<Value | undefined> {
    return (await (await this.#open()).get(key)) as Value | undefined
  }

  /** Returns the values of many keys, of one state. */
  async getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return (await (await this.#open()).getMany(keys)) as (Value | undefined)[]
  }

  /** Writes a value. `ttl` is in milliseconds; without it, the entry does not expire. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const entries = await this.#open()
    await entries.put(key, textOf(value), ttlOptions(ttl))
    return true
  }

  /** Writes many values in one commit. */
  async setMany(values: readonly NewEntry[]): Promise<void> {
    const entries = await this.#open()
    const batch = (await this.#openDatabase()).batch().in(entries)
    for (const { key, value, ttl } of values) batch.put(key, textOf(value), ttlOptions(ttl))
    await batch.commit()
  }

  /** Removes a key, and reports whether it was present. */
  async delete(key: string): Promise<boolean> {
    let isPresent = false
    const entries = await this.#open()
    await entries.update(key, (value) => {
      isPresent = value !== undefined
      return undefined
    })
    return isPresent
  }

  /** Removes many keys in one commit, and reports whether one of them was present. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const entries = await this.#open()
    const database = await this.#openDatabase()
    return database.transaction(async (tx) => {
      const values = await tx.in(entries).getMany(keys)
      await Promise.all(keys.map((key) => tx.in(entries).delete(key)))
      return values.some((value) => value !== undefined)
    })
  }

  /** Reports whether a key is present. */
  async has(key: string): Promise<boolean> {
    return (await this.#open()).has(key)
  }

  /** Reports which keys are present, in one state. */
  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((value) => value !== undefined)
  }

  /** Removes the entries of the namespace, or all of them without one. */
  async clear(): Promise<void> {
    const entries = await this.#open()
    if (this.namespace === undefined) await entries.clear()
    else await entries.deleteRange({ prefix: `${this.namespace}:` })
  }

  /** Iterates over the entries of a namespace in order of their keys, in the state at the first call. */
  async *iterator<Value>(namespace?: string): AsyncGenerator<[string, Value], void> {
    const entries = await this.#open()
    const range = namespace === undefined ? {} : { prefix: `${namespace}:` }
    for await (const entry of entries.entries(range)) yield entry as [string, Value]
  }

  /** Closes the database that the store has opened. A later call opens it again. */
  async disconnect(): Promise<void> {
    const opened = this.#database
    this.#database = undefined
    this.#keyspace = undefined
    if (opened !== undefined && typeof this.#options.database === 'string') await (await opened).close()
  }

  #openDatabase(): Promise<AsyncDatabaseHandle> {
    const { database, databaseOptions } = this.#options
    this.#database ??= retried(
      typeof database === 'string'
        ? AsyncDatabase.open(database, databaseOptions)
        : Promise.resolve(database),
      () => {
        this.#database = undefined
      },
    )
    return this.#database
  }

  #open(): Promise<AsyncKeyspace<string, string>> {
    this.#keyspace ??= retried(
      this.#openDatabase().then((database) =>
        database.keyspace<string, string>(this.#options.keyspace ?? 'keyv', { keys: 'utf8', values: 'utf8' }),
      ),
      () => {
        this.#keyspace = undefined
      },
    )
    return this.#keyspace
  }
}

/** Returns a promise whose failure makes the next call open again. */
async function retried<T>(opened: Promise<T>, onFailure: () => void): Promise<T> {
  try {
    return await opened
  } catch (error) {
    onFailure()
    throw error
  }
}

function ttlOptions(ttl: number | undefined): { readonly ttlMs: number } | undefined {
  return ttl === undefined ? undefined : { ttlMs: ttl }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw invalidArgument('a store of Keyv holds text: leave the serialization of Keyv on')
}
