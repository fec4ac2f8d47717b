import { isLdbError } from '@ldb/base'
import { AsyncDatabase } from '@ldb/core'
import type { DatabaseOptions, DatabaseStats, Keyspace, AsyncKeyspace, KeyspaceDescriptor } from '@ldb/core'

/** Why a database is not open. */
export interface OpenFailure {
  readonly code: string
  readonly message: string
  /** The studio was started with a key. */
  readonly hasKey?: boolean
}

const CLOSED: OpenFailure = { code: 'LDB_CLOSED', message: 'the database is closed' }

/** The opened database of a studio, or the reason why there is none. */
export class Session {
  readonly path: string
  readonly #options: DatabaseOptions
  /** A database that the caller has opened is closed by the caller. */
  readonly #isOwner: boolean
  #database: AsyncDatabase | undefined
  #failure: OpenFailure | undefined = undefined

  constructor(source: string | AsyncDatabase, options: DatabaseOptions) {
    this.#isOwner = typeof source === 'string'
    this.path = typeof source === 'string' ? source : 'a database of this process'
    this.#database = typeof source === 'string' ? undefined : source
    this.#options = { ...options, createIfMissing: false }
  }

  /** Why the database is not open. */
  get failure(): OpenFailure | undefined {
    return this.#database?.isOpen === false ? CLOSED : this.#failure
  }

  /** Options with which the database is opened. */
  get options(): DatabaseOptions {
    return this.#options
  }

  get isOpen(): boolean {
    return this.#database?.isOpen === true
  }

  /** True when the database was opened by its path, so that it can be opened again. */
  get isReopenable(): boolean {
    return this.#isOwner
  }

  /** @throws {@link LdbError} of the attempt to open it. */
  get database(): AsyncDatabase {
    if (this.#database?.isOpen !== true) throw new SessionClosed(this.failure)
    return this.#database
  }

  /** Opens the database unless it is open. A failure is kept: the page shows it, and can call again. */
  async open(): Promise<void> {
    if (this.isOpen || !this.#isOwner) return
    try {
      this.#database = await AsyncDatabase.open(this.path, this.#options)
      this.#failure = undefined
    } catch (error) {
      if (!isLdbError(error)) throw error
      const hasKey = this.#options.encryption !== undefined
      this.#failure = { code: error.code, message: error.message, hasKey }
    }
  }

  async close(): Promise<void> {
    const database = this.#database
    if (!this.#isOwner || database === undefined) return
    this.#database = undefined
    await database.close()
  }

  stats(): Promise<DatabaseStats> {
    return this.database.stats()
  }

  /** Returns a keyspace as bytes. @throws {@link LdbError} LDB_NOT_FOUND. */
  async keyspace(name: string): Promise<OpenKeyspace> {
    const { database } = this
    const descriptor = (await database.keyspaces()).find((each) => each.name === name)
    if (descriptor === undefined) throw new RequestError(404, `no keyspace is named ${name}`)
    const view = database.sync.keyspace(name).view({ keys: 'binary', values: 'binary' })
    return { descriptor, bytes: database.of(view as unknown as Keyspace<Uint8Array, Uint8Array>) }
  }
}

/** A keyspace whose keys and values are the stored bytes. */
export interface OpenKeyspace {
  readonly descriptor: KeyspaceDescriptor
  readonly bytes: AsyncKeyspace<Uint8Array, Uint8Array>
}

/** A request that cannot be answered. */
export class RequestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

class SessionClosed extends RequestError {
  constructor(failure: OpenFailure | undefined) {
    const { code, message } = failure ?? CLOSED
    super(409, `${code}: ${message}`)
  }
}
