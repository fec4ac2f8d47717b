import { encodeUtf8 } from '@ldb/base'
import { ClusterDatabase } from '@ldb/cluster'
import type {
  CallOptions,
  ClusterDriver,
  CommitRequest,
  DriverKeyspace,
  DriverTransaction,
  DriverWrite,
  TransactionRequest,
} from '@ldb/cluster'
import type { OpenDriver } from '../conformance-case.js'
import { newMarker } from './host-node.js'

/** Time that one call of a driver may take in the kit. */
export const CALL: CallOptions = Object.freeze({ timeoutMs: 10_000 })

/** Returns the bytes of a text. */
export const bytes: (text: string) => Uint8Array = encodeUtf8

/** Opens drivers and databases for one case, and removes what it has created. */
export class TestBed {
  readonly #open: OpenDriver
  readonly #drivers: ClusterDriver[] = []
  readonly #databases: ClusterDatabase[] = []
  readonly #names: Set<string> = new Set()

  constructor(open: OpenDriver) {
    this.#open = open
  }

  /** Runs a case and cleans up. */
  static async run(open: OpenDriver, run: (bed: TestBed) => Promise<void>): Promise<void> {
    const bed = new TestBed(open)
    try {
      await run(bed)
    } finally {
      await bed.#close()
    }
  }

  /** Opens a client of the cluster. */
  async driver(): Promise<ClusterDriver> {
    const driver = await this.#open()
    this.#drivers.push(driver)
    return driver
  }

  /** Opens a database, a client of its own. */
  async database(): Promise<ClusterDatabase> {
    const database = await ClusterDatabase.open(await this.#open(), { deadlineMs: 30_000 })
    this.#databases.push(database)
    return database
  }

  /** Returns a name for a keyspace that no other run has. */
  name(): string {
    const name = `conformance-${newMarker().slice(0, 12)}`
    this.#names.add(name)
    return name
  }

  /** Creates a keyspace. */
  async keyspace(driver: ClusterDriver): Promise<DriverKeyspace> {
    return driver.createKeyspace(this.name(), '{}', CALL)
  }

  async #close(): Promise<void> {
    await Promise.all(this.#databases.map((database) => database.close()))
    const cleaner = this.#names.size === 0 ? undefined : await this.#open()
    for (const name of this.#names) {
      const keyspace = await cleaner?.openKeyspace(name, CALL)
      if (keyspace !== undefined) await cleaner?.dropKeyspace(keyspace, CALL)
    }
    await cleaner?.close()
    await Promise.all(this.#drivers.map((driver) => driver.close()))
  }
}

/** Begins a transaction that reads and writes. */
export function begin(driver: ClusterDriver, request: Partial<TransactionRequest> = {}): DriverTransaction {
  return driver.begin({ mode: 'readWrite', isolation: 'serializable', isSingleRead: false, ...request })
}

/** Returns a commit of puts, and of deletions where the value is `undefined`. Keys ascend. */
export function commitOf(
  keyspace: DriverKeyspace,
  entries: Readonly<Record<string, string | undefined>>,
  rest: Partial<CommitRequest> = {},
): CommitRequest {
  const writes: DriverWrite[] = Object.keys(entries)
    .sort()
    .map((key) => {
      const value = entries[key]
      return { keyspace, key: bytes(key), value: value === undefined ? undefined : bytes(value) }
    })
  return { marker: newMarker(), writes, deletedRanges: [], readKeys: [], readRanges: [], ...rest }
}

/** Commits entries without reads. */
export async function put(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  entries: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const transaction = begin(driver)
    try {
      await transaction.commit(commitOf(keyspace, entries), CALL)
      return
    } catch (error) {
      // A blind write may meet a conflict that does not exist.
      if ((error as { readonly kind?: unknown }).kind !== 'conflict' || attempt >= 10) throw error
    } finally {
      await transaction.abort()
    }
  }
}
