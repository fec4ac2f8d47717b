import { invalidArgument, LdbError, optionalMember, WriteBatch } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { ScheduledTask } from '@ldb/vfs'
import { BatchValues } from './batch-values.js'
import { resolveDeletedRange } from './deleted-range.js'
import { KeyspaceWrites } from './keyspace-writes.js'
import { batchTtlOf, resolveWriteOptions } from './options.js'
import type { PutOptions, WriteOptions } from './options.js'
import { PlainHandle } from '../health/handle-summary.js'

/** State that the views of one batch on several keyspaces share. */
interface BatchState {
  operations: WriteBatch
  committed: boolean
  /** Its large values; `undefined` before the first one. */
  values: BatchValues | undefined
  /** Releases them when the batch is abandoned. */
  abandonment: ScheduledTask | undefined
}

/** Replaces the operations of a committed batch. */
const NO_OPERATIONS = new WriteBatch()

/**
 * Collects writes to any number of keyspaces that one commit applies atomically.
 *
 * @remarks `put`, `delete` and `deleteRange` encode and copy their arguments at the call, and do no I/O, except for values above `blobBytes`
 * beyond the first MiB of them: these are written to a blob file at once, and a failure to write poisons the database. Operations on one
 * keyspace keep their order.
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
export class Batch<K, V> extends PlainHandle {
  readonly #target: KeyspaceWrites<K, V>
  readonly #state: BatchState

  /** @internal */
  constructor(
    target: KeyspaceWrites<K, V>,
    state: BatchState = {
      operations: target.pipeline.batches.take(),
      committed: false,
      values: undefined,
      abandonment: undefined,
    },
  ) {
    super()
    this.#target = target
    this.#state = state
  }

  /** Number of operations in the batch, over all keyspaces. */
  get operationCount(): number {
    return this.#state.operations.operationCount
  }

  /** Encoded size of the batch, in bytes. */
  get byteLength(): number {
    return this.#state.operations.byteLength
  }

  /**
   * Returns this batch with another keyspace of the same database as the target of the next operations.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for a keyspace of another database; LDB_NOT_FOUND when the keyspace
   * was dropped; LDB_CLOSED after the commit.
   */
  in<K2, V2>(keyspace: KeyspaceWrites<K2, V2>): Batch<K2, V2> {
    this.#assertOpen()
    if (!(keyspace instanceof KeyspaceWrites) || keyspace.pipeline !== this.#target.pipeline) {
      throw invalidArgument('a batch takes keyspaces of its own database only')
    }
    keyspace.store.assertLive()
    return new Batch(keyspace, this.#state)
  }

  /** Adds a put. An existing entry is overwritten. */
  put(key: K, value: V, options?: Pick<PutOptions, 'ttlMs'>): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const valueBytes = store.encodeExpiry(codec.encodeValue(value), batchTtlOf(options))
    const keyBytes = codec.encodeScratchKey(key)
    const { id } = store.descriptor
    const { values } = this.#target.pipeline.state
    const isLarge = values !== undefined && valueBytes.length > values.blobBytes
    const stored = isLarge ? this.#values().add(id, codec.scratch, keyBytes, valueBytes) : valueBytes
    this.#state.operations.put(id, codec.scratch, stored, keyBytes)
    return this
  }

  /** Adds a delete. A missing key is not an error. */
  delete(key: K): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const keyBytes = codec.encodeScratchKey(key)
    this.#state.operations.delete(store.descriptor.id, codec.scratch, keyBytes)
    return this
  }

  /**
   * Adds a range delete, which removes the entries that the range has at the commit.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`; without `limit` and `offset`. `{ gte: '' }`
   * removes every entry of a keyspace with utf8 keys.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
   */
  deleteRange(range: RangeOptions<K>): this {
    this.#assertOpen()
    const { codec, store } = this.#target
    const resolved = resolveDeletedRange(range, codec.keys)
    if (resolved.limit !== Infinity || resolved.offset !== 0) {
      throw invalidArgument('deleteRange in a batch has no limit and no offset')
    }
    if (!resolved.empty)
      this.#state.operations.deleteRange(store.descriptor.id, resolved.lower, resolved.upper)
    return this
  }

  /**
   * Commits the batch atomically over all keyspaces. A batch is committed once; after a failure that wrote nothing, the
   * commit may be retried.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when one of its keyspaces was dropped; LDB_CLOSED after the first commit;
   * the errors of writes.
   */
  commit(options?: WriteOptions): void {
    const durability = resolveWriteOptions(options)
    this.#assertOpen()
    this.#target.pipeline.assertWritable()
    const { operations } = this.#state
    this.#target.pipeline.commit(operations, durability)
    this.#state.committed = true
    this.#state.operations = NO_OPERATIONS
    this.releaseValues()
    this.#target.pipeline.batches.release(operations)
  }

  /**
   * Transfers the operations to the caller, which commits them, and calls `releaseValues` then. The batch counts as committed.
   *
   * @internal
   */
  takeOperations(): WriteBatch {
    this.#assertOpen()
    this.#target.pipeline.assertWritable()
    this.#state.committed = true
    return this.#state.operations
  }

  /** @internal */
  releaseValues(): void {
    const { values, abandonment } = this.#state
    values?.release()
    abandonment?.cancel()
  }

  #values(): BatchValues {
    const state = this.#state
    if (state.values !== undefined) return state.values
    const database = this.#target.pipeline.state
    const { scheduler } = database
    const values = new BatchValues(database)
    state.values = values
    state.abandonment = optionalMember(scheduler, 'afterCollection')?.call(scheduler, state, () => {
      values.release()
    })
    return values
  }

  #assertOpen(): void {
    if (this.#state.committed) throw new LdbError('LDB_CLOSED', 'the batch was committed')
  }
}
