import { copyBytes, equalBytes, invalidArgument, refusePromise } from '@ldb/base'
import type { KeyBounds, RangeOptions } from '@ldb/base'
import type { Transaction as StoreTransaction } from '@ldb/mvcc'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { encodeNext, presentExpiry } from '../keyspace/next-value.js'
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
  readonly #source: TransactionSource
  readonly #transaction: StoreTransaction
  /** @internal */
  constructor(source: TransactionSource, codec: KeyspaceCodec<K, V>, transaction: StoreTransaction) {
    super(source, codec)
    this.#source = source
    this.#transaction = transaction
  }

  /** @internal */
  override get source(): TransactionSource {
    return this.#source
  }

  /** @internal */
  get transaction(): StoreTransaction {
    return this.#transaction
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

  /** Writes an entry if the key is absent, and reports whether it did. The read conflicts like a write of the key. */
  putIfAbsent(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): boolean {
    return this.compareAndSwap(key, undefined, value, options)
  }

  /**
   * Writes `next` if the current value equals `expected`, and reports whether it did. `undefined` means an absent key:
   * as `expected`, the key must be absent; as `next`, the key is removed. The read conflicts like a write of the key.
   *
   * @remarks Compares the encoded bytes.
   */
  compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: Pick<PutOptions, 'ttlMs'>,
  ): boolean {
    const { codec } = this
    this.source.assertReadable()
    const ttlMs = batchTtlOf(options)
    const expectedBytes = expected === undefined ? undefined : copyBytes(codec.encodeValue(expected))
    const keyBytes = copyBytes(codec.encodeKey(key))
    const current = this.source.getForUpdate(keyBytes, keyBytes.length)
    const isSame =
      current === undefined || expectedBytes === undefined
        ? current === expectedBytes
        : equalBytes(current, expectedBytes)
    if (isSame && next !== undefined)
      this.write(keyBytes, this.source.keyspace.encodeExpiry(codec.encodeValue(next), ttlMs))
    else if (isSame && expected !== undefined) this.write(keyBytes, undefined)
    return isSame
  }

  /**
   * Writes the result of `change`, and returns it. `undefined` means an absent key, as argument and as result. The new value expires after
   * `ttlMs`, by default when the present one does, or for an absent key as the keyspace says. The read conflicts like a write of the key.
   *
   * @param change - synchronous. Its exception leaves this call, and nothing is written.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `change` returns a promise; the errors of writes.
   */
  update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: Pick<PutOptions, 'ttlMs'>,
  ): V | undefined {
    const { codec, source } = this
    source.assertReadable()
    const ttlMs = batchTtlOf(options)
    if (typeof change !== 'function') throw invalidArgument('update needs a function')
    const keyBytes = copyBytes(codec.encodeKey(key))
    const stored = source.storedForUpdate(keyBytes, keyBytes.length)
    const before = source.decode(stored)
    const expiresAt = presentExpiry(source.keyspace, stored, before)
    const next = change(before === undefined ? undefined : codec.decodeValue(before))
    refusePromise(next, 'the function given to update')
    source.assertReadable()
    if (next !== undefined)
      this.write(keyBytes, encodeNext(source.keyspace, codec.encodeValue(next), ttlMs, expiresAt))
    else if (before !== undefined) this.write(keyBytes, undefined)
    return next
  }

  /** Removes an entry in the transaction, and returns its value; `undefined` for an absent key. */
  take(key: K): V | undefined {
    const value = this.getForUpdate(key)
    if (value !== undefined) this.delete(key)
    return value
  }

  /** Writes an entry as it is stored, or removes it. @internal */
  write(key: Uint8Array, stored: Uint8Array | undefined): void {
    const { id } = this.source.keyspace.descriptor
    if (stored === undefined) this.transaction.delete(id, key, key.length)
    else this.transaction.put(id, key, stored, key.length)
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
