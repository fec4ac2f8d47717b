import { isLdbError, LdbError, tooLarge } from '@ldb/base'
import { Savepoint } from './savepoint.js'
import type { WriteBuffer, Writes } from '../records/write-buffer.js'
import { WriteSet } from '../records/write-set.js'

/** The private writes of a transaction: a write set that is created at the first write, its limit and its savepoints. */
export class TransactionWrites {
  readonly #bytesMax: number
  #set: WriteSet | undefined = undefined
  /** A write exceeded the limit: the write set is incomplete and must not be committed (M24). */
  #isIncomplete = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** True when there are writes, or were some that exceeded the limit. */
  get hasAny(): boolean {
    return this.#isIncomplete || this.#set?.isEmpty === false
  }

  /** Returns the writes to a keyspace, or `undefined` when there are none. */
  buffer(keyspaceId: number): WriteBuffer | undefined {
    return this.#set?.buffers.get(keyspaceId)
  }

  /** Returns the current writes to a keyspace, unaffected by later ones (M4); `undefined` when there are none. */
  freeze(keyspaceId: number): Writes | undefined {
    return this.#set?.freeze(keyspaceId)
  }

  /** Writes an entry, or deletes a key when `value` is `undefined`. @throws {@link LdbError} LDB_TOO_LARGE. */
  set(
    keyspaceId: number,
    key: Uint8Array,
    keyBytes: number,
    value: Uint8Array | undefined,
    valueBytes: number,
  ): void {
    try {
      this.#open().set(keyspaceId, key, keyBytes, value, valueBytes)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Deletes a range that is not empty. @throws {@link LdbError} LDB_TOO_LARGE. */
  deleteRange(keyspaceId: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    try {
      this.#open().deleteRange(keyspaceId, lower, upper)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  savepoint(): Savepoint {
    return new Savepoint(this.#open().savepoint())
  }

  /** @throws {@link LdbError} LDB_NOT_FOUND when the savepoint is not valid for this transaction (M19). */
  rollbackTo(savepoint: Savepoint): void {
    const saved = savepoint instanceof Savepoint ? savepoint.saved : undefined
    if (this.#set === undefined || saved === undefined) {
      throw new LdbError('LDB_NOT_FOUND', 'the transaction has no such savepoint')
    }
    this.#set.restore(saved)
  }

  /**
   * Returns the write set to commit, or `undefined` when it is empty.
   *
   * @throws {@link LdbError} LDB_TOO_LARGE when a write exceeded the limit (M24).
   */
  complete(): WriteSet | undefined {
    if (this.#isIncomplete) throw tooLarge('the transaction', this.#bytesMax + 1, this.#bytesMax)
    return this.#set?.isEmpty === true ? undefined : this.#set
  }

  /** Drops all writes and savepoints. */
  clear(): void {
    this.#set = undefined
  }

  #open(): WriteSet {
    return (this.#set ??= new WriteSet(this.#bytesMax))
  }

  #failed(error: unknown): unknown {
    if (isLdbError(error, 'LDB_TOO_LARGE')) this.#isIncomplete = true
    return error
  }
}
