import type { RangeOptions } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import type { AsyncWriteOptions } from './keyspace-writes.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import { splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { Batch } from '../write/batch.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import { resolveWriteOptions } from '../write/options.js'
import type { PutOptions } from '../write/options.js'
import { PlainHandle } from '../health/handle-summary.js'

/**
 * Collects writes to any number of keyspaces that one asynchronous commit applies atomically.
 *
 * @remarks `put`, `delete` and `deleteRange` encode and copy their arguments at the call, and do no I/O, except for values above `blobBytes`
 * beyond the first MiB of them: these are written to a blob file at once, and a failure to write poisons the database. Operations on one
 * keyspace keep their order.
 * @category Async
 */
export class AsyncBatch<K, V> extends PlainHandle {
  readonly #api: AsyncApi
  readonly #batch: Batch<K, V>

  /** @internal */
  constructor(api: AsyncApi, batch: Batch<K, V>) {
    super()
    this.#api = api
    this.#batch = batch
  }

  /** Number of operations in the batch, over all keyspaces. */
  get operationCount(): number {
    return this.#batch.operationCount
  }

  /** Encoded size of the batch, in bytes. */
  get byteLength(): number {
    return this.#batch.byteLength
  }

  /**
   * Returns this batch with another keyspace of the same database as the target of the next operations.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for a keyspace of another database; LDB_NOT_FOUND when the keyspace
   * was dropped; LDB_CLOSED after the commit.
   */
  in<K2, V2>(keyspace: AsyncKeyspaceWrites<K2, V2> | KeyspaceWrites<K2, V2>): AsyncBatch<K2, V2> {
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncBatch(this.#api, this.#batch.in(target))
  }

  /** Adds a put. An existing entry is overwritten. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.#batch.put(key, value, options)
    return this
  }

  /** Adds a delete. A missing key is not an error. */
  delete(key: K): this {
    this.#batch.delete(key)
    return this
  }

  /**
   * Adds a range delete, which removes the entries that the range has at the commit.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`; without `limit` and `offset`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
   */
  deleteRange(range: RangeOptions<K>): this {
    this.#batch.deleteRange(range)
    return this
  }

  /**
   * Commits the batch atomically over all keyspaces, and resolves when the commit is visible and as durable as
   * requested. A batch is committed once.
   *
   * @remarks Concurrent commits share one sync.
   * @throws {@link LdbError} LDB_CLOSED after the first commit; LDB_ABORTED when the signal is aborted before the
   * commit is logged; the errors of writes.
   */
  async commit(options?: AsyncWriteOptions): Promise<void> {
    const { signal, rest } = splitSignal(options)
    const durability = resolveWriteOptions(rest)
    throwIfAborted(signal)
    this.#api.assertOpen()
    const operations = this.#batch.takeOperations()
    const check = (): void => {
      throwIfAborted(signal)
    }
    try {
      await this.#api.commits.commit(operations, durability, check)
    } finally {
      this.#batch.releaseValues()
    }
    return this.#api.answer(undefined)
  }
}
