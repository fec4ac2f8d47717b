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

/** How to make one commit without blocking. @category Async */
export type AsyncWriteOptions = WriteOptions & AsyncOptions

/** How to write one entry without blocking. @category Async */
export type AsyncPutOptions = PutOptions & AsyncOptions

/**
 * All data methods of a keyspace as promises.
 *
 * @remarks Each write is a commit; a promise is resolved when it is visible, and as durable as was asked. All who wait
 * share one sync. Commits take the order of the calls. A signal ends a write that was not logged yet, and no other.
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

  /** Writes an entry. */
  put(key: K, value: V, options?: AsyncPutOptions): Promise<void> {
    try {
      const durability = this.#begin(options, true)
      const { codec, store } = this.writes
      const valueBytes = store.seal(codec.encodeValue(value), ttlOf(options))
      const keyBytes = codec.encodeScratchKey(key)
      const batch = this.api.commits.takeBatch()
      batch.put(store.descriptor.id, codec.scratch, valueBytes, keyBytes)
      return this.api.commits.commit(batch, durability)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Removes a key, which need not be there. */
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
   * Removes every entry of a range; with `limit` and `offset`, those that a scan begun at this call would give: the removal
   * then takes its place behind the commits that were called while it looked for them.
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
      // The entries that it counts are those of the commits before it, those in flight included.
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

  /** Writes an entry unless the key is there, and tells whether it did. */
  async putIfAbsent(key: K, value: V, options?: AsyncPutOptions): Promise<boolean> {
    const next = copyBytes(this.reads.codec.encodeValue(value))
    return compareAndSwapBytes(this.#conditional(key, options), undefined, next)
  }

  /**
   * Writes `next` if the value is `expected`, and tells whether it was. `undefined` stands for an absent key: as
   * `expected`, it must be absent; as `next`, it is removed. Sees every commit before it, those in flight included.
   *
   * @remarks What is compared is the encoded bytes.
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
   * Writes what `change` makes of the value, and gives it. `undefined` stands for an absent key, both ways.
   *
   * @param change - sync; called once, when the value is known; what it throws is the rejection, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it gives a promise, LDB_CONFLICT when it has itself changed the
   * key through the database (U1).
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
