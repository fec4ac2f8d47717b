import {
  ALL_KEYS,
  isEmptyBounds,
  isLdbError,
  KEY_BYTES_MAX,
  LdbError,
  tooLarge,
  toPlainBytes,
  VALUE_BYTES_MAX,
  WriteBatch,
} from '@ldb/base'
import type { KeyBounds, KeyspaceSection, RangeEstimate, StoreCursor } from '@ldb/base'
import type { Isolation } from '../options.js'
import type { PreparedCommit } from './prepared-commit.js'
import type { Savepoint } from './savepoint.js'
import type { TransactionHost } from './transaction-host.js'
import { TransactionReads } from '../read/transaction-reads.js'
import type { KeyspaceRead } from '../read/transaction-reads.js'
import { TransactionView } from './transaction-view.js'
import { TransactionWrites } from './transaction-writes.js'
import type { ViewReads } from '../read/view-reads.js'
import { DELETED, findWrite, NOT_WRITTEN } from '../records/write-buffer.js'

/** Greatest commit that `wouldConflict` compares, in bytes. */
const COMPARED_BYTES_MAX = 1_048_576

/**
 * A read view of all stores with private writes over it, which become one commit or are discarded. Made by
 * `TransactionManager.begin`; SPEC.md specifies its guarantees.
 *
 * @remarks Keys and values are bytes and are copied. A keyspace is identified by the id of its store. Every method throws
 * `LDB_CLOSED` after the end of the transaction; reading methods also throw the errors of the stores. An open transaction
 * retains old versions of the data: end it, or declare it with `using`, which rolls back an uncommitted transaction.
 * @category Transactions
 */
export class Transaction implements Disposable {
  /** The isolation level. */
  readonly isolation: Isolation
  /** True when the transaction may not write. */
  readonly readOnly: boolean
  readonly #host: TransactionHost
  readonly #view: ViewReads
  readonly #reads: TransactionReads
  readonly #writes: TransactionWrites
  #isOpen = true
  /** How the transaction was ended by its own methods; `undefined` until then. */
  #outcome: 'committed' | 'failed' | 'rolled back' | undefined = undefined
  /** The error of a commit that failed. */
  #failure: unknown = undefined

  /** @internal */
  constructor(host: TransactionHost, view: ViewReads, isolation: Isolation, readOnly: boolean) {
    this.#host = host
    this.#view = view
    this.isolation = isolation
    this.readOnly = readOnly
    this.#reads = new TransactionReads(view, isolation === 'serializable' && !readOnly, host.readBytes)
    this.#writes = new TransactionWrites(host.bufferBytes)
  }

  /** True when a commit would write something. */
  get hasWrites(): boolean {
    return this.#writes.hasAny
  }

  /** The newest commit that the transaction sees. */
  get seq(): number {
    return this.#view.lease.view.seq
  }

  /** True until the transaction ends. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#view.lease.released
  }

  /** Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`. */
  get(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    const read = this.#read(keyspaceId)
    const plain = toPlainBytes(key, 'key')
    const own = this.#writes.buffer(keyspaceId)
    if (own !== undefined) {
      const record = findWrite(own, plain, keyBytes)
      if (record !== NOT_WRITTEN) return record === DELETED ? undefined : own.arena.value(record)
    }
    read.reads?.addKey(plain, keyBytes)
    return read.viewed.reader.get(plain, keyBytes)
  }

  /** Reports whether a key is present. */
  has(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): boolean {
    const read = this.#read(keyspaceId)
    const plain = toPlainBytes(key, 'key')
    const own = this.#writes.buffer(keyspaceId)
    const record = own === undefined ? NOT_WRITTEN : findWrite(own, plain, keyBytes)
    if (record !== NOT_WRITTEN) return record !== DELETED
    read.reads?.addKey(plain, keyBytes)
    return read.viewed.reader.has(plain, keyBytes)
  }

  /**
   * Returns a copy of the value of a key, or `undefined`, and reads the key for update: the read conflicts like a write (M11).
   *
   * @throws {@link LdbError} LDB_READ_ONLY, and the errors of `get`.
   */
  getForUpdate(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertWritable()
    const read = this.#read(keyspaceId)
    const plain = toPlainBytes(key, 'key')
    checkLength('key', keyBytes, KEY_BYTES_MAX)
    this.#reads.addUpdateRead(read, plain, keyBytes)
    const own = this.#writes.buffer(keyspaceId)
    if (own !== undefined) {
      const record = findWrite(own, plain, keyBytes)
      if (record !== NOT_WRITTEN) return record === DELETED ? undefined : own.arena.value(record)
    }
    return read.viewed.reader.get(plain, keyBytes)
  }

  /** Returns one keyspace in its current state, including own writes so far. Later writes do not change it (M4). */
  view(keyspaceId: number): TransactionView {
    const { viewed, reads } = this.#read(keyspaceId)
    return new TransactionView(this.#view, viewed.snapshot(), reads, this.#writes.freeze(keyspaceId))
  }

  /**
   * Opens a cursor over the read view and the own writes so far (M4). The end of the transaction closes it.
   *
   * @param bounds - retained: the caller must not change their bytes.
   */
  cursor(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): StoreCursor {
    return this.view(keyspaceId).cursor(bounds)
  }

  /** Counts the entries within bounds, exactly. */
  count(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): number {
    return this.view(keyspaceId).count(bounds)
  }

  /** Estimates entries and bytes within bounds, without own writes. Adds nothing to the read set (M12). */
  estimate(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): RangeEstimate {
    return this.view(keyspaceId).estimate(bounds)
  }

  /**
   * Writes an entry. The key is the first `keyBytes` bytes of `key`, the value the first `valueBytes` bytes of `value`.
   *
   * @throws {@link LdbError} LDB_READ_ONLY, LDB_NOT_FOUND, LDB_TOO_LARGE when key or value exceed their limit, or when
   * the write set exceeds its limit; the transaction can then only be rolled back (M24).
   */
  put(
    keyspaceId: number,
    key: Uint8Array,
    value: Uint8Array,
    keyBytes: number = key.length,
    valueBytes: number = value.length,
  ): void {
    this.#assertWritable()
    const plainKey = toPlainBytes(key, 'key')
    const plainValue = toPlainBytes(value, 'value')
    checkLength('key', keyBytes, KEY_BYTES_MAX)
    checkLength('value', valueBytes, VALUE_BYTES_MAX)
    this.#read(keyspaceId)
    this.#writes.set(keyspaceId, plainKey, keyBytes, plainValue, valueBytes)
  }

  /** Deletes a key, which may be absent. */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): void {
    this.#assertWritable()
    const plain = toPlainBytes(key, 'key')
    checkLength('key', keyBytes, KEY_BYTES_MAX)
    this.#read(keyspaceId)
    this.#writes.set(keyspaceId, plain, keyBytes, undefined, 0)
  }

  /**
   * Deletes every key from `lower` (inclusive) to `upper` (exclusive). A key that another commit writes to the range before this
   * commit is a conflict (M8). An empty or inverted range deletes nothing.
   */
  deleteRange(keyspaceId: number, lower?: Uint8Array, upper?: Uint8Array): void {
    this.#assertWritable()
    const from = lower === undefined ? undefined : toPlainBytes(lower, 'lower')
    const to = upper === undefined ? undefined : toPlainBytes(upper, 'upper')
    checkLength('lower', from?.length ?? 0, KEY_BYTES_MAX)
    checkLength('upper', to?.length ?? 0, KEY_BYTES_MAX)
    this.#read(keyspaceId)
    if (isEmptyBounds({ lower: from, upper: to })) return
    this.#writes.deleteRange(keyspaceId, from, to)
  }

  /** Sets a savepoint for `rollbackTo`. Does not copy the write set. */
  savepoint(): Savepoint {
    this.#assertWritable()
    return this.#writes.savepoint()
  }

  /**
   * Undoes the writes since a savepoint. The read set is kept (M18).
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the savepoint is not valid for this transaction (M19).
   */
  rollbackTo(savepoint: Savepoint): void {
    this.#assertWritable()
    this.#writes.rollbackTo(savepoint)
  }

  /**
   * Commits the transaction: all of its writes become visible at once, or none. Ends the transaction in either case.
   *
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first; LDB_TOO_LARGE; LDB_POISONED; and the errors of
   * the owner of the stores.
   */
  commit(): void {
    const prepared = this.prepare()
    if (prepared === undefined) return
    try {
      this.#host.commit(prepared)
    } catch (error) {
      this.#outcome = 'failed'
      this.#failure = error
      throw error
    }
  }

  /**
   * True when the transaction was committed.
   *
   * @throws {@link LdbError} the error of its commit; LDB_ABORTED after a call of `rollback`.
   * @internal
   */
  wasCommitted(): boolean {
    if (this.#outcome === 'failed') throw this.#failure
    if (this.#outcome === 'rolled back')
      throw new LdbError('LDB_ABORTED', 'the transaction was rolled back by its own function')
    return this.#outcome === 'committed'
  }

  /**
   * Checks for conflicts and ends the transaction. For an owner that numbers and applies the commit itself: it must do so
   * before any other commit is registered (M7).
   *
   * @returns `undefined` when there is nothing to write.
   * @throws {@link LdbError} LDB_CONFLICT, LDB_TOO_LARGE, LDB_POISONED. The transaction has ended in this case, too.
   */
  prepare(): PreparedCommit | undefined {
    this.#assertOpen()
    try {
      const prepared = this.#prepare()
      this.#end('committed')
      return prepared
    } catch (error) {
      this.#failure = error
      this.#end('failed')
      throw error
    }
  }

  /**
   * Reports whether a commit of this transaction now would be a conflict for another open transaction, by what that one has read
   * and written so far. A commit of more than 1 MiB is taken to be one.
   */
  wouldConflict(other: Transaction): boolean {
    if (!this.hasWrites || !other.isOpen) return false
    const batch = new WriteBatch({ bytesMax: COMPARED_BYTES_MAX })
    try {
      this.#writes.complete()?.encodeInto(batch)
      other.#view.recordCursorReads()
      const keysReadForUpdate = this.#reads.hasUpdateReads ? this.#updateReads() : []
      return this.#host.conflictsWith(
        [...batch.sections(), ...keysReadForUpdate],
        other.#reads,
        other.#writes.complete(),
      )
    } catch (error) {
      // One of them has exceeded a limit, and will fail.
      if (isLdbError(error, 'LDB_TOO_LARGE')) return true
      throw error
    }
  }

  /** Rolls the transaction back and ends it. Idempotent, also after a commit. */
  rollback(): void {
    if (this.#isOpen) this.#end('rolled back')
  }

  [Symbol.dispose](): void {
    this.rollback()
  }

  #prepare(): PreparedCommit | undefined {
    const writes = this.#writes.complete()
    if (writes === undefined && !this.#reads.hasUpdateReads) return undefined
    this.#view.recordCursorReads()
    this.#host.check(this.#reads, writes)
    if (writes === undefined) return undefined
    const batch = new WriteBatch()
    writes.encodeInto(batch)
    const updateReads = this.#reads.hasUpdateReads ? this.#updateReads() : []
    return { batch, keysReadForUpdate: updateReads }
  }

  #updateReads(): readonly KeyspaceSection[] {
    const batch = new WriteBatch()
    for (const { viewed, updateReads } of this.#reads.keyspaces.values()) {
      for (const key of updateReads?.toArray() ?? []) batch.delete(viewed.state.keyspaceId, key)
    }
    return batch.sections()
  }

  #read(keyspaceId: number): KeyspaceRead {
    if (!this.#isOpen) this.#assertOpen()
    return this.#reads.of(keyspaceId)
  }

  #end(outcome: 'committed' | 'failed' | 'rolled back'): void {
    this.#isOpen = false
    this.#outcome = outcome
    this.#view.end()
    this.#writes.clear()
    this.#host.ended(this.#view, outcome)
  }

  #assertOpen(): void {
    if (!this.isOpen) throw new LdbError('LDB_CLOSED', 'the transaction has ended')
  }

  #assertWritable(): void {
    this.#assertOpen()
    if (this.readOnly) throw new LdbError('LDB_READ_ONLY', 'the transaction is read-only')
  }
}

function checkLength(name: string, actual: number, max: number): void {
  if (actual > max) throw tooLarge(name, actual, max)
}
