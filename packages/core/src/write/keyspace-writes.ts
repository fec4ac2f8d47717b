import { copyBytes, equalBytes, invalidArgument, LdbError, resolveRange } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { LiveSource } from '../read/read-source.js'
import { scannedBounds } from '../read/scanned-bounds.js'
import { resolvePutOptions, resolveWriteOptions, ttlOf } from './options.js'
import type { PutOptions, WriteOptions } from './options.js'

/**
 * All data methods of a keyspace.
 *
 * @remarks Each write is a commit of its own: atomic, and durable as the options or the database say. Besides what
 * reads throw, writes throw `LDB_READ_ONLY`, `LDB_TOO_LARGE`, `LDB_NO_SPACE`, `LDB_IO`, `LDB_COMMIT_UNKNOWN` when the
 * bytes were written and the sync failed, and `LDB_POISONED` from the first failure on.
 * @category Keyspaces
 */
export class KeyspaceWrites<K, V> extends KeyspaceReads<K, V> {
  /** @internal */
  readonly store: KeyspaceStore
  /** @internal */
  readonly pipeline: CommitPipeline

  /** @internal */
  constructor(source: LiveSource, codec: KeyspaceCodec<K, V>, pipeline: CommitPipeline) {
    super(source, codec)
    this.store = source.keyspace
    this.pipeline = pipeline
  }

  /** Writes an entry. */
  put(key: K, value: V, options?: PutOptions): void {
    const durability = resolvePutOptions(options)
    this.#assertWritable()
    const { codec } = this
    // The value first: writing it down may call the user's code, and the key's bytes are in a shared array.
    const valueBytes = this.store.seal(codec.encodeValue(value), ttlOf(options))
    const keyBytes = codec.encodeScratchKey(key)
    this.pipeline.put(this.store.descriptor.id, codec.scratch, keyBytes, valueBytes, durability)
  }

  /** Removes a key, which need not be there. */
  delete(key: K, options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertWritable()
    const keyBytes = this.codec.encodeScratchKey(key)
    this.pipeline.delete(this.store.descriptor.id, this.codec.scratch, keyBytes, durability)
  }

  /** Removes every entry of a range; with `limit`, `offset` and `reverse`, those that a scan of it would give. */
  deleteRange(range: RangeOptions<K>, options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertWritable()
    const resolved = resolveRange(range, this.codec.keys)
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

  /** Writes an entry unless the key is there, and tells whether it did. */
  putIfAbsent(key: K, value: V, options?: PutOptions): boolean {
    return this.#swap(key, undefined, this.codec.encodeValue(value), options)
  }

  /**
   * Writes `next` if the value is `expected`, and tells whether it was. `undefined` stands for an absent key: as
   * `expected`, it must be absent; as `next`, it is removed.
   *
   * @remarks What is compared is the encoded bytes.
   */
  compareAndSwap(key: K, expected: V | undefined, next: V | undefined, options?: PutOptions): boolean {
    const { codec } = this
    const expectedBytes = expected === undefined ? undefined : codec.encodeValue(expected)
    const nextBytes = next === undefined ? undefined : codec.encodeValue(next)
    return this.#swap(key, expectedBytes, nextBytes, options)
  }

  /**
   * Writes what `change` makes of the value, and gives it. `undefined` stands for an absent key, both ways.
   *
   * @param change - sync; what it throws leaves this call, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it gives a promise, LDB_CONFLICT when it has itself changed the
   * key through the database (U1).
   */
  update(key: K, change: (value: V | undefined) => V | undefined, options?: PutOptions): V | undefined {
    const durability = resolvePutOptions(options)
    this.#assertWritable()
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    const { codec, store, pipeline } = this
    const keyBytes = copyBytes(codec.encodeKey(key))
    const before = store.store.get(keyBytes)
    const seqBefore = pipeline.seq
    const next = change(before === undefined ? undefined : codec.decodeValue(before))
    if (isPromise(next)) throw invalidArgument('the function given to update must not be async')
    const nextBytes = next === undefined ? undefined : store.seal(codec.encodeValue(next), ttlOf(options))
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

  #swap(
    key: K,
    expected: Uint8Array | undefined,
    next: Uint8Array | undefined,
    options: PutOptions | undefined,
  ): boolean {
    const durability = resolvePutOptions(options)
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
    if (next !== undefined) pipeline.put(id, scratch, keyBytes, store.seal(next, ttlOf(options)), durability)
    else if (expected !== undefined) pipeline.delete(id, scratch, keyBytes, durability)
    return true
  }

  /** Throws unless the keyspace takes commits. */
  #assertWritable(): void {
    // What is read to decide on a write is then what it will be written on (C9).
    this.pipeline.settle()
    this.pipeline.assertWritable()
    if (this.store.dropped) this.store.assertLive()
  }
}

function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}

/** Reports whether a callback that must be sync has given a promise. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof (value as { readonly then: unknown }).then === 'function'
  )
}
