import { assertIterable, resolveRange, signalOf, splitSignal, throwIfAborted } from '@ldb/base'
import type { AbortSignalLike, AsyncOptions, RangeOptions, ResolvedRange } from '@ldb/base'
import { VALUE_HEADER_BYTES } from '../format.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { expiryOf, valueOf } from '../values/stored-value.js'
import { ClusterScan } from './cluster-scan.js'
import { EntryStream } from './entry-stream.js'
import type { LiveEntry } from './entry-stream.js'
import type { ReadSource } from './read-source.js'

/** A range, and a signal that ends the read. @category Reading */
export type ClusterRangeOptions<K> = RangeOptions<K> & AsyncOptions

/**
 * The reading methods of a keyspace, on its newest state, on a snapshot or in a transaction.
 *
 * @remarks Each method is at least one round trip to the engine, and rejects with `LDB_IO` when no server answers within the deadline of the database, `LDB_ABORTED` when its
 * signal is aborted, `LDB_NOT_FOUND` when the keyspace was dropped, and `LDB_CLOSED`.
 * @category Reading
 */
export class ClusterReads<K, V> {
  readonly #opened: OpenKeyspace<K, V>
  readonly #source: ReadSource

  /** @internal */
  constructor(opened: OpenKeyspace<K, V>, source: ReadSource) {
    this.#opened = opened
    this.#source = source
  }

  /** @internal */
  get opened(): OpenKeyspace<K, V> {
    return this.#opened
  }

  /** @internal */
  get source(): ReadSource {
    return this.#source
  }

  /** Returns the value of a key, or `undefined` for an absent key. */
  async get(key: K, options?: AsyncOptions): Promise<V | undefined> {
    const [value] = await this.#read([key], options)
    return value === undefined ? undefined : this.opened.codec.decodeValue(value)
  }

  /** Returns the values of many keys, in their order, in one state; `undefined` for each absent key. */
  async getMany(keys: Iterable<K>, options?: AsyncOptions): Promise<(V | undefined)[]> {
    const { codec } = this.opened
    const found = await this.#read(keys, options)
    return found.map((value) => (value === undefined ? undefined : codec.decodeValue(value)))
  }

  /** Reports whether a key is present. */
  async has(key: K, options?: AsyncOptions): Promise<boolean> {
    const [value] = await this.#read([key], options)
    return value !== undefined
  }

  /** Returns when the entry of a key expires, in milliseconds since 1970: Infinity for never, `undefined` for an absent key. */
  async expiresAt(key: K, options?: AsyncOptions): Promise<number | undefined> {
    const { stored, live } = await this.#readStored([key], options)
    return stored[0] === undefined || live[0] === undefined ? undefined : expiryOf(stored[0])
  }

  /** Reports for each of many keys whether it is present, in their order, in one state. */
  async hasMany(keys: Iterable<K>, options?: AsyncOptions): Promise<boolean[]> {
    const found = await this.#read(keys, options)
    return found.map((value) => value !== undefined)
  }

  /** Returns a scan of the entries of a range, as `[key, value]` pairs, in the state at this call. */
  entries(range?: ClusterRangeOptions<K>): ClusterScan<[K, V]> {
    const { codec } = this.opened
    return this.#scan(range, Infinity, ({ key, value }) => [codec.decodeKey(key), codec.decodeValue(value)])
  }

  /** Returns a scan of entries with their expiries, in milliseconds since 1970; Infinity for never. @internal */
  expiringEntries(range?: ClusterRangeOptions<K>): ClusterScan<[K, V, number]> {
    const { codec } = this.opened
    return this.#scan(range, Infinity, ({ key, value, expiresAt }) => [
      codec.decodeKey(key),
      codec.decodeValue(value),
      expiresAt,
    ])
  }

  /** Returns a scan of the keys of a range, in the state at this call. */
  keys(range?: ClusterRangeOptions<K>): ClusterScan<K> {
    const { codec } = this.opened
    return this.#scan(range, VALUE_HEADER_BYTES, ({ key }) => codec.decodeKey(key))
  }

  /** Returns a scan of the values of a range, in the state at this call. */
  values(range?: ClusterRangeOptions<K>): ClusterScan<V> {
    const { codec } = this.opened
    return this.#scan(range, Infinity, ({ value }) => codec.decodeValue(value))
  }

  /** Returns the exact number of entries of a range. Visits every entry. */
  async count(range?: ClusterRangeOptions<K>): Promise<number> {
    const { resolved, signal } = this.#resolve(range)
    const stream = this.#stream(resolved, VALUE_HEADER_BYTES, signal)
    let count = 0
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next())
      count += batch.length
    return count
  }

  /** Returns the encoded values of keys that are present. */
  async #read(
    keys: Iterable<K>,
    options: AsyncOptions | undefined,
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return (await this.#readStored(keys, options)).live
  }

  /** Returns the stored values of keys, and the encoded ones of those that are present. */
  async #readStored(
    keys: Iterable<K>,
    options: AsyncOptions | undefined,
  ): Promise<Record<'stored' | 'live', readonly (Uint8Array | undefined)[]>> {
    const signal = signalOf(options)
    this.source.assertReadable()
    throwIfAborted(signal)
    assertIterable('keys', keys)
    const { codec, driver } = this.opened
    const encoded = Array.from(keys, (key) => codec.encodeKey(key))
    const stored = encoded.length === 0 ? [] : await this.source.getMany(driver, encoded, signal)
    return { stored, live: this.#live(encoded, stored) }
  }

  #live(
    keys: readonly Uint8Array[],
    stored: readonly (Uint8Array | undefined)[],
  ): (Uint8Array | undefined)[] {
    const { environment, sweeper } = this.opened.session
    const nowMs = environment.now()
    return stored.map((bytes, index) => {
      const value = bytes === undefined ? undefined : valueOf(bytes, nowMs)
      if (bytes !== undefined && value === undefined)
        sweeper.note(this.opened.driver, keys[index] as Uint8Array)
      return value
    })
  }

  #scan<T>(
    range: ClusterRangeOptions<K> | undefined,
    valueBytes: number,
    decode: (entry: LiveEntry) => T,
  ): ClusterScan<T> {
    const { resolved, signal } = this.#resolve(range)
    const stream = this.#stream(resolved, valueBytes, signal)
    return new ClusterScan({
      pull: async () => (await stream.next())?.map(decode),
      check: () => {
        stream.check()
      },
      close: () => {
        stream.close()
      },
    })
  }

  #stream(range: ResolvedRange, valueBytes: number, signal: AbortSignalLike | undefined): EntryStream {
    const { session, driver } = this.opened
    const { lower, upper, reverse, offset } = range
    const limit = range.empty ? 0 : range.limit
    const selection = {
      offset,
      limit,
      now: () => session.environment.now(),
      onExpired: (key: Uint8Array) => {
        session.sweeper.note(driver, key)
      },
    }
    const request = { lower, upper, reverse, wanted: offset + limit, valueBytes }
    const parts = limit === 0 ? NO_PARTS : this.source.scan(driver, request, signal)
    return new EntryStream(parts, selection)
  }

  #resolve(range: ClusterRangeOptions<K> | undefined): {
    readonly resolved: ResolvedRange
    readonly signal: AbortSignalLike | undefined
  } {
    this.source.assertReadable()
    const { signal, rest } = splitSignal(range)
    throwIfAborted(signal)
    const resolved = resolveRange(rest as RangeOptions<K> | undefined, this.opened.codec.keys)
    return { resolved, signal }
  }
}

const NO_PARTS = Object.freeze({
  prefetch: () => undefined,
  next: () => Promise.resolve(undefined),
  close: () => undefined,
  check: () => undefined,
})
