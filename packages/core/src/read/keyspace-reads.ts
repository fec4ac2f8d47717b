import { assertIterable, invalidArgument, resolveRange } from '@ldb/base'
import type { RangeEstimate, RangeOptions, ResolvedRange } from '@ldb/base'
import { Cursor } from './cursor.js'
import { EntrySource } from './entry-source.js'
import type { EntryPart } from './entry-source.js'
import { expiresAtOf } from './expiry-read.js'
import { resolveBorrow } from './get-options.js'
import type { GetOptions } from './get-options.js'
import type { LastEnded } from './last-ended.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { packKeys } from '../keyspace/packed-keys.js'
import type { ReadSource } from './read-source.js'
import { Scan } from './scan.js'
import { INSPECT, inspectSummary, summaryOf } from '../health/handle-summary.js'
import type { HandleSummary } from '../health/handle-summary.js'

/**
 * The reading methods of a keyspace, on its live state or on a snapshot.
 *
 * @remarks Every method throws `LDB_CLOSED` after the database or the snapshot is closed, `LDB_NOT_FOUND` after the
 * keyspace is dropped, `LDB_INVALID_ARGUMENT` for an invalid key or range, `LDB_POISONED` after a commit was applied in
 * part, and the errors of file reads: `LDB_IO`, `LDB_CORRUPTION`. The caller owns the returned keys and values.
 *
 * A returned `Uint8Array` may be a view of a larger buffer, which holds other results too: use its own offset and length.
 * Such a buffer cannot be transferred to another thread: `postMessage(value, [value.buffer])` throws `DataCloneError`.
 * Copy the value first: `const own = value.slice()`, then `postMessage(own, [own.buffer])`.
 * @category Reading
 */
export class KeyspaceReads<K, V> {
  readonly #source: ReadSource
  readonly #codec: KeyspaceCodec<K, V>
  readonly #lastEnded: LastEnded = { scan: undefined, cursor: undefined }

  /** @internal */
  constructor(source: ReadSource, codec: KeyspaceCodec<K, V>) {
    this.#source = source
    this.#codec = codec
  }

  /** @internal */
  get source(): ReadSource {
    return this.#source
  }

  /** @internal */
  get codec(): KeyspaceCodec<K, V> {
    return this.#codec
  }

  /**
   * Returns the value of a key, or `undefined` for an absent key.
   *
   * @remarks The `buffer` of a binary value may hold more than the value. Copy it with `slice()` to transfer it.
   * @param options - `borrow`: returns a view that is valid until the next call only, for half the cost.
   */
  get(key: K, options?: GetOptions): V | undefined {
    const { source, codec } = this
    source.assertReadable()
    const borrow = options !== undefined && resolveBorrow(options) && codec.borrowsValues
    const keyBytes = codec.encodeScratchKey(key)
    const value =
      borrow || codec.decodesInPlace
        ? source.getBorrowed(codec.scratch, keyBytes)
        : source.get(codec.scratch, keyBytes)
    return value === undefined ? undefined : codec.decodeOwnValue(value)
  }

  /**
   * Returns the values of many keys, in their order; `undefined` for each absent key. A key may occur several times.
   *
   * @remarks All values are of one state. One multi-get takes half the time of as many calls of `get`.
   */
  getMany(keys: Iterable<K>): (V | undefined)[] {
    const { source, codec } = this
    source.assertReadable()
    const [packed] = packKeys(codec, keys)
    // The iterable of the keys may have closed the database.
    source.assertReadable()
    return codec.decodeOwnValues(source.getMany(packed.bytes, packed.ends))
  }

  /** Reports whether a key is present, without reading its value. */
  has(key: K): boolean {
    const { source, codec } = this
    source.assertReadable()
    const keyBytes = codec.encodeScratchKey(key)
    return source.has(codec.scratch, keyBytes)
  }

  /**
   * Returns when the entry of a key expires, in milliseconds since 1970: Infinity for never, `undefined` for an absent key.
   *
   * @remarks The value is not read.
   */
  expiresAt(key: K): number | undefined {
    const { source, codec } = this
    source.assertReadable()
    const keyBytes = codec.encodeScratchKey(key)
    return expiresAtOf(source, codec.scratch, keyBytes)
  }

  /** Returns a short summary, without data, for `JSON.stringify`. */
  toJSON(): HandleSummary {
    return summaryOf(this, this.source.keyspace.descriptor.name)
  }

  /** @internal */
  [INSPECT](): string {
    return inspectSummary(this.toJSON())
  }

  /** Reports for each of many keys whether it is present, in their order, without reading values. */
  hasMany(keys: Iterable<K>): boolean[] {
    this.source.assertReadable()
    assertIterable('keys', keys)
    // All keys first: what returns them may write.
    return [...keys].map((key) => this.has(key))
  }

  /** Returns a scan of the entries of a range, as `[key, value]` pairs, in the state at this call. */
  entries(range?: RangeOptions<K>): Scan<[K, V]> {
    return this.#scan(range, 'entry')
  }

  /** Returns a scan of the keys of a range, in the state at this call. Values are not read. */
  keys(range?: RangeOptions<K>): Scan<K> {
    return this.#scan(range, 'key')
  }

  /** Returns a scan of the values of a range, in the state at this call. */
  values(range?: RangeOptions<K>): Scan<V> {
    return this.#scan(range, 'value')
  }

  /**
   * Opens a cursor over a range, in the state at this call. Close it, or declare it with `using`.
   *
   * @param range - without `limit` and `offset`.
   */
  cursor(range?: RangeOptions<K>): Cursor<K, V> {
    const resolved = this.#resolve(range)
    if (resolved.limit !== Infinity || resolved.offset !== 0) {
      throw invalidArgument('a cursor has no limit and no offset')
    }
    return new Cursor(this.source, this.codec, resolved, this.#lastEnded)
  }

  /**
   * Returns the exact number of entries of a range.
   *
   * @remarks Without bounds, the number is known, unless entries may expire. Otherwise the count reads every leaf page of
   * the range.
   */
  count(range?: RangeOptions<K>): number {
    const resolved = this.#resolve(range)
    if (resolved.empty) return 0
    const pin = this.source.acquire()
    try {
      return Math.min(resolved.limit, Math.max(0, pin.view.count(resolved) - resolved.offset))
    } finally {
      this.source.releasePin(pin)
    }
  }

  /**
   * Returns an estimate of the number of entries of a range and of their bytes, from a few pages. `limit` and `offset`
   * have no effect.
   */
  estimate(range?: RangeOptions<K>): RangeEstimate {
    const resolved = this.#resolve(range)
    if (resolved.empty) return { count: 0, bytes: 0 }
    const pin = this.source.acquire()
    try {
      return pin.view.estimate(resolved)
    } finally {
      this.source.releasePin(pin)
    }
  }

  #scan<T>(range: RangeOptions<K> | undefined, part: EntryPart): Scan<T> {
    const resolved = this.#resolve(range)
    const source = new EntrySource<K, V, T>(this.source, this.codec, resolved, part, this.#lastEnded)
    const scan = new Scan(source)
    source.scan = scan
    return scan
  }

  #resolve(range: RangeOptions<K> | undefined): ResolvedRange {
    this.source.assertReadable()
    return resolveRange(range, this.codec.keys)
  }
}
