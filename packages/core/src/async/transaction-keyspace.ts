import { copyBytes, resolveRange } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { AsyncApi } from './api.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { READ_MISS } from '../resident/read-gate.js'
import { signalOf, throwIfAborted } from '../health/abort-signal.js'
import type { AsyncOptions } from '../health/abort-signal.js'
import { scannedBoundsAsync } from './range-walk.js'
import type { TransactionKeyspace } from '../transaction/keyspace.js'
import type { PutOptions } from '../write/options.js'

/**
 * The view of a keyspace through a transaction, with promises. Reads see the transaction's own writes.
 *
 * @remarks A write takes effect at its call, even if its promise is not awaited. A scan reads up to 256 entries ahead
 * of the caller, and the transaction counts those as read; with `limit`, it reads no more than that. All methods reject
 * with `LDB_CLOSED` after `commit` is called and after the transaction has ended.
 * @category Transactions
 */
export class AsyncTransactionKeyspace<K, V> extends AsyncKeyspaceReads<K, V> {
  readonly #inner: TransactionKeyspace<K, V>

  /** @internal */
  constructor(api: AsyncApi, inner: TransactionKeyspace<K, V>) {
    super(api, inner)
    this.#inner = inner
  }

  /** Returns the value of a key, or `undefined`, and makes this read conflict like a write of the key. */
  async getForUpdate(key: K, options?: AsyncOptions): Promise<V | undefined> {
    const signal = this.#begin(options)
    const { codec } = this.reads
    const { source } = this.#inner
    const keyBytes = codec.encodeScratchKey(key)
    let value = this.api.gate.attempt(() => source.getForUpdate(codec.scratch, keyBytes))
    if (value === READ_MISS) {
      const ownKey = copyBytes(codec.scratch, 0, keyBytes)
      value = await this.api.read(
        () => source.getForUpdate(ownKey, keyBytes),
        () => source.assertReadable(),
        signal,
      )
    }
    return value === undefined ? undefined : codec.decodeOwnValue(value)
  }

  /** Writes an entry into the transaction. */
  async put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): Promise<void> {
    this.api.assertOpen()
    this.#inner.put(key, value, options)
  }

  /** Removes a key in the transaction. A missing key is not an error. */
  async delete(key: K): Promise<void> {
    this.api.assertOpen()
    this.#inner.delete(key)
  }

  /**
   * Removes every entry of a range in the transaction. With `limit`, `offset` and `reverse`, removes the entries that a
   * scan started at this call returns; the removal then takes effect when the promise resolves.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range; LDB_ABORTED; LDB_READ_ONLY;
   * LDB_TOO_LARGE.
   */
  async deleteRange(range: RangeOptions<K>, options?: AsyncOptions): Promise<void> {
    const signal = this.#begin(options)
    const resolved = resolveRange(range, this.reads.codec.keys)
    if (resolved.empty) return
    if (resolved.limit === Infinity && resolved.offset === 0) {
      this.#inner.deleteBounds(resolved)
      return
    }
    await this.api.run(async () => {
      const bounds = await scannedBoundsAsync(this.api, this.reads.source, resolved, signal)
      if (bounds !== undefined) this.#inner.deleteBounds(bounds)
    })
  }

  /** Removes every entry of the keyspace in the transaction. */
  async clear(): Promise<void> {
    this.api.assertOpen()
    this.#inner.clear()
  }

  #begin(options: AsyncOptions | undefined): ReturnType<typeof signalOf> {
    const signal = signalOf(options)
    this.api.assertOpen()
    this.reads.source.assertReadable()
    throwIfAborted(signal)
    return signal
  }
}
