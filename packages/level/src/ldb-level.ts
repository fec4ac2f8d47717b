import { AbstractLevel } from 'abstract-level'
import type { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import type { AsyncWriteOptions } from '@ldb/core'
import { iteratedThrough, openViews, toFormat, viewIndex } from './encoded-views.js'
import type { EncodedReads, EncodedView, FormatData } from './encoded-views.js'
import { levelError, toLevelError, toOpenError } from './level-error.js'
import { LevelIterator, LevelKeyIterator, LevelValueIterator } from './level-iterators.js'
import { resolveLevelOptions } from './level-options.js'
import type { LdbLevelOptions } from './level-options.js'
import { decodeLossy } from './lossy-utf8.js'
import { limitOf, rangeOf } from './level-range.js'
import type { LevelRange } from './level-range.js'
import { LevelSnapshot } from './level-snapshot.js'
import type { IteratedState, IteratorOptions } from './range-reader.js'

/** Formats in which keys and values are stored and passed. @category Level */
export type LevelFormat = string | Uint8Array

/** Options of `put`, `del`, `batch` and `clear`, beside those of abstract-level. @category Options */
export interface LevelWriteOptions {
  /** Commits with the durability `'full'`. Otherwise, that of the database applies. @defaultValue false */
  readonly sync?: boolean
}

/** Options that abstract-level passes to the private methods. */
interface ReadOptions {
  readonly keyEncoding: string
  readonly valueEncoding?: string
  readonly snapshot?: LevelSnapshot
}

interface Operation {
  readonly type: 'put' | 'del'
  readonly key: FormatData
  readonly value: FormatData
  readonly keyEncoding: string
  readonly valueEncoding: string
}

const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  implicitSnapshots: true,
  explicitSnapshots: true,
  has: true,
  getSync: true,
  seek: true,
  permanence: true,
  createIfMissing: true,
  errorIfExists: true,
  signals: { iterators: true },
  additionalMethods: { approximateSize: true, compactRange: true },
}

const SYNC: AsyncWriteOptions = { durability: 'full' }

/**
 * An LDB database behind the interface of abstract-level.
 *
 * @remarks Keys and values of the encodings `'utf8'`, `'buffer'` and `'view'` are passed without another conversion. A write is acknowledged
 * when the operating system has it, as in LevelDB; `sync: true`, or `durability: 'full'` for the database, waits for the device.
 * Errors have the codes of abstract-level, and the error of LDB as `cause`.
 * @example
 * ```ts
 * import { LdbLevel } from '@ldb/level'
 *
 * const db = new LdbLevel('./example-level')
 * await db.put('a', '1')
 * console.log(await db.get('a'), db.getSync('a')) // 1 1
 * await db.close()
 * await LdbLevel.destroy('./example-level')
 * ```
 * @category Level
 */
export class LdbLevel<K = string, V = string> extends AbstractLevel<LevelFormat, K, V> {
  /** Path of the directory, as given. */
  readonly location: string
  #database: AsyncDatabase | undefined = undefined
  #views: readonly EncodedView[] = []

  /**
   * @param location - directory of the database.
   * @throws TypeError when it is not a string with characters in it.
   */
  constructor(location: string, options?: LdbLevelOptions<K, V>) {
    if (typeof location !== 'string' || location === '')
      throw new TypeError("The first argument 'location' must be a non-empty string")
    super(MANIFEST, options)
    this.location = location
  }

  /**
   * The open database, for what abstract-level has no methods for: statistics, backups, verification, changes, other keyspaces.
   *
   * @throws an error with the code LEVEL_DATABASE_NOT_OPEN.
   */
  get database(): AsyncDatabase {
    if (this.#database === undefined) throw levelError('LEVEL_DATABASE_NOT_OPEN', 'Database is not open')
    return this.#database
  }

  /** Deletes the database in a directory, and nothing that is not one. @throws LEVEL_LOCKED while it is open, and other errors of files. */
  static async destroy(location: string): Promise<void> {
    try {
      Database.destroy(location)
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** Returns an estimate of the stored bytes of the keys from `start` to `end`, without `end`. */
  async approximateSize(start: K, end: K): Promise<number> {
    if (this.status === 'opening') return this.deferAsync(() => this.approximateSize(start, end))
    const encoding = this.keyEncoding()
    const range = { gte: encoding.encode(start), lt: encoding.encode(end) }
    try {
      return (await this.#viewAt(viewIndex(encoding.format, undefined)).reads.estimate(range)).bytes
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** Compacts the database. The bounds are those of classic-level; all keyspaces are compacted as a whole. */
  async compactRange(start: K, end: K): Promise<void> {
    if (this.status === 'opening') return this.deferAsync(() => this.compactRange(start, end))
    try {
      await this.database.compact()
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  async _open(options: Readonly<Record<string, unknown>>): Promise<void> {
    let database: AsyncDatabase | undefined
    try {
      const { keyspace, database: opened } = resolveLevelOptions(options)
      database = await AsyncDatabase.open(this.location, opened)
      this.#views = openViews(database, keyspace)
      this.#database = database
    } catch (error) {
      await database?.close()
      throw toOpenError(error, this.location)
    }
  }

  /** @internal */
  async _close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    try {
      await database?.close()
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  async _get(key: FormatData, options: ReadOptions): Promise<FormatData | undefined> {
    try {
      const value = await this.#readsOf(options).reads.get(key)
      return value === undefined ? undefined : toFormat(value, options.valueEncoding)
    } catch (error) {
      if (!isUndecodable(error, options)) throw toLevelError(error)
      return this.#getAsText(key, options)
    }
  }

  /** @internal */
  _getSync(key: FormatData, options: ReadOptions): FormatData | undefined {
    try {
      const value = this.#readsOf(options).readsSync.get(key)
      return value === undefined ? undefined : toFormat(value, options.valueEncoding)
    } catch (error) {
      if (!isUndecodable(error, options)) throw toLevelError(error)
      return this.#getAsText(key, options)
    }
  }

  /** @internal */
  async _getMany(keys: readonly FormatData[], options: ReadOptions): Promise<(FormatData | undefined)[]> {
    try {
      const values = await this.#readsOf(options).reads.getMany(keys)
      if (options.valueEncoding !== 'buffer') return values
      return values.map((value) => (value === undefined ? undefined : toFormat(value, 'buffer')))
    } catch (error) {
      if (!isUndecodable(error, options)) throw toLevelError(error)
      const values = await this._getMany(keys, { ...options, valueEncoding: 'view' })
      return values.map((value) => (value === undefined ? undefined : decodeLossy(value as Uint8Array)))
    }
  }

  /** @internal */
  async _has(key: FormatData, options: ReadOptions): Promise<boolean> {
    try {
      return await this.#readsOf(options).reads.has(key)
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** All answers are of one state, which single reads would not be. @internal */
  async _hasMany(keys: readonly FormatData[], options: ReadOptions): Promise<boolean[]> {
    const values = await this._getMany(keys, { ...options, valueEncoding: 'view' })
    return values.map((value) => value !== undefined)
  }

  /** @internal */
  async _put(key: FormatData, value: FormatData, options: ReadOptions & LevelWriteOptions): Promise<void> {
    try {
      await this.#viewOf(options).writes.put(key, value, durabilityOf(options))
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  async _del(key: FormatData, options: ReadOptions & LevelWriteOptions): Promise<void> {
    try {
      await this.#viewOf(options).writes.delete(key, durabilityOf(options))
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  async _batch(operations: readonly Operation[], options: LevelWriteOptions): Promise<void> {
    try {
      const batch = this.database.batch()
      let index = -1
      let target = batch.in(this.#viewAt(0).writes)
      for (const { type, key, value, keyEncoding, valueEncoding } of operations) {
        const next = viewIndex(keyEncoding, valueEncoding)
        if (next !== index) target = batch.in(this.#viewAt(next).writes)
        index = next
        if (type === 'put') target.put(key, value)
        else target.delete(key)
      }
      await batch.commit(durabilityOf(options))
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  async _clear(options: ReadOptions & LevelRange & LevelWriteOptions): Promise<void> {
    const { writes } = this.#viewOf(options)
    const limit = limitOf(options)
    const range = { ...rangeOf(options), ...(limit === undefined ? {} : { limit }) }
    const durability = durabilityOf(options)
    try {
      if (options.snapshot !== undefined) {
        const batch = this.database.batch().in(writes)
        for await (const key of this.#readsOf(options).reads.keys(range)) batch.delete(key)
        await batch.commit(durability)
      } else if (limit === undefined && !hasBound(range)) {
        await writes.clear(durability)
      } else {
        // Every key is at or above the empty one.
        await writes.deleteRange(hasBound(range) ? range : { ...range, gte: emptyKey(options) }, durability)
      }
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** @internal */
  _iterator(options: IteratorOptions & ReadOptions): AbstractIterator<this, K, V> {
    const iterator = new LevelIterator(this as never, this.#iteratedOf(options), options)
    return iterator as unknown as AbstractIterator<this, K, V>
  }

  /** @internal */
  _keys(options: IteratorOptions & ReadOptions): AbstractKeyIterator<this, K> {
    const iterator = new LevelKeyIterator(this as never, this.#iteratedOf(options), options)
    return iterator as unknown as AbstractKeyIterator<this, K>
  }

  /** @internal */
  _values(options: IteratorOptions & ReadOptions): AbstractValueIterator<this, K, V> {
    const iterator = new LevelValueIterator(this as never, this.#iteratedOf(options), options)
    return iterator as unknown as AbstractValueIterator<this, K, V>
  }

  /** @internal */
  _snapshot(options: { readonly owner: AbstractLevel<unknown> }): LevelSnapshot {
    return new LevelSnapshot(options, this.database.snapshot(), this.#views)
  }

  /** Returns a value that is not UTF-8 as text, with replacements. */
  #getAsText(key: FormatData, options: ReadOptions): string | undefined {
    const value = this._getSync(key, { ...options, valueEncoding: 'view' })
    return value === undefined ? undefined : decodeLossy(value as Uint8Array)
  }

  #viewAt(index: number): EncodedView {
    if (this.#database === undefined) throw levelError('LEVEL_DATABASE_NOT_OPEN', 'Database is not open')
    return this.#views[index] as EncodedView
  }

  #viewOf({ keyEncoding, valueEncoding }: ReadOptions): EncodedView {
    return this.#viewAt(viewIndex(keyEncoding, valueEncoding))
  }

  /** Returns `undefined` for a snapshot that is closed: abstract-level refuses every read of such an iterator. */
  #iteratedOf({ keyEncoding, valueEncoding, snapshot: given }: ReadOptions): IteratedState | undefined {
    const index = viewIndex(keyEncoding, valueEncoding)
    try {
      if (given !== undefined) return { reads: given.iteratedAt(index), snapshot: undefined }
      const view = this.#viewAt(index)
      const snapshot = this.database.sync.snapshot()
      return { reads: iteratedThrough(snapshot, view), snapshot }
    } catch (error) {
      if (isLdbError(error, 'LDB_CLOSED')) return undefined
      throw toLevelError(error)
    }
  }

  #readsOf({ keyEncoding, valueEncoding, snapshot }: ReadOptions): EncodedReads {
    const index = viewIndex(keyEncoding, valueEncoding)
    return snapshot === undefined ? this.#viewAt(index) : snapshot.readsAt(index)
  }
}

/** Reports whether a read may have failed because a value is not the text that it was read as. */
function isUndecodable(error: unknown, { valueEncoding }: ReadOptions): boolean {
  return valueEncoding === 'utf8' && isLdbError(error, 'LDB_INVALID_ARGUMENT')
}

function durabilityOf({ sync }: LevelWriteOptions): AsyncWriteOptions | undefined {
  return sync === true ? SYNC : undefined
}

function hasBound({ gt, gte, lt, lte }: LevelRange): boolean {
  return gt !== undefined || gte !== undefined || lt !== undefined || lte !== undefined
}

function emptyKey({ keyEncoding }: ReadOptions): FormatData {
  return keyEncoding === 'utf8' ? '' : new Uint8Array(0)
}
