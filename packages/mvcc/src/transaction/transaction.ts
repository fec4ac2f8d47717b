import {
  isEmptyBounds,
  KEY_BYTES_MAX,
  LdbError,
  isLdbError,
  tooLarge,
  toPlainBytes,
  VALUE_BYTES_MAX,
  WriteBatch,
} from '@ldb/base'
import type { KeyBounds, KeyspaceSection, RangeEstimate, StoreCursor } from '@ldb/base'
import type { Isolation } from '../options.js'
import type { PreparedCommit } from './prepared-commit.js'
import { Savepoint } from './savepoint.js'
import { TransactionReads } from '../read/transaction-reads.js'
import type { KeyspaceRead } from '../read/transaction-reads.js'
import { TransactionView } from './view.js'
import type { ViewReads } from '../read/view-reads.js'
import { DELETED, findWrite, NOT_WRITTEN } from '../records/write-buffer.js'
import { WriteSet } from '../records/write-set.js'

/** What a transaction needs of its manager. @internal */
export interface TransactionHost {
  readonly bufferBytes: number
  readonly readBytes: number
  /** Throws LDB_CONFLICT, or LDB_POISONED when nothing is committed any more. */
  check(transaction: TransactionReads, writes: WriteSet | undefined): void
  commit(prepared: PreparedCommit): void
  ended(view: ViewReads, outcome: 'committed' | 'failed' | 'rolled back'): void
}

/**
 * A view of all stores with private writes over it, which become one commit, or nothing. Made by
 * `TransactionManager.begin`; SPEC.md says exactly what it promises.
 *
 * @remarks Keys and values are bytes and are copied; a keyspace is the number of a store. All methods throw `LDB_CLOSED`
 * after the end, and reading ones what the stores throw. An open transaction holds old data back: end it, or write
 * `using`, which rolls back what was not committed.
 * @category Transactions
 */
export class Transaction implements Disposable {
  /** What it conflicts with. */
  readonly isolation: Isolation
  /** True when it may not write. */
  readonly readOnly: boolean
  readonly #host: TransactionHost
  readonly #view: ViewReads
  readonly #reads: TransactionReads
  #writes: WriteSet | undefined = undefined
  #isOpen = true
  /** A write was over the limit, so that a commit would be of a part only (M24). */
  #isTooLarge = false

  /** @internal */
  constructor(host: TransactionHost, view: ViewReads, isolation: Isolation, readOnly: boolean) {
    this.#host = host
    this.#view = view
    this.isolation = isolation
    this.readOnly = readOnly
    this.#reads = new TransactionReads(view, isolation === 'serializable' && !readOnly, host.readBytes)
  }

  /** The newest commit that it sees. */
  get seq(): number {
    return this.#view.lease.view.seq
  }

  /** True until it has ended. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#view.lease.released
  }

  /** Returns a copy of a value, or `undefined`. The key is the first `keyBytes` bytes. */
  get(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    const read = this.#read(keyspaceId)
    const plain = toPlainBytes(key, 'key')
    const own = this.#writes?.buffers.get(keyspaceId)
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
    const own = this.#writes?.buffers.get(keyspaceId)
    const record = own === undefined ? NOT_WRITTEN : findWrite(own, plain, keyBytes)
    if (record !== NOT_WRITTEN) return record !== DELETED
    read.reads?.addKey(plain, keyBytes)
    return read.viewed.reader.has(plain, keyBytes)
  }

  /**
   * Returns a copy of a value, or `undefined`, and makes the read conflict like a write (M11).
   *
   * @throws {@link LdbError} LDB_READ_ONLY, and what `get` throws.
   */
  getForUpdate(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertWritable()
    const read = this.#read(keyspaceId)
    const plain = toPlainBytes(key, 'key')
    checkLength('key', keyBytes, KEY_BYTES_MAX)
    this.#reads.lock(read, plain, keyBytes)
    const own = this.#writes?.buffers.get(keyspaceId)
    if (own !== undefined) {
      const record = findWrite(own, plain, keyBytes)
      if (record !== NOT_WRITTEN) return record === DELETED ? undefined : own.arena.value(record)
    }
    return read.viewed.reader.get(plain, keyBytes)
  }

  /** Returns one keyspace as it is now, own writes included: what is written later does not show there (M4). */
  view(keyspaceId: number): TransactionView {
    const { viewed, reads } = this.#read(keyspaceId)
    return new TransactionView(this.#view, viewed.snapshot(), reads, this.#writes?.freeze(keyspaceId))
  }

  /**
   * Opens a cursor over its own writes and its view, as they are now (M4). It ends with the transaction.
   *
   * @param bounds - kept: do not change their bytes.
   */
  cursor(keyspaceId: number, bounds: KeyBounds = {}): StoreCursor {
    return this.view(keyspaceId).cursor(bounds)
  }

  /** Counts the entries within bounds, exactly. */
  count(keyspaceId: number, bounds: KeyBounds = {}): number {
    return this.view(keyspaceId).count(bounds)
  }

  /** Estimates entries and bytes within bounds, its own writes left out. Is no read (M12). */
  estimate(keyspaceId: number, bounds: KeyBounds = {}): RangeEstimate {
    return this.view(keyspaceId).estimate(bounds)
  }

  /**
   * Writes an entry; the key is the first `keyBytes` bytes, the value the first `valueBytes`.
   *
   * @throws {@link LdbError} LDB_READ_ONLY, LDB_NOT_FOUND, LDB_TOO_LARGE when key or value exceed their limit, and when
   * what was written exceeds that of the transaction, which then can only be rolled back (M24).
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
    this.#write((writes) => {
      writes.set(keyspaceId, plainKey, keyBytes, plainValue, valueBytes)
    })
  }

  /** Removes a key, which need not be there. */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): void {
    this.#assertWritable()
    const plain = toPlainBytes(key, 'key')
    checkLength('key', keyBytes, KEY_BYTES_MAX)
    this.#read(keyspaceId)
    this.#write((writes) => {
      writes.set(keyspaceId, plain, keyBytes, undefined, 0)
    })
  }

  /**
   * Removes every key from `lower` (inclusive) to `upper` (exclusive), also those that another transaction adds before
   * this one commits: that is a conflict (M8). An empty or inverted range removes nothing.
   */
  deleteRange(keyspaceId: number, lower?: Uint8Array, upper?: Uint8Array): void {
    this.#assertWritable()
    const from = lower === undefined ? undefined : toPlainBytes(lower, 'lower')
    const to = upper === undefined ? undefined : toPlainBytes(upper, 'upper')
    checkLength('lower', from?.length ?? 0, KEY_BYTES_MAX)
    checkLength('upper', to?.length ?? 0, KEY_BYTES_MAX)
    this.#read(keyspaceId)
    if (isEmptyBounds({ lower: from, upper: to })) return
    this.#write((writes) => {
      writes.deleteRange(keyspaceId, from, to)
    })
  }

  /** Marks what has been written so far, for `rollbackTo`. Costs no copy of it. */
  savepoint(): Savepoint {
    this.#assertWritable()
    this.#writes ??= new WriteSet(this.#host.bufferBytes)
    return new Savepoint(this.#writes.save())
  }

  /**
   * Undoes the writes since a savepoint; what was read stays read (M18).
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when it is not a savepoint of this transaction, or gone (M19).
   */
  rollbackTo(savepoint: Savepoint): void {
    this.#assertWritable()
    const saved = savepoint instanceof Savepoint ? savepoint.saved : undefined
    if (this.#writes === undefined || saved === undefined) {
      throw new LdbError('LDB_NOT_FOUND', 'the transaction has no such savepoint')
    }
    this.#writes.restore(saved)
  }

  /**
   * Commits: all of it becomes visible at once, or nothing. The transaction has ended then, whatever happens.
   *
   * @throws {@link LdbError} LDB_CONFLICT when another commit was first; LDB_TOO_LARGE; LDB_POISONED; and what the owner of
   * the stores throws.
   */
  commit(): void {
    const prepared = this.prepare()
    if (prepared !== undefined) this.#host.commit(prepared)
  }

  /**
   * Checks for conflicts and ends the transaction, for an owner that numbers and applies the commit itself, at once:
   * before anything else is noted (M7).
   *
   * @returns `undefined` when there is nothing to write.
   * @throws {@link LdbError} LDB_CONFLICT, LDB_TOO_LARGE, LDB_POISONED; the transaction has ended then too.
   */
  prepare(): PreparedCommit | undefined {
    this.#assertOpen()
    try {
      const prepared = this.#prepare()
      this.#end('committed')
      return prepared
    } catch (error) {
      this.#end('failed')
      throw error
    }
  }

  /** Ends it; nothing of it is ever visible. Idempotent, also after a commit. */
  rollback(): void {
    if (this.#isOpen) this.#end('rolled back')
  }

  [Symbol.dispose](): void {
    this.rollback()
  }

  #prepare(): PreparedCommit | undefined {
    if (this.#isTooLarge)
      throw tooLarge('the transaction', this.#host.bufferBytes + 1, this.#host.bufferBytes)
    const writes = this.#writes?.isEmpty === true ? undefined : this.#writes
    if (writes === undefined && !this.#reads.hasLocks) return undefined
    this.#view.noteCursors()
    this.#host.check(this.#reads, writes)
    if (writes === undefined) return undefined
    const batch = new WriteBatch()
    writes.encodeInto(batch)
    return { batch, marks: this.#reads.hasLocks ? this.#marks() : [] }
  }

  #marks(): readonly KeyspaceSection[] {
    const marks = new WriteBatch()
    for (const { viewed, locks } of this.#reads.keyspaces.values()) {
      for (const key of locks?.toArray() ?? []) marks.delete(viewed.lane.keyspaceId, key)
    }
    return marks.sections()
  }

  #write(change: (writes: WriteSet) => void): void {
    try {
      change((this.#writes ??= new WriteSet(this.#host.bufferBytes)))
    } catch (error) {
      if (isLdbError(error, 'LDB_TOO_LARGE')) this.#isTooLarge = true
      throw error
    }
  }

  #read(keyspaceId: number): KeyspaceRead {
    if (!this.#isOpen) this.#assertOpen()
    return this.#reads.of(keyspaceId)
  }

  #end(outcome: 'committed' | 'failed' | 'rolled back'): void {
    this.#isOpen = false
    this.#view.end()
    this.#writes = undefined
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

function checkLength(what: string, actual: number, expected: number): void {
  if (actual > expected) throw tooLarge(what, actual, expected)
}
