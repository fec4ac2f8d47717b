import { copyBytes, invalidArgument } from '@ldb/base'
import type { KeyBounds, RangeOptions, WriteBatch } from '@ldb/base'
import { compareAndSwapBytes, updateValue } from './conditional.js'
import type { ConditionalParts } from './conditional.js'
import type { AsyncApi } from '../calls/async-api.js'
import { runInCommitOrder } from '../calls/commit-order.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { loadEntriesAsync } from './load.js'
import type { LoadEntries } from './load.js'
import { splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike, AsyncOptions } from '../health/abort-signal.js'
import { scannedBoundsAsync } from './range-walk.js'
import type { Durability } from '../health/options.js'
import { putStreamed } from '../streams/put-stream.js'
import type { ValueSource } from '../streams/chunk-source.js'
import { scannedBounds } from '../read/scanned-bounds.js'
import { resolveDeletedRange } from '../write/deleted-range.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import { batchTtlOf, resolvePutOptions, resolveWriteOptions } from '../write/options.js'
import type { LoadOptions, PutOptions, WriteOptions } from '../write/options.js'

/** Options of one asynchronous commit. @category Async */
export type AsyncWriteOptions = WriteOptions & AsyncOptions

/** Options of one asynchronous put. @category Async */
export type AsyncPutOptions = PutOptions & AsyncOptions

/** Checked options of a write. */
interface WriteStart {
  readonly durability: Durability | undefined
  readonly ttlMs: number | undefined
  readonly signal: AbortSignalLike | undefined
  /** Throws when the signal is aborted; `undefined` without a signal. */
  readonly check: (() => void) | undefined
}

const NO_OPTIONS: WriteStart = {
  durability: undefined,
  ttlMs: undefined,
  signal: undefined,
  check: undefined,
}

/**
 * The data methods of a keyspace with promises.
 *
 * @remarks Each write is one atomic commit. Its promise resolves when the commit is visible and as durable as
 * requested. Concurrent commits share one sync (group commit), and commit in the order of the calls. An aborted signal
 * cancels a write only before it is logged.
 * @category Async
 */
export class AsyncKeyspaceWrites<K, V> extends AsyncKeyspaceReads<K, V> {
  readonly #writes: KeyspaceWrites<K, V>
  /** @internal */
  constructor(api: AsyncApi, writes: KeyspaceWrites<K, V>) {
    super(api, writes)
    this.#writes = writes
  }

  /** @internal */
  get writes(): KeyspaceWrites<K, V> {
    return this.#writes
  }

  /** Writes an entry. An existing entry is overwritten. */
  put(key: K, value: V, options?: AsyncPutOptions): Promise<void> {
    try {
      const { durability, ttlMs, check } = this.#begin(options, true)
      const { codec, store } = this.writes
      const valueBytes = store.encodeExpiry(codec.encodeValue(value), ttlMs)
      const keyBytes = codec.encodeScratchKey(key)
      const batch = this.api.commits.takeSingle(keyBytes + valueBytes.length)
      batch.put(store.descriptor.id, codec.scratch, valueBytes, keyBytes)
      return this.api.commits.commit(batch, durability, check)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Removes a key. A missing key is not an error. */
  delete(key: K, options?: AsyncWriteOptions): Promise<void> {
    try {
      const { durability, check } = this.#begin(options)
      const { codec, store } = this.writes
      const keyBytes = codec.encodeScratchKey(key)
      const batch = this.api.commits.takeSingle(keyBytes)
      batch.delete(store.descriptor.id, codec.scratch, keyBytes)
      return this.api.commits.commit(batch, durability, check)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Removes every entry of a range. With `limit`, `offset` and `reverse`, removes the entries that a scan returns, after
   * every earlier commit; later commits wait for that scan.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound; LDB_ABORTED; the errors of
   * writes.
   */
  async deleteRange(range: RangeOptions<K>, options?: AsyncWriteOptions): Promise<void> {
    const { durability, check, signal } = this.#begin(options)
    const resolved = resolveDeletedRange(range, this.reads.codec.keys)
    if (resolved.empty) return this.api.answer(undefined)
    if (resolved.limit === Infinity && resolved.offset === 0)
      return this.#commitRange(resolved, durability, check)
    const { source } = this.reads
    return runInCommitOrder(this.api.commits, {
      prepare: () => {
        check?.()
        source.assertReadable()
        return scannedBoundsAsync(this.api, source, resolved, signal)
      },
      act: (prepared, resolve, reject) => {
        check?.()
        source.assertReadable()
        const bounds = prepared === undefined ? scannedBounds(source, resolved) : prepared.value
        if (bounds === undefined) resolve()
        else this.api.commits.append(this.#rangeBatch(bounds), durability, resolve, reject)
      },
    })
  }

  /** Removes every entry. */
  async clear(options?: AsyncWriteOptions): Promise<void> {
    const { durability, check } = this.#begin(options)
    return this.#commitRange({ lower: undefined, upper: undefined }, durability, check)
  }

  /**
   * Writes many entries, which ascend by encoded key, as one atomic commit: see `KeyspaceWrites.load`. The entries may come from an async
   * iterable. The signal ends the load until its last entry was read and its tables are written.
   *
   * @remarks The load takes its position in the commit order when its tables are written, not at the call. That commit waits for the device
   * on the thread.
   * @returns the number of entries.
   * @throws {@link LdbError} as `KeyspaceWrites.load`; LDB_ABORTED.
   */
  async load(entries: LoadEntries<K, V>, options?: LoadOptions & AsyncOptions): Promise<number> {
    const { signal, rest } = splitSignal(options)
    const ttlMs = batchTtlOf(rest)
    throwIfAborted(signal)
    this.#assertWritable()
    return this.calls.run((call) => loadEntriesAsync(this.api, call, this.writes, entries, ttlMs, signal))
  }

  /**
   * Writes an entry whose value is read from a stream, in bounded memory: up to 1 GiB. The parts of the source are the bytes of the encoded
   * value, as a `Uint8Array` each.
   *
   * @remarks A value above 1 MiB goes to a blob file of its own while it is read; shorter ones are gathered in memory, as are values up to
   * `blobBytes` and all values of a memory-only database. The write takes its position in the commit order when the source has ended, not at the
   * call. When the source fails, or the signal is aborted before, nothing is written and no file is left.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when a part is not a `Uint8Array`; LDB_TOO_LARGE above 1 GiB; LDB_ABORTED; the errors of
   * writes; and what the source throws.
   */
  async putStream(key: K, source: ValueSource, options?: AsyncPutOptions): Promise<void> {
    const { durability, ttlMs, signal, check } = this.#begin(options, true)
    const { codec, store, pipeline } = this.writes
    const ownKey = copyBytes(codec.encodeKey(key))
    const checkAll = (): void => {
      check?.()
      pipeline.assertAccepting()
      if (store.dropped) store.assertLive()
    }
    const target = { commits: this.api.commits, store, key: ownKey, ttlMs, durability, check: checkAll }
    return this.calls.run((call) => putStreamed(this.api, call, target, source, signal))
  }

  /**
   * Writes an entry if the key is absent, and reports whether it did. Reads after every earlier commit, in-flight
   * commits included.
   */
  async putIfAbsent(key: K, value: V, options?: AsyncPutOptions): Promise<boolean> {
    const next = copyBytes(this.reads.codec.encodeValue(value))
    const isWritten = await compareAndSwapBytes(this.#conditional(key, options), undefined, next)
    return this.api.answer(isWritten)
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
    const isWritten = await compareAndSwapBytes(this.#conditional(key, options), expectedBytes, nextBytes)
    return this.api.answer(isWritten)
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new
   * value expires after `ttlMs`, by default when the present one does, or for an absent key as the keyspace says.
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
    const next = await updateValue(this.#conditional(key, options), this.reads.codec, change)
    return this.api.answer(next)
  }

  /** Removes an entry, and returns its value; `undefined` for an absent key. One atomic commit, after every earlier one. */
  async take(key: K, options?: AsyncWriteOptions): Promise<V | undefined> {
    let taken: V | undefined
    const remove = (value: V | undefined): undefined => {
      taken = value
      return undefined
    }
    await updateValue(this.#conditional(key, options), this.reads.codec, remove)
    return this.api.answer(taken)
  }

  #begin(options: AsyncPutOptions | undefined, hasValue = false): WriteStart {
    if (options === undefined) {
      this.#assertWritable()
      return NO_OPTIONS
    }
    const { signal, rest } = splitSignal(options)
    const { durability, ttlMs } = hasValue
      ? resolvePutOptions(rest)
      : { durability: resolveWriteOptions(rest), ttlMs: undefined }
    const check = (): void => {
      throwIfAborted(signal)
    }
    check()
    this.#assertWritable()
    return { durability, ttlMs, signal, check: signal === undefined ? undefined : check }
  }

  #assertWritable(): void {
    this.calls.assertOpen()
    const { pipeline, store } = this.writes
    pipeline.assertWritable()
    if (store.dropped) store.assertLive()
  }

  #conditional(key: K, options: AsyncPutOptions | undefined): ConditionalParts {
    const { durability, ttlMs, check } = this.#begin(options, true)
    const { pipeline, store, codec } = this.writes
    return {
      commits: this.api.commits,
      gate: this.api.gate,
      store,
      key: copyBytes(codec.encodeKey(key)),
      durability,
      ttlMs,
      check: () => {
        check?.()
        pipeline.assertAccepting()
        if (store.dropped) store.assertLive()
      },
    }
  }

  #commitRange(
    bounds: KeyBounds,
    durability: Durability | undefined,
    check: (() => void) | undefined,
  ): Promise<void> {
    return this.api.commits.commit(this.#rangeBatch(bounds), durability, check)
  }

  #rangeBatch(bounds: KeyBounds): WriteBatch {
    const batch = this.api.commits.takeBatch()
    batch.deleteRange(this.writes.store.descriptor.id, bounds.lower, bounds.upper)
    return batch
  }
}
