import type { KeyBounds, RangeOptions } from '@ldb/base'
import type { Transaction as StoreTransaction } from '@ldb/mvcc'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import { scannedBounds } from '../read/scanned-bounds.js'
import type { TransactionSource } from './source.js'
import { resolveDeletedRange } from '../write/deleted-range.js'
import { batchTtlOf } from '../write/options.js'
import type { PutOptions } from '../write/options.js'

/**
 * The view of a keyspace through a transaction. Reads see the transaction's own writes; scans and cursors see the
 * writes made before they were opened.
 *
 * @remarks Writes are invisible to others before the commit. Methods throw `LDB_CLOSED` after the transaction has
 * ended. Writes throw `LDB_READ_ONLY` in a read-only transaction, and `LDB_TOO_LARGE` beyond the size limit of a
 * transaction, which can then only be rolled back.
 * @category Transactions
 */
export class TransactionKeyspace<K, V> extends KeyspaceReads<K, V> {
  /** @internal */
  override readonly source: TransactionSource
  /** @internal */
  readonly transaction: StoreTransaction

  /** @internal */
  constructor(source: TransactionSource, codec: KeyspaceCodec<K, V>, transaction: StoreTransaction) {
    super(source, codec)
    this.source = source
    this.transaction = transaction
  }

  /** Returns the value of a key, or `undefined`, and makes this read conflict like a write of the key. */
  getForUpdate(key: K): V | undefined {
    const { codec } = this
    this.source.assertReadable()
    const keyBytes = codec.encodeScratchKey(key)
    const value = this.source.getForUpdate(codec.scratch, keyBytes)
    return value === undefined ? undefined : codec.decodeOwnValue(value)
  }

  /** Writes an entry into the transaction. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.source.assertReadable()
    const { codec } = this
    const { keyspace } = this.source
    // Encode the value first: its encoder may call user code that overwrites the shared scratch array of the key.
    const valueBytes = keyspace.encodeExpiry(codec.encodeValue(value), batchTtlOf(options))
    const keyBytes = codec.encodeScratchKey(key)
    this.transaction.put(keyspace.descriptor.id, codec.scratch, valueBytes, keyBytes)
    return this
  }

  /** Removes a key in the transaction. A missing key is not an error. */
  delete(key: K): this {
    this.source.assertReadable()
    const keyBytes = this.codec.encodeScratchKey(key)
    this.transaction.delete(this.source.keyspace.descriptor.id, this.codec.scratch, keyBytes)
    return this
  }

  /**
   * Removes every entry of a range in the transaction. With `limit`, `offset` and `reverse`, removes the entries that a
   * scan of the range returns.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
   */
  deleteRange(range: RangeOptions<K>): this {
    this.source.assertReadable()
    const bounds = scannedBounds(this.source, resolveDeletedRange(range, this.codec.keys))
    if (bounds !== undefined) this.deleteBounds(bounds)
    return this
  }

  /** Removes every entry within bounds. @internal */
  deleteBounds({ lower, upper }: KeyBounds): void {
    this.transaction.deleteRange(this.source.keyspace.descriptor.id, lower, upper)
  }

  /** Removes every entry of the keyspace in the transaction. */
  clear(): this {
    this.source.assertReadable()
    this.transaction.deleteRange(this.source.keyspace.descriptor.id)
    return this
  }
}
