import { copyBytes, invalidArgument, resolveRange } from '@ldb/base'
import type { KeyBounds, RangeOptions } from '@ldb/base'
import { compareAndSwapBytes, updateValue } from './conditional.js'
import type { ConditionalParts } from './conditional.js'
import type { AsyncApi } from './api.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { AsyncOptions } from '../health/abort-signal.js'
import { scannedBoundsAsync } from './range-walk.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import { resolvePutOptions, resolveWriteOptions, ttlOf } from '../write/options.js'
import type { PutOptions, WriteOptions } from '../write/options.js'

/** Options of one asynchronous commit. @category Async */
export type AsyncWriteOptions = WriteOptions & AsyncOptions

/** Options of one asynchronous put. @category Async */
export type AsyncPutOptions = PutOptions & AsyncOptions

/**
 * The data methods of a keyspace with promises.
 *
 * @remarks Each write is one atomic commit. Its promise resolves when the commit is visible and as durable as
 * requested. Concurrent commits share one sync (group commit), and commit in the order of the calls. An aborted signal
 * cancels a write only before it is logged.
 * @category Async
 */
export class AsyncKeyspaceWrites<K, V> extends AsyncKeyspaceReads<K, V> {
  /** @internal */
  readonly writes: KeyspaceWrites<K, V>

  /** @internal */
  constructor(api: AsyncApi, writes: KeyspaceWrites<K, V>) {
    super(api, writes)
    this.writes = writes
  }

  /** Writes an entry. An existing entry is overwritten. */
  put(key: K, value: V, options?: AsyncPutOptions): Promise<void> {
    try {
      const durability = this.#begin(options, true)
      const { codec, store } = this.writes
      const valueBytes = store.encodeExpiry(codec.encodeValue(value), ttlOf(options))
      const keyBytes = codec.encodeScratchKey(key)
      const batch = this.api.commits.takeBatch()
      batch.put(store.descriptor.id, codec.scratch, valueBytes, keyBytes)
      return this.api.commits.commit(batch, durability)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Removes a key. A missing key is not an error. */
  delete(key: K, options?: AsyncWriteOptions): Promise<void> {
    try {
      const durability = this.#begin(options)
      const { codec, store } = this.writes
      const keyBytes = codec.encodeScratchKey(key)
      const batch = this.api.commits.takeBatch()
      batch.delete(store.descriptor.id, codec.scratch, keyBytes)
      return this.api.commits.commit(batch, durability)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Removes every entry of a range. With `limit`, `offset` and `reverse`, removes the entries that a scan started at
   * this call returns; the removal then commits after the writes that were called during that scan.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range; the errors of writes.
   */
  async deleteRange(range: RangeOptions<K>, options?: AsyncWriteOptions): Promise<void> {
    const { signal } = splitSignal(options)
    const durability = this.#begin(options)
    const resolved = resolveRange(range, this.reads.codec.keys)
    if (resolved.empty) return
    if (resolved.limit === Infinity && resolved.offset === 0) {
      await this.#commitRange(resolved, durability)
      return
    }
    await this.api.run(async () => {
      // The scan sees every earlier commit, in-flight commits included.
      await new Promise<void>((resolve, reject) => {
        this.api.commits.whenVisible(resolve, reject)
      })
      const bounds = await scannedBoundsAsync(this.api, this.reads.source, resolved, signal)
      if (bounds !== undefined) await this.#commitRange(bounds, durability)
    })
  }

  /** Removes every entry. */
  async clear(options?: AsyncWriteOptions): Promise<void> {
    await this.#commitRange({}, this.#begin(options))
  }

  /**
   * Writes an entry if the key is absent, and reports whether it did. Reads after every earlier commit, in-flight
   * commits included.
   */
  async putIfAbsent(key: K, value: V, options?: AsyncPutOptions): Promise<boolean> {
    const next = copyBytes(this.reads.codec.encodeValue(value))
    return compareAndSwapBytes(this.#conditional(key, options), undefined, next)
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key:
   * as `expected`, the key must be absent; as `next`, the key is removed. Reads after every earlier commit, in-flight
   * commits included.
   *
   * @remarks Compares the encoded bytes. The result resolves when all that it depends on is visible.
   */
  async compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: AsyncPutOptions,
  ): Promise<boolean> {
    const { codec } = this.reads
    const expectedBytes = expected === undefined ? undefined : copyBytes(codec.encodeValue(expected))
    const nextBytes = next === undefined ? undefined : copyBytes(codec.encodeValue(next))
    return compareAndSwapBytes(this.#conditional(key, options), expectedBytes, nextBytes)
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new
   * value expires after `ttlMs`, or as the keyspace says.
   *
   * @param change - synchronous; called once, with the value after every earlier commit. Its exception rejects the
   * promise, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise; LDB_CONFLICT when `change` itself
   * changed the key through the database (U1); the errors of writes.
   */
  async update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: AsyncPutOptions,
  ): Promise<V | undefined> {
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    return updateValue(this.#conditional(key, options), this.reads.codec, change)
  }

  #begin(options: AsyncPutOptions | undefined, hasValue = false): Durability | undefined {
    let durability: Durability | undefined
    if (options !== undefined) {
      const { signal, rest } = splitSignal(options)
      durability = hasValue ? resolvePutOptions(rest) : resolveWriteOptions(rest)
      throwIfAborted(signal)
    }
    this.#assertWritable()
    return durability
  }

  #assertWritable(): void {
    this.api.assertOpen()
    const { pipeline, store } = this.writes
    pipeline.assertWritable()
    if (store.dropped) store.assertLive()
  }

  #conditional(key: K, options: AsyncPutOptions | undefined): ConditionalParts {
    const { signal } = splitSignal(options)
    const durability = this.#begin(options, true)
    const { pipeline, store, codec } = this.writes
    return {
      commits: this.api.commits,
      gate: this.api.gate,
      store,
      key: copyBytes(codec.encodeKey(key)),
      durability,
      ttlMs: ttlOf(options),
      check: () => {
        throwIfAborted(signal)
        pipeline.assertWritable()
        if (store.dropped) store.assertLive()
      },
    }
  }

  #commitRange(bounds: KeyBounds, durability: Durability | undefined): Promise<void> {
    const batch = this.api.commits.takeBatch()
    batch.deleteRange(this.writes.store.descriptor.id, bounds.lower, bounds.upper)
    return this.api.commits.commit(batch, durability)
  }
}
