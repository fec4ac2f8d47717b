import { resolveRange } from '@ldb/base'
import type { KeyBounds, RangeOptions } from '@ldb/base'
import type { Transaction as StoreTransaction } from '@ldb/mvcc'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import { scannedBounds } from '../read/scanned-bounds.js'
import type { TransactionSource } from './source.js'
import { batchTtlOf } from '../write/options.js'
import type { PutOptions } from '../write/options.js'

/**
 * A keyspace as a transaction sees it, and through which it writes. Reads see the transaction's own writes; scans and
 * cursors those that were made before they were opened.
 *
 * @remarks Nothing is visible to others before the commit. Methods throw `LDB_CLOSED` after the end of the transaction, and
 * writes `LDB_READ_ONLY` in one that only reads, `LDB_TOO_LARGE` when they exceed what a transaction may write: then it
 * can only be rolled back.
 * @category Transactions
 */
export class TransactionKeyspace<K, V> extends KeyspaceReads<K, V> {
  /** @internal */
  override readonly source: TransactionSource
  readonly #transaction: StoreTransaction

  /** @internal */
  constructor(source: TransactionSource, codec: KeyspaceCodec<K, V>, transaction: StoreTransaction) {
    super(source, codec)
    this.source = source
    this.#transaction = transaction
  }

  /** Returns the value of a key, or `undefined`, and makes the read conflict like a write. */
  getForUpdate(key: K): V | undefined {
    const { codec } = this
    this.source.assertReadable()
    const keyBytes = codec.encodeScratchKey(key)
    const value = this.source.getForUpdate(codec.scratch, keyBytes)
    return value === undefined ? undefined : codec.decodeOwnValue(value)
  }

  /** Writes an entry. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.source.assertReadable()
    const { codec } = this
    const { keyspace } = this.source
    // The value first: writing it down may call the user's code, and the key's bytes are in a shared array.
    const valueBytes = keyspace.seal(codec.encodeValue(value), batchTtlOf(options))
    const keyBytes = codec.encodeScratchKey(key)
    this.#transaction.put(keyspace.descriptor.id, codec.scratch, valueBytes, keyBytes)
    return this
  }

  /** Removes a key, which need not be there. */
  delete(key: K): this {
    this.source.assertReadable()
    const keyBytes = this.codec.encodeScratchKey(key)
    this.#transaction.delete(this.source.keyspace.descriptor.id, this.codec.scratch, keyBytes)
    return this
  }

  /** Removes every entry of a range; with `limit`, `offset` and `reverse`, those that a scan of it would give. */
  deleteRange(range: RangeOptions<K>): this {
    this.source.assertReadable()
    const bounds = scannedBounds(this.source, resolveRange(range, this.codec.keys))
    if (bounds !== undefined) this.deleteBounds(bounds)
    return this
  }

  /** Removes every entry within bounds. @internal */
  deleteBounds({ lower, upper }: KeyBounds): void {
    this.source.assertReadable()
    this.#transaction.deleteRange(this.source.keyspace.descriptor.id, lower, upper)
  }

  /** Removes every entry. */
  clear(): this {
    this.source.assertReadable()
    this.#transaction.deleteRange(this.source.keyspace.descriptor.id)
    return this
  }
}
