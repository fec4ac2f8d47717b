import { invalidArgument, signalOf } from '@ldb/base'
import type { AsyncOptions, RangeOptions } from '@ldb/base'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { ClusterReads } from '../read/cluster-reads.js'
import { ttlOf, valueOf } from '../values/stored-value.js'
import { swap, taken, updated } from '../write/conditional.js'
import type { KeyChange } from '../write/conditional.js'
import { isWholeRange, resolveDeletedRange, scannedBounds } from '../write/deleted-range.js'
import type { TtlOption } from '../write/write-options.js'
import type { TransactionState } from './transaction-state.js'

/**
 * The view of a keyspace through a transaction. Reads see the transaction's own writes.
 *
 * @remarks A write takes effect at its call, and costs no round trip: the writes of a transaction are sent with its commit. A scan reads one page ahead of the caller;
 * the transaction counts what it has returned as read. All methods reject with `LDB_CLOSED` after `commit` is called and after the transaction has ended.
 * @category Transactions
 */
export class ClusterTransactionKeyspace<K, V> extends ClusterReads<K, V> {
  readonly #state: TransactionState

  /** @internal */
  constructor(opened: OpenKeyspace<K, V>, state: TransactionState) {
    super(opened, state)
    this.#state = state
  }

  /** @internal */
  get state(): TransactionState {
    return this.#state
  }

  /** Returns the value of a key, or `undefined`, and makes this read conflict like a write of the key. */
  async getForUpdate(key: K, options?: AsyncOptions): Promise<V | undefined> {
    const { codec, driver, session } = this.opened
    const signal = signalOf(options)
    this.state.assertReadable()
    const stored = await this.state.getForUpdate(driver, codec.encodeKey(key), signal)
    const value = stored === undefined ? undefined : valueOf(stored, session.environment.now())
    return value === undefined ? undefined : codec.decodeValue(value)
  }

  /** Writes an entry into the transaction. */
  async put(key: K, value: V, options?: TtlOption): Promise<void> {
    this.state.assertWritable()
    const { codec, driver } = this.opened
    const stored = this.opened.encodeStored(value, ttlOf(options))
    this.state.writes.of(driver).set(codec.encodeKey(key), stored)
  }

  /** Removes a key in the transaction. A missing key is not an error. */
  async delete(key: K): Promise<void> {
    this.state.assertWritable()
    this.state.writes.of(this.opened.driver).set(this.opened.codec.encodeKey(key), undefined)
  }

  /** Writes an entry if the key is absent, and reports whether it did. The read conflicts like a write of the key. */
  async putIfAbsent(key: K, value: V, options?: TtlOption): Promise<boolean> {
    return this.compareAndSwap(key, undefined, value, options)
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key. Compares the encoded bytes.
   */
  async compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: TtlOption,
  ): Promise<boolean> {
    return this.#change(key, swap(this.opened, expected, next, ttlOf(options)))
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new value keeps the expiry of
   * the present one, unless `ttlMs` is passed.
   *
   * @param change - synchronous; called once.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise.
   */
  async update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: TtlOption,
  ): Promise<V | undefined> {
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    return this.#change(key, updated(this.opened, change, ttlOf(options)))
  }

  /** Removes an entry in the transaction, and returns its value; `undefined` for an absent key. */
  async take(key: K): Promise<V | undefined> {
    return this.#change(key, taken(this.opened))
  }

  /**
   * Removes every entry of a range in the transaction. With `limit` or `offset`, removes the entries that a scan returns.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound; LDB_READ_ONLY.
   */
  async deleteRange(range: RangeOptions<K>, options?: AsyncOptions): Promise<void> {
    const signal = signalOf(options)
    this.state.assertWritable()
    const { codec, driver, session } = this.opened
    const resolved = resolveDeletedRange(range, codec.keys)
    if (resolved.empty) return
    const now = (): number => session.environment.now()
    const bounds = isWholeRange(resolved)
      ? resolved
      : await scannedBounds(this.state, driver, resolved, now, signal)
    this.state.assertWritable()
    if (bounds !== undefined)
      this.state.writes.of(driver).deleteRange({ lower: bounds.lower, upper: bounds.upper })
  }

  /** Removes every entry of the keyspace in the transaction. */
  async clear(): Promise<void> {
    this.state.assertWritable()
    this.state.writes.of(this.opened.driver).deleteRange({ lower: undefined, upper: undefined })
  }

  async #change<T>(key: K, change: KeyChange<T>): Promise<T> {
    this.state.assertWritable()
    const { codec, driver } = this.opened
    const encoded = codec.encodeKey(key)
    const stored = await this.state.getForUpdate(driver, encoded, undefined)
    this.state.assertWritable()
    const next = change.decide(stored)
    if (next !== 'unchanged') this.state.writes.of(driver).set(encoded, next)
    return change.result()
  }
}
