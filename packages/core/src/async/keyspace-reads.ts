import { copyBytes, invalidArgument, resolveRange } from '@ldb/base'
import type { RangeEstimate, RangeOptions, ResolvedRange } from '@ldb/base'
import { AsyncCursor } from './cursor.js'
import { AsyncEntrySource } from './entry-source.js'
import type { AsyncApi } from '../calls/async-api.js'
import { CallOrder } from '../calls/call-order.js'
import { walkRange } from './range-walk.js'
import { READ_MISS } from '../resident/read-gate.js'
import { AsyncScan } from './scan.js'
import { signalOf, splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike, AsyncOptions } from '../health/abort-signal.js'
import type { EntryPart } from '../read/entry-source.js'
import { expiresAtOf } from '../read/expiry-read.js'
import type { KeyspaceReads } from '../read/keyspace-reads.js'
import { openValueStream } from '../streams/value-stream.js'
import type { ValueStream } from '../streams/value-stream.js'
import { mapPackedKeys, packKeys } from '../keyspace/packed-keys.js'
import type { PackedKeys } from '../keyspace/packed-keys.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'
import { INSPECT, inspectSummary, summaryOf } from '../health/handle-summary.js'
import type { HandleSummary } from '../health/handle-summary.js'

/** A read of keys from a source: of packed keys together, and of one. */
interface ReadOfKeys<T> {
  readonly many: (source: ReadSource, keys: PackedKeys) => T[]
  readonly one: (source: ReadSource, key: Uint8Array, keyBytes?: number) => T
}

const GET: ReadOfKeys<Uint8Array | undefined> = {
  many: (source, { bytes, ends }) => source.getMany(bytes, ends),
  one: (source, key) => source.get(key, key.length),
}

const HAS: ReadOfKeys<boolean> = {
  many: (source, { bytes, ends }) => mapPackedKeys(bytes, ends, (key) => source.has(key, key.length)),
  one: (source, key, keyBytes = key.length) => source.has(key, keyBytes),
}

/** Keys of one multi-get between two checks of the time slice. */
const SLICE_KEYS = 256

/** A range, and a signal that ends the read. @category Async */
export type AsyncRangeOptions<K> = RangeOptions<K> & AsyncOptions

/**
 * The reading methods of a keyspace with promises, on its live state or on a snapshot.
 *
 * @remarks Reads of cached pages do not leave the thread. Missing pages load off the thread, so that no read blocks the
 * event loop on a file. Each method rejects with the errors of the synchronous API, and with `LDB_ABORTED` when its
 * signal is aborted.
 * @category Async
 */
export class AsyncKeyspaceReads<K, V> {
  readonly #api: AsyncApi
  readonly #reads: KeyspaceReads<K, V>
  readonly #calls: CallOrder
  /** @internal */
  constructor(api: AsyncApi, reads: KeyspaceReads<K, V>, calls: CallOrder = api.calls) {
    this.#api = api
    this.#reads = reads
    this.#calls = calls
  }

  /** @internal */
  get api(): AsyncApi {
    return this.#api
  }

  /** @internal */
  get reads(): KeyspaceReads<K, V> {
    return this.#reads
  }

  /** The order of the calls of the database, the snapshot or the transaction. @internal */
  get calls(): CallOrder {
    return this.#calls
  }

  /** Returns the value of a key, or `undefined` for an absent key. */
  async get(key: K, options?: AsyncOptions): Promise<V | undefined> {
    const { source, codec } = this.reads
    const signal = this.#begin(options)
    const keyBytes = codec.encodeScratchKey(key)
    const value = this.calls.isBlocked
      ? READ_MISS
      : this.api.gate.attempt(() => source.get(codec.scratch, keyBytes))
    if (value !== READ_MISS) {
      if (value === undefined) return this.api.answer(undefined)
      return this.api.answer(codec.decodeOwnValue(value), value.length)
    }
    const ownKey = copyBytes(codec.scratch, 0, keyBytes)
    const loaded = await this.#read(() => source.get(ownKey, keyBytes), signal)
    return loaded === undefined ? undefined : codec.decodeOwnValue(loaded)
  }

  /**
   * Returns the values of many keys, in their order, as of this call; `undefined` for each absent key.
   *
   * @remarks Missing pages of up to 256 keys load concurrently.
   */
  getMany(keys: Iterable<K>, options?: AsyncOptions): Promise<(V | undefined)[]> {
    const { codec } = this.reads
    const decode = (values: (Uint8Array | undefined)[]): (V | undefined)[] => codec.decodeOwnValues(values)
    return this.#readMany(keys, options, GET, decode, byteCountOf)
  }

  /**
   * Returns a stream of the bytes of an encoded value, in parts of up to 1 MiB; `undefined` for an absent key. End it, unless it is read to its
   * end.
   */
  async getStream(key: K, options?: AsyncOptions): Promise<ValueStream | undefined> {
    const { source, codec } = this.reads
    const signal = this.#begin(options)
    const ownKey = copyBytes(codec.encodeKey(key))
    return this.#read(() => openValueStream(this.api, this.calls, source, ownKey, signal), signal)
  }

  /** Reports whether a key is present, without reading its value. */
  has(key: K, options?: AsyncOptions): Promise<boolean> {
    return this.#readOne(key, options, HAS.one)
  }

  /** Returns when the entry of a key expires, in milliseconds since 1970: Infinity for never, `undefined` for an absent key. The value is not read. */
  expiresAt(key: K, options?: AsyncOptions): Promise<number | undefined> {
    return this.#readOne(key, options, expiresAtOf)
  }

  /** Returns a short summary, without data, for `JSON.stringify`. */
  toJSON(): HandleSummary {
    return summaryOf(this, this.reads.source.keyspace.descriptor.name)
  }

  /** @internal */
  [INSPECT](): string {
    return inspectSummary(this.toJSON())
  }

  /** Reports for each of many keys whether it is present, in their order, as of this call, without reading values. */
  hasMany(keys: Iterable<K>, options?: AsyncOptions): Promise<boolean[]> {
    return this.#readMany(keys, options, HAS, (found) => found)
  }

  /** Returns a scan of the entries of a range, as `[key, value]` pairs, in the state at this call. */
  entries(range?: AsyncRangeOptions<K>): AsyncScan<[K, V]> {
    return this.#scan(range, 'entry')
  }

  /** Returns a scan of the keys of a range, in the state at this call. Values are not read. */
  keys(range?: AsyncRangeOptions<K>): AsyncScan<K> {
    return this.#scan(range, 'key')
  }

  /** Returns a scan of the values of a range, in the state at this call. */
  values(range?: AsyncRangeOptions<K>): AsyncScan<V> {
    return this.#scan(range, 'value')
  }

  /**
   * Opens a cursor over a range, in the state at this call. Close it, or declare it with `await using`.
   *
   * @param range - without `limit` and `offset`. An aborted signal ends the moves.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED, LDB_NOT_FOUND, LDB_POISONED, LDB_ABORTED.
   */
  cursor(range?: AsyncRangeOptions<K>): AsyncCursor<K, V> {
    const { resolved, signal } = this.#resolve(range)
    if (resolved.limit !== Infinity || resolved.offset !== 0) {
      throw invalidArgument('a cursor has no limit and no offset')
    }
    const { source, codec } = this.reads
    return new AsyncCursor(this.api, this.calls, source, codec, { range: resolved, signal })
  }

  /**
   * Returns the exact number of entries of a range.
   *
   * @remarks Without bounds, and without expiring entries and uncommitted writes, the number is known. Otherwise the
   * count visits every entry of the range: missing pages load off the thread, and a long count yields the thread
   * between time slices.
   */
  async count(range?: AsyncRangeOptions<K>): Promise<number> {
    const { resolved, signal } = this.#resolve(range)
    if (resolved.empty) return 0
    const { source } = this.reads
    return this.calls.run(async () => {
      const pin = source.acquire()
      try {
        let count = 0
        const isKnown = resolved.lower === undefined && resolved.upper === undefined
        if (isKnown && pin.keyspace.expiry === undefined && !pin.hasOwnWrites) {
          count = await this.#readPinned(pin, () => pin.view.count(), signal)
        } else {
          await walkRange(this.api, pin, resolved, signal, () => ++count > 0, false)
        }
        return Math.min(resolved.limit, Math.max(0, count - resolved.offset))
      } finally {
        source.releasePin(pin)
      }
    })
  }

  /**
   * Returns an estimate of the number of entries of a range and of their bytes, from a few pages. `limit` and `offset`
   * have no effect.
   */
  async estimate(range?: AsyncRangeOptions<K>): Promise<RangeEstimate> {
    const { resolved, signal } = this.#resolve(range)
    if (resolved.empty) return { count: 0, bytes: 0 }
    const { source } = this.reads
    return this.calls.run(async () => {
      const pin = source.acquire()
      try {
        return await this.#readPinned(pin, () => pin.view.estimate(resolved), signal)
      } finally {
        source.releasePin(pin)
      }
    })
  }

  /** Reads one key as of this call. */
  async #readOne<T>(
    key: K,
    options: AsyncOptions | undefined,
    read: (source: ReadSource, key: Uint8Array, keyBytes: number) => T,
  ): Promise<T> {
    const { source, codec } = this.reads
    const signal = this.#begin(options)
    const keyBytes = codec.encodeScratchKey(key)
    const found = this.calls.isBlocked
      ? READ_MISS
      : this.api.gate.attempt(() => read(source, codec.scratch, keyBytes))
    if (found !== READ_MISS) return this.api.answer(found)
    const ownKey = copyBytes(codec.scratch, 0, keyBytes)
    return this.#read(() => read(source, ownKey, keyBytes), signal)
  }

  /** Reads many keys as of this call. @param byteCountOf - bytes of what was read at once. */
  async #readMany<T, R>(
    keys: Iterable<K>,
    options: AsyncOptions | undefined,
    read: ReadOfKeys<T>,
    decode: (found: T[]) => R[],
    byteCountOf?: (found: readonly T[]) => number,
  ): Promise<R[]> {
    const signal = this.#begin(options)
    const { source, codec } = this.reads
    const parts = packKeys(codec, keys, SLICE_KEYS)
    // The iterable of the keys may have closed the database or aborted the signal.
    this.#assertCallable(signal)
    const [first] = parts
    if (parts.length === 1 && !this.calls.isBlocked) {
      const found = this.api.gate.attempt(() => read.many(source, first))
      if (found !== READ_MISS) return this.api.answer(decode(found), byteCountOf?.(found))
    }
    return this.calls.run(async () => {
      const pinned = source.pinState()
      try {
        return decode(await this.#readParts(pinned.source, parts, read, signal))
      } finally {
        pinned.release()
      }
    })
  }

  /** Reads keys from a pinned state, one part per time slice. */
  async #readParts<T>(
    source: ReadSource,
    parts: readonly PackedKeys[],
    { many, one }: ReadOfKeys<T>,
    signal: AbortSignalLike | undefined,
  ): Promise<T[]> {
    const { gate } = this.api
    const check = (): void => {
      throwIfAborted(signal)
      source.assertStillReadable()
    }
    const results: T[] = []
    for (const part of parts) {
      check()
      let found = gate.attempt(() => many(source, part))
      if (found === READ_MISS) {
        // The missing pages of all keys of a part load concurrently.
        const read = (key: Uint8Array): Promise<T> => this.api.read(() => one(source, key), check, signal)
        found = await Promise.all(mapPackedKeys(part.bytes, part.ends, read))
      }
      for (const result of found) results.push(result)
      if (gate.isSliceOver) await gate.yieldThread()
    }
    return results
  }

  #scan<T>(range: AsyncRangeOptions<K> | undefined, part: EntryPart): AsyncScan<T> {
    const { resolved, signal } = this.#resolve(range)
    const { source, codec } = this.reads
    const read = { range: resolved, part, signal }
    const entries = new AsyncEntrySource<K, V, T>(this.api, this.calls, source, codec, read)
    const { gate } = this.api
    return new AsyncScan(entries, new CallOrder(gate, { order: this.calls, call: undefined }), gate)
  }

  #begin(options: AsyncOptions | undefined): AbortSignalLike | undefined {
    const signal = signalOf(options)
    this.#assertCallable(signal)
    return signal
  }

  #assertCallable(signal: AbortSignalLike | undefined): void {
    this.calls.assertOpen()
    this.reads.source.assertReadable()
    throwIfAborted(signal)
  }

  #resolve(range: AsyncRangeOptions<K> | undefined): {
    readonly resolved: ResolvedRange
    readonly signal: AbortSignalLike | undefined
  } {
    this.calls.assertOpen()
    this.reads.source.assertReadable()
    const { signal, rest } = splitSignal(range)
    throwIfAborted(signal)
    return { resolved: resolveRange(rest as RangeOptions<K> | undefined, this.reads.codec.keys), signal }
  }

  #readPinned<T>(pin: ReadPin, action: () => T, signal: AbortSignalLike | undefined): Promise<T> {
    const check = (): void => {
      pin.assertPinned()
    }
    return this.api.read(action, check, signal)
  }

  async #read<T>(action: () => T, signal: AbortSignalLike | undefined): Promise<T> {
    const { source } = this.reads
    const check = (): void => {
      source.assertStillReadable()
    }
    source.beginRead()
    try {
      return await this.calls.run(() => this.api.read(action, check, signal))
    } finally {
      source.endRead()
    }
  }
}

function byteCountOf(values: readonly (Uint8Array | undefined)[]): number {
  let byteCount = 0
  for (const value of values) byteCount += 64 + (value === undefined ? 0 : value.length)
  return byteCount
}
