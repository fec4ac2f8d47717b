import { copyBytes, invalidArgument } from '@ldb/base'
import type { KeyBounds, RangeOptions } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import type { CallOrder } from '../calls/call-order.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { READ_MISS } from '../resident/read-gate.js'
import { signalOf, throwIfAborted } from '../health/abort-signal.js'
import type { AsyncOptions } from '../health/abort-signal.js'
import { scannedBoundsAsync } from './range-walk.js'
import type { TransactionKeyspace } from '../transaction/keyspace.js'
import { resolveDeletedRange } from '../write/deleted-range.js'
import { batchTtlOf } from '../write/options.js'
import type { PutOptions } from '../write/options.js'

/**
 * The view of a keyspace through a transaction, with promises. Reads see the transaction's own writes.
 *
 * @remarks A write takes effect at its call, even if its promise is not awaited; behind a `deleteRange` with a `limit`
 * that is not awaited, it takes effect after that. A scan reads up to 256 entries ahead
 * of the caller, and the transaction counts those as read; with `limit`, it reads no more than that. All methods reject
 * with `LDB_CLOSED` after `commit` is called and after the transaction has ended.
 * @category Transactions
 */
export class AsyncTransactionKeyspace<K, V> extends AsyncKeyspaceReads<K, V> {
  readonly #inner: TransactionKeyspace<K, V>

  /** @internal */
  constructor(api: AsyncApi, inner: TransactionKeyspace<K, V>, calls: CallOrder) {
    super(api, inner, calls)
    this.#inner = inner
  }

  /** Returns the value of a key, or `undefined`, and makes this read conflict like a write of the key. */
  async getForUpdate(key: K, options?: AsyncOptions): Promise<V | undefined> {
    const signal = this.#begin(options)
    const { codec } = this.reads
    const { source } = this.#inner
    const keyBytes = codec.encodeScratchKey(key)
    const value = this.calls.isBlocked
      ? READ_MISS
      : this.api.gate.attempt(() => source.getForUpdate(codec.scratch, keyBytes))
    if (value !== READ_MISS) return this.api.answer(value === undefined ? value : codec.decodeOwnValue(value))
    const ownKey = copyBytes(codec.scratch, 0, keyBytes)
    const check = (): void => {
      source.assertStillReadable()
    }
    const loaded = await this.calls.run(() =>
      this.api.read(() => source.getForUpdate(ownKey, keyBytes), check, signal),
    )
    return loaded === undefined ? undefined : codec.decodeOwnValue(loaded)
  }

  /** Writes an entry into the transaction. */
  async put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): Promise<void> {
    this.calls.assertOpen()
    if (!this.calls.isBlocked) {
      this.#inner.put(key, value, options)
      return this.api.answer(undefined)
    }
    const { codec } = this.reads
    const { keyspace } = this.#inner.source
    const valueBytes = copyBytes(keyspace.encodeExpiry(codec.encodeValue(value), batchTtlOf(options)))
    const keyBytes = copyBytes(codec.encodeKey(key))
    return this.calls.run(async () => {
      this.#inner.transaction.put(keyspace.descriptor.id, keyBytes, valueBytes)
    })
  }

  /** Writes an entry if the key is absent, and reports whether it did. The read conflicts like a write of the key. */
  async putIfAbsent(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): Promise<boolean> {
    return this.#change(key, (ownKey) => this.#inner.putIfAbsent(ownKey, value, options))
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key:
   * as `expected`, the key must be absent; as `next`, the key is removed. The read conflicts like a write of the key.
   *
   * @remarks Compares the encoded bytes. Do not change the values before the promise resolves.
   */
  async compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: Pick<PutOptions, 'ttlMs'>,
  ): Promise<boolean> {
    return this.#change(key, (ownKey) => this.#inner.compareAndSwap(ownKey, expected, next, options))
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new value expires after
   * `ttlMs`, by default when the present one does, or for an absent key as the keyspace says. The read conflicts like a write of the key.
   *
   * @param change - synchronous; called once. Its exception rejects the promise, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise; the errors of writes.
   */
  async update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: Pick<PutOptions, 'ttlMs'>,
  ): Promise<V | undefined> {
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    return this.#change(key, (ownKey) => this.#inner.update(ownKey, change, options))
  }

  /** Removes an entry in the transaction, and returns its value; `undefined` for an absent key. */
  async take(key: K): Promise<V | undefined> {
    return this.#change(key, (ownKey) => this.#inner.take(ownKey))
  }

  /** Removes a key in the transaction. A missing key is not an error. */
  async delete(key: K): Promise<void> {
    this.calls.assertOpen()
    if (!this.calls.isBlocked) {
      this.#inner.delete(key)
      return this.api.answer(undefined)
    }
    const keyBytes = copyBytes(this.reads.codec.encodeKey(key))
    return this.calls.run(async () => {
      this.#inner.transaction.delete(this.#inner.source.keyspace.descriptor.id, keyBytes)
    })
  }

  /**
   * Removes every entry of a range in the transaction. With `limit`, `offset` and `reverse`, removes the entries that a
   * scan started at this call returns; later calls on the transaction wait for that scan.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound; LDB_ABORTED; LDB_READ_ONLY;
   * LDB_TOO_LARGE.
   */
  async deleteRange(range: RangeOptions<K>, options?: AsyncOptions): Promise<void> {
    const signal = this.#begin(options)
    const resolved = resolveDeletedRange(range, this.reads.codec.keys)
    if (resolved.empty) return this.api.answer(undefined)
    if (resolved.limit === Infinity && resolved.offset === 0) return this.#deleteBounds(resolved)
    return this.calls.runAlone(async () => {
      const bounds = await scannedBoundsAsync(this.api, this.reads.source, resolved, signal)
      throwIfAborted(signal)
      if (bounds !== undefined) this.#inner.deleteBounds(bounds)
    })
  }

  /** Removes every entry of the keyspace in the transaction. */
  async clear(): Promise<void> {
    this.calls.assertOpen()
    this.reads.source.assertReadable()
    return this.#deleteBounds({})
  }

  async #deleteBounds(bounds: KeyBounds): Promise<void> {
    if (this.calls.isBlocked) {
      return this.calls.run(async () => {
        this.#inner.deleteBounds(bounds)
      })
    }
    this.#inner.deleteBounds(bounds)
    return this.api.answer(undefined)
  }

  /** Loads the entry of a key, and then runs an operation of the synchronous API, with no other call of the transaction between. */
  async #change<T>(key: K, run: (ownKey: K) => T): Promise<T> {
    const signal = this.#begin(undefined)
    const { codec } = this.reads
    const { source } = this.#inner
    const keyBytes = copyBytes(codec.encodeKey(key))
    const check = (): void => {
      source.assertStillReadable()
    }
    return this.calls.runAlone(async () => {
      await this.api.read(() => source.getForUpdate(keyBytes, keyBytes.length), check, signal)
      return run(codec.decodeKey(keyBytes))
    })
  }

  #begin(options: AsyncOptions | undefined): ReturnType<typeof signalOf> {
    const signal = signalOf(options)
    this.calls.assertOpen()
    this.reads.source.assertReadable()
    throwIfAborted(signal)
    return signal
  }
}
