import { copyBytes, equalBytes, invalidArgument, LdbError, refusePromise } from '@ldb/base'
import type { KeyEncodingOption, RangeOptions, ValueEncodingOption } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { HandleSentinel } from '../health/leaks.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import { encodeNext, presentExpiry } from '../keyspace/next-value.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { viewCodec } from '../keyspace/view-options.js'
import type { ViewKeys, ViewOptions, ViewValues } from '../keyspace/view-options.js'
import { loadEntries } from '../load/keyspace-load.js'
import type { LiveSource } from '../read/read-source.js'
import { scannedBounds } from '../read/scanned-bounds.js'
import { resolveDeletedRange } from './deleted-range.js'
import { batchTtlOf, resolvePutOptions, resolveWriteOptions } from './options.js'
import type { LoadOptions, PutOptions, WriteOptions } from './options.js'

/**
 * The data methods of a keyspace.
 *
 * @remarks Each write is one atomic commit, with the durability of its options or of the database. In addition to the
 * errors of reads, writes throw `LDB_READ_ONLY`, `LDB_TOO_LARGE`, `LDB_NO_SPACE`, `LDB_IO`, `LDB_COMMIT_UNKNOWN` when
 * the bytes were written and the sync failed, and `LDB_POISONED` after the first such failure.
 * @category Keyspaces
 */
export class KeyspaceWrites<K, V> extends KeyspaceReads<K, V> {
  readonly #store: KeyspaceStore
  readonly #pipeline: CommitPipeline
  readonly #sentinel: HandleSentinel
  /** @internal */
  constructor(source: LiveSource, codec: KeyspaceCodec<K, V>, pipeline: CommitPipeline) {
    super(source, codec)
    this.#store = source.keyspace
    this.#sentinel = source.sentinel
    this.#pipeline = pipeline
  }

  /** @internal */
  get store(): KeyspaceStore {
    return this.#store
  }

  /** @internal */
  get pipeline(): CommitPipeline {
    return this.#pipeline
  }

  /** @internal */
  get sentinel(): HandleSentinel {
    return this.#sentinel
  }

  /**
   * Returns this keyspace under other encodings: the same stored bytes. An omitted encoding is that of this object.
   *
   * @remarks The stored encodings do not change. Keys and values that are written through the view must be valid in the stored encodings,
   * which later readers use.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_NOT_FOUND when the keyspace was dropped; LDB_CLOSED.
   * @example
   * ```ts
   * import { Database } from '@ldb/core'
   *
   * using db = Database.memory()
   * db.put('a', 'é')
   * console.log(db.view({ values: 'binary' }).get('a')) // Uint8Array(2) [ 195, 169 ]
   * ```
   */
  view<
    Keys extends KeyEncodingOption<unknown> | undefined = undefined,
    Values extends ValueEncodingOption<unknown> | undefined = undefined,
  >(
    options: ViewOptions<Keys, Values>,
  ): KeyspaceWrites<ViewKeys<Keys, NoInfer<K>>, ViewValues<Values, NoInfer<V>>> {
    const codec = viewCodec(this.codec as unknown as KeyspaceCodec<unknown, unknown>, options)
    this.source.assertReadable()
    return new KeyspaceWrites<never, never>(this.source as LiveSource, codec, this.pipeline)
  }

  /** Writes an entry. An existing entry is overwritten. */
  put(key: K, value: V, options?: PutOptions): void {
    const { durability, ttlMs } = resolvePutOptions(options)
    this.#assertWritable()
    const { codec } = this
    // Encode the value first: its encoder may call user code that overwrites the shared scratch array of the key.
    const valueBytes = this.store.encodeExpiry(codec.encodeValue(value), ttlMs)
    const keyBytes = codec.encodeScratchKey(key)
    this.pipeline.put(this.store.descriptor.id, codec.scratch, keyBytes, valueBytes, durability)
  }

  /** Removes a key. A missing key is not an error. */
  delete(key: K, options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertWritable()
    const keyBytes = this.codec.encodeScratchKey(key)
    this.pipeline.delete(this.store.descriptor.id, this.codec.scratch, keyBytes, durability)
  }

  /**
   * Removes every entry of a range. With `limit`, `offset` and `reverse`, removes the entries that a scan of the range
   * returns.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound; the errors of writes.
   */
  deleteRange(range: RangeOptions<K>, options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertWritable()
    const resolved = resolveDeletedRange(range, this.codec.keys)
    const bounds = scannedBounds(this.source, resolved)
    if (bounds === undefined) return
    this.pipeline.deleteRange(this.store.descriptor.id, bounds.lower, bounds.upper, durability)
  }

  /** Removes every entry. */
  clear(options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertWritable()
    this.pipeline.deleteRange(this.store.descriptor.id, undefined, undefined, durability)
  }

  /**
   * Writes many entries, which ascend by encoded key, as one atomic commit. They overwrite existing entries. Other commits may run while
   * the entries are read; the load takes its position in the commit order after the last entry.
   *
   * @remarks It is durable when it returns, whatever the durability of the database. In a keyspace of the LSM tree, entries are written once, to
   * tables, and memory holds a few megabytes of them; the log and `changes` contain the range of the keys only. In a keyspace of the B+tree
   * they are one batch, in memory and in the log, of at most 1 GiB. A load that fails has written nothing, and the database stays usable.
   * @param entries - pairs of key and value, each key greater than the one before. Their iterator may read and write the database. Its
   * exception leaves this call.
   * @returns the number of entries.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the keys do not ascend; LDB_NO_SPACE; LDB_COMMIT_UNKNOWN when the load was
   * logged, and a later sync failed; the errors of writes.
   * @example
   * ```ts
   * import { Database } from '@ldb/core'
   *
   * const db = Database.memory({ engine: 'lsm' })
   * console.log(db.load([['a', '1'], ['b', '2']])) // 2
   * db.close()
   * ```
   */
  load(entries: Iterable<readonly [K, V]>, options?: LoadOptions): number {
    const ttlMs = batchTtlOf(options)
    this.#assertWritable()
    return loadEntries(this, entries, ttlMs)
  }

  /** Writes an entry if the key is absent, and reports whether it did. */
  putIfAbsent(key: K, value: V, options?: PutOptions): boolean {
    return this.#swap(key, undefined, this.codec.encodeValue(value), options)
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key:
   * as `expected`, the key must be absent; as `next`, the key is removed.
   *
   * @remarks Compares the encoded bytes.
   */
  compareAndSwap(key: K, expected: V | undefined, next: V | undefined, options?: PutOptions): boolean {
    const { codec } = this
    const expectedBytes = expected === undefined ? undefined : codec.encodeValue(expected)
    const nextBytes = next === undefined ? undefined : codec.encodeValue(next)
    return this.#swap(key, expectedBytes, nextBytes, options)
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new
   * value expires after `ttlMs`, by default when the present one does, or for an absent key as the keyspace says.
   *
   * @param change - synchronous. Its exception leaves this call, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise; LDB_CONFLICT when `change` itself
   * changed the key through the database (U1); the errors of writes.
   */
  update(key: K, change: (value: V | undefined) => V | undefined, options?: PutOptions): V | undefined {
    const { durability, ttlMs } = resolvePutOptions(options)
    this.#assertWritable()
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    const { codec, store, pipeline } = this
    const keyBytes = copyBytes(codec.encodeKey(key))
    const stored = store.rawStore.get(keyBytes)
    const before = store.decodeValue(stored)
    const expiresAt = presentExpiry(store, stored, before)
    const seqBefore = pipeline.seq
    const next = change(before === undefined ? undefined : codec.decodeValue(before))
    refusePromise(next, 'the function given to update')
    const nextBytes =
      next === undefined ? undefined : encodeNext(store, codec.encodeValue(next), ttlMs, expiresAt)
    this.#assertWritable()
    if (pipeline.seq !== seqBefore && !sameValue(store.store.get(keyBytes), before)) {
      throw new LdbError('LDB_CONFLICT', 'the function given to update has changed the key itself', {
        details: { key: keyBytes },
      })
    }
    const { id } = store.descriptor
    if (nextBytes !== undefined) pipeline.put(id, keyBytes, keyBytes.length, nextBytes, durability)
    else if (before !== undefined) pipeline.delete(id, keyBytes, keyBytes.length, durability)
    return next
  }

  /** Removes an entry, and returns its value; `undefined` for an absent key. One atomic commit. */
  take(key: K, options?: WriteOptions): V | undefined {
    let taken: V | undefined
    const remove = (value: V | undefined): undefined => {
      taken = value
      return undefined
    }
    this.update(key, remove, { durability: resolveWriteOptions(options) })
    return taken
  }

  #swap(
    key: K,
    expected: Uint8Array | undefined,
    next: Uint8Array | undefined,
    options: PutOptions | undefined,
  ): boolean {
    const { durability, ttlMs } = resolvePutOptions(options)
    this.#assertWritable()
    const { codec, store, pipeline } = this
    const keyBytes = codec.encodeScratchKey(key)
    const { scratch } = codec
    const { id } = store.descriptor
    const same =
      expected === undefined
        ? !store.store.has(scratch, keyBytes)
        : sameValue(store.store.get(scratch, keyBytes), expected)
    if (!same) return false
    if (next !== undefined) pipeline.put(id, scratch, keyBytes, store.encodeExpiry(next, ttlMs), durability)
    else if (expected !== undefined) pipeline.delete(id, scratch, keyBytes, durability)
    return true
  }

  /** Throws unless the keyspace accepts commits. */
  #assertWritable(): void {
    // In-flight commits become visible first: a conditional write must read the state on which its commit is applied
    // (C9).
    this.pipeline.drain()
    this.pipeline.assertWritable()
    if (this.store.dropped) this.store.assertLive()
  }
}

function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}
