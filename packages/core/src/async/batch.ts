import type { RangeOptions } from '@ldb/base'
import type { AsyncApi } from './api.js'
import type { AsyncWriteOptions } from './keyspace-writes.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import { splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { Batch } from '../write/batch.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import { resolveWriteOptions } from '../write/options.js'
import type { PutOptions } from '../write/options.js'

/**
 * Writes to any number of keyspaces that become visible and durable together, or not at all; committed by a promise.
 *
 * @remarks Keys and values are encoded and copied at the call. Operations on one keyspace keep their order.
 * @category Async
 */
export class AsyncBatch<K, V> {
  readonly #api: AsyncApi
  readonly #batch: Batch<K, V>

  /** @internal */
  constructor(api: AsyncApi, batch: Batch<K, V>) {
    this.#api = api
    this.#batch = batch
  }

  /** Operations in it, over all keyspaces. */
  get operationCount(): number {
    return this.#batch.operationCount
  }

  /** Bytes of it, encoded. */
  get byteLength(): number {
    return this.#batch.byteLength
  }

  /** Returns this batch, aimed at another keyspace of the same database. */
  in<K2, V2>(keyspace: AsyncKeyspaceWrites<K2, V2> | KeyspaceWrites<K2, V2>): AsyncBatch<K2, V2> {
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncBatch(this.#api, this.#batch.in(target))
  }

  /** Adds the writing of an entry. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.#batch.put(key, value, options)
    return this
  }

  /** Adds the removal of a key, which need not be there. */
  delete(key: K): this {
    this.#batch.delete(key)
    return this
  }

  /** Adds the removal of every entry of a range, as it will be at the commit; without `limit` and `offset`. */
  deleteRange(range: RangeOptions<K>): this {
    this.#batch.deleteRange(range)
    return this
  }

  /** Adds the removal of every entry of the keyspace. */
  clear(): this {
    this.#batch.clear()
    return this
  }

  /** Makes all of it visible at once, in every keyspace. A batch is committed once. */
  async commit(options?: AsyncWriteOptions): Promise<void> {
    const { signal, rest } = splitSignal(options)
    const durability = resolveWriteOptions(rest)
    throwIfAborted(signal)
    this.#api.assertOpen()
    const operations = this.#batch.takeOperations()
    await this.#api.commits.commit(operations, durability)
  }
}
