import { invalidArgument, LdbError, resolveRange, WriteBatch } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import { KeyspaceWrites } from './keyspace-writes.js'
import { batchTtlOf, resolveWriteOptions } from './options.js'
import type { PutOptions, WriteOptions } from './options.js'

/** What a batch aimed at one keyspace shares with itself aimed at another. */
interface BatchState {
  operations: WriteBatch
  committed: boolean
}

/** What a batch holds that was committed. */
const NO_OPERATIONS = new WriteBatch()

/**
 * Writes to any number of keyspaces that become visible and durable together, or not at all.
 *
 * @remarks Keys and values are encoded and copied at the call. Operations on one keyspace keep their order.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * const users = db.keyspace('users', { values: 'json' })
 * db.batch().put('seen', 'Ada').in(users).put('u1', { name: 'Ada' }).commit()
 * console.log(db.get('seen'), users.get('u1')) // Ada { name: 'Ada' }
 * ```
 * @category Writing
 */
export class Batch<K, V> {
  readonly #target: KeyspaceWrites<K, V>
  readonly #state: BatchState

  /** @internal */
  constructor(
    target: KeyspaceWrites<K, V>,
    state: BatchState = { operations: target.pipeline.takeBatch(), committed: false },
  ) {
    this.#target = target
    this.#state = state
  }

  /** Operations in it, over all keyspaces. */
  get operationCount(): number {
    return this.#state.operations.operationCount
  }

  /** Bytes of it, encoded. */
  get byteLength(): number {
    return this.#state.operations.byteLength
  }

  /**
   * Returns this batch, aimed at another keyspace of the same database.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not one, LDB_NOT_FOUND when it was dropped.
   */
  in<K2, V2>(keyspace: KeyspaceWrites<K2, V2>): Batch<K2, V2> {
    this.#assertOpen()
    if (!(keyspace instanceof KeyspaceWrites) || keyspace.pipeline !== this.#target.pipeline) {
      throw invalidArgument('a batch takes keyspaces of its own database only')
    }
    keyspace.store.assertLive()
    return new Batch(keyspace, this.#state)
  }

  /** Adds the writing of an entry. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const valueBytes = store.seal(codec.encodeValue(value), batchTtlOf(options))
    const keyBytes = codec.encodeScratchKey(key)
    this.#state.operations.put(store.descriptor.id, codec.scratch, valueBytes, keyBytes)
    return this
  }

  /** Adds the removal of a key, which need not be there. */
  delete(key: K): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const keyBytes = codec.encodeScratchKey(key)
    this.#state.operations.delete(store.descriptor.id, codec.scratch, keyBytes)
    return this
  }

  /**
   * Adds the removal of every entry of a range, as it will be at the commit.
   *
   * @param range - without `limit` and `offset`, which nobody can tell before the commit.
   */
  deleteRange(range: RangeOptions<K>): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const resolved = resolveRange(range, codec.keys)
    if (resolved.limit !== Infinity || resolved.offset !== 0) {
      throw invalidArgument('deleteRange in a batch has no limit and no offset')
    }
    if (!resolved.empty)
      this.#state.operations.deleteRange(store.descriptor.id, resolved.lower, resolved.upper)
    return this
  }

  /** Adds the removal of every entry of the keyspace. */
  clear(): this {
    this.#assertOpen()
    this.#state.operations.deleteRange(this.#target.store.descriptor.id, undefined, undefined)
    return this
  }

  /**
   * Makes all of it visible at once, in every keyspace. A batch is committed once; after a failure that has written
   * nothing, it may be tried again.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when one of its keyspaces was dropped, and the errors of writes.
   */
  commit(options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertOpen()
    const { operations } = this.#state
    this.#target.pipeline.commit(operations, durability)
    this.#state.committed = true
    this.#state.operations = NO_OPERATIONS
    this.#target.pipeline.giveBackBatch(operations)
  }

  /**
   * Returns the operations to somebody who commits them; the batch counts as committed.
   *
   * @internal
   */
  takeOperations(): WriteBatch {
    this.#assertOpen()
    this.#target.pipeline.assertWritable()
    this.#state.committed = true
    return this.#state.operations
  }

  #assertOpen(): void {
    if (this.#state.committed) throw new LdbError('LDB_CLOSED', 'the batch was committed')
  }
}
