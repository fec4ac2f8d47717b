import { invalidArgument, splitSignal } from '@ldb/base'
import type { AsyncOptions, RangeOptions } from '@ldb/base'
import { WriteSet } from '../buffer/write-set.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { ClusterReads } from '../read/cluster-reads.js'
import { LiveSource } from '../read/live-source.js'
import { changeKeys } from './change-keys.js'
import { commitWrites } from './commit-writes.js'
import { swap, taken, updated } from './conditional.js'
import type { KeyChange } from './conditional.js'
import { isWholeRange, resolveDeletedRange } from './deleted-range.js'
import { resolvePutOptions, resolveWriteOptions } from './write-options.js'
import type { ClusterPutOptions, ClusterWriteOptions } from './write-options.js'

/** Deletes the entries that a scan of a range returns, in one transaction. */
export type DeleteScanned = <K, V>(
  opened: OpenKeyspace<K, V>,
  range: RangeOptions<K>,
  options: AsyncOptions,
) => Promise<void>

/**
 * The data methods of a keyspace.
 *
 * @remarks Each write is one atomic commit, and resolves when the engine has acknowledged it. Writes whose promises are not awaited may commit in any order. A
 * write that the engine has not answered is resolved first and repeated only when it is certain that it never applies. Writes reject with
 * `LDB_TOO_LARGE` over the limits of the database, before anything is sent; `LDB_CONFLICT` and `LDB_IO` after the deadline of the database, when nothing was written;
 * `LDB_COMMIT_UNKNOWN` when no server answered what became of the commit; `LDB_NO_SPACE`; `LDB_NOT_FOUND` when the keyspace was dropped; `LDB_ABORTED`; `LDB_CLOSED`.
 * @category Keyspaces
 */
export class ClusterKeyspace<K, V> extends ClusterReads<K, V> {
  readonly #deleteScanned: DeleteScanned

  /** @internal */
  constructor(opened: OpenKeyspace<K, V>, deleteScanned: DeleteScanned) {
    super(opened, new LiveSource(opened.session))
    this.#deleteScanned = deleteScanned
  }

  /** Name of the keyspace. */
  get name(): string {
    return this.opened.driver.name
  }

  /** Writes an entry. An existing entry is overwritten. */
  async put(key: K, value: V, options?: ClusterPutOptions): Promise<void> {
    const { ttlMs, signal } = resolvePutOptions(options)
    const { codec, driver, session } = this.#begin()
    const stored = this.opened.encodeStored(value, ttlMs)
    const writes = new WriteSet()
    writes.of(driver).set(codec.encodeKey(key), stored)
    await commitWrites(session, writes, signal)
  }

  /** Removes a key. A missing key is not an error. */
  async delete(key: K, options?: ClusterWriteOptions): Promise<void> {
    const { signal } = resolveWriteOptions(options)
    const { codec, driver, session } = this.#begin()
    const writes = new WriteSet()
    writes.of(driver).set(codec.encodeKey(key), undefined)
    await commitWrites(session, writes, signal)
  }

  /**
   * Removes every entry of a range. With `limit` or `offset`, removes the entries that a scan returns, in one serializable transaction.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
   */
  async deleteRange(range: RangeOptions<K>, options?: ClusterWriteOptions): Promise<void> {
    const { signal } = resolveWriteOptions(options)
    const { codec, driver, session } = this.#begin()
    const resolved = resolveDeletedRange(range, codec.keys)
    if (resolved.empty) return
    if (!isWholeRange(resolved)) return this.#deleteScanned(this.opened, range, { signal })
    const writes = new WriteSet()
    writes.of(driver).deleteRange({ lower: resolved.lower, upper: resolved.upper })
    await commitWrites(session, writes, signal)
  }

  /** Removes every entry. */
  async clear(options?: ClusterWriteOptions): Promise<void> {
    const { signal } = resolveWriteOptions(options)
    const { driver, session } = this.#begin()
    const writes = new WriteSet()
    writes.of(driver).deleteRange({ lower: undefined, upper: undefined })
    await commitWrites(session, writes, signal)
  }

  /** Writes an entry if the key is absent, and reports whether it did. */
  async putIfAbsent(key: K, value: V, options?: ClusterPutOptions): Promise<boolean> {
    return this.compareAndSwap(key, undefined, value, options)
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key: as `expected`, the key must be
   * absent; as `next`, the key is removed. Compares the encoded bytes.
   */
  async compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: ClusterPutOptions,
  ): Promise<boolean> {
    const { ttlMs, signal } = resolvePutOptions(options)
    return this.#change(key, swap(this.opened, expected, next, ttlMs), { signal })
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new value keeps the expiry of the present one, unless
   * `ttlMs` is passed; for an absent key it expires as the keyspace says.
   *
   * @param change - synchronous; called again after a conflict, with the new value. Its exception rejects the promise, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise.
   */
  async update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: ClusterPutOptions,
  ): Promise<V | undefined> {
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    const { ttlMs, signal } = resolvePutOptions(options)
    return this.#change(key, updated(this.opened, change, ttlMs), { signal })
  }

  /** Removes an entry, and returns its value; `undefined` for an absent key. */
  async take(key: K, options?: ClusterWriteOptions): Promise<V | undefined> {
    const { signal } = resolveWriteOptions(options)
    return this.#change(key, taken(this.opened), { signal })
  }

  async #change<T>(key: K, change: KeyChange<T>, options: AsyncOptions): Promise<T> {
    const { codec, driver, session } = this.#begin()
    const { signal } = splitSignal(options)
    await changeKeys(session, driver, [codec.encodeKey(key)], (stored) => change.decide(stored), signal)
    return change.result()
  }

  #begin(): OpenKeyspace<K, V> {
    this.opened.session.assertOpen()
    return this.opened
  }
}
