import { invalidArgument, resolveRange } from '@ldb/base'
import type { RangeEstimate, RangeOptions, ResolvedRange } from '@ldb/base'
import { Cursor } from './cursor.js'
import { EntrySource } from './entry-source.js'
import type { EntryPart } from './entry-source.js'
import { resolveBorrow } from './get-options.js'
import type { GetOptions } from './get-options.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { packKeys } from '../keyspace/packed-keys.js'
import type { ReadSource } from './read-source.js'
import { Scan } from './scan.js'

/**
 * The reading methods of a keyspace: live, or as a snapshot sees it.
 *
 * @remarks All of them throw `LDB_CLOSED` after the database or the snapshot was closed, `LDB_NOT_FOUND` after the
 * keyspace was dropped, `LDB_INVALID_ARGUMENT` for a key or a range that is none, `LDB_POISONED` when a commit failed half
 * way, and the errors of reading files: `LDB_IO` and `LDB_CORRUPTION`. What they give is the caller's own.
 * @category Reading
 */
export class KeyspaceReads<K, V> {
  /** @internal */
  readonly source: ReadSource
  /** @internal */
  readonly codec: KeyspaceCodec<K, V>
  /**
   * The scan and the cursor that were made last. When a collection of garbage finds no object of a class alive, V8 forgets
   * its layout, and throws away all code that was compiled for it: ranges that are read now and then would take five
   * times as long.
   */
  readonly #lastCreated: { scan: unknown; cursor: unknown } = { scan: undefined, cursor: undefined }

  /** @internal */
  constructor(source: ReadSource, codec: KeyspaceCodec<K, V>) {
    this.source = source
    this.codec = codec
  }

  /**
   * Returns the value of a key, or `undefined` when it is absent.
   *
   * @param options - `borrow`: bytes that are good until the next call only, for half the price.
   */
  get(key: K, options?: GetOptions): V | undefined {
    const { source, codec } = this
    source.assertReadable()
    const borrow = options !== undefined && resolveBorrow(options)
    const keyBytes = codec.encodeScratchKey(key)
    const value =
      borrow || codec.decodesInPlace
        ? source.getBorrowed(codec.scratch, keyBytes)
        : source.get(codec.scratch, keyBytes)
    return value === undefined ? undefined : codec.decodeOwnValue(value)
  }

  /**
   * Returns the values of many keys, in their order, `undefined` for each that is absent; a key may come twice.
   *
   * @remarks All keys are looked up together, which takes half the time of as many calls of `get`, and sees one state.
   */
  getMany(keys: Iterable<K>): (V | undefined)[] {
    const { source, codec } = this
    source.assertReadable()
    const [packed] = packKeys(codec, keys)
    // Whoever gave the keys may have closed the database meanwhile.
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

  /** Scans the entries of a range, as `[key, value]`, frozen at this call. */
  entries(range?: RangeOptions<K>): Scan<[K, V]> {
    return this.#scan(range, 'entry')
  }

  /** Scans the keys of a range, frozen at this call; values are not read. */
  keys(range?: RangeOptions<K>): Scan<K> {
    return this.#scan(range, 'key')
  }

  /** Scans the values of a range, frozen at this call. */
  values(range?: RangeOptions<K>): Scan<V> {
    return this.#scan(range, 'value')
  }

  /**
   * Opens a cursor over a range, frozen at this call. Close it, or write `using`.
   *
   * @param range - without `limit` and `offset`, which a cursor that moves both ways cannot have.
   */
  cursor(range?: RangeOptions<K>): Cursor<K, V> {
    const resolved = this.#resolve(range)
    if (resolved.limit !== Infinity || resolved.offset !== 0) {
      throw invalidArgument('a cursor has no limit and no offset')
    }
    const cursor = new Cursor(this.source, this.codec, resolved)
    this.#lastCreated.cursor = cursor
    return cursor
  }

  /**
   * Counts the entries of a range, exactly.
   *
   * @remarks Reads the branches of the tree and the leaves at both ends at least, at most every leaf of the range.
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

  /** Estimates the number of entries of a range and their bytes, reading a few pages. `limit` and `offset` are ignored. */
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
    const scan = new Scan(new EntrySource<K, V, T>(this.source, this.codec, this.#resolve(range), part))
    this.#lastCreated.scan = scan
    return scan
  }

  #resolve(range: RangeOptions<K> | undefined): ResolvedRange {
    this.source.assertReadable()
    return resolveRange(range, this.codec.keys)
  }
}
