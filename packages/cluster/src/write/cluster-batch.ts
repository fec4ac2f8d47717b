import { invalidArgument, LdbError } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import { WriteSet } from '../buffer/write-set.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { ttlOf } from '../values/stored-value.js'
import { openedOf } from './cluster-keyspace-of.js'
import type { ClusterKeyspace } from './cluster-keyspace.js'
import { commitWrites } from './commit-writes.js'
import { isWholeRange, resolveDeletedRange } from './deleted-range.js'
import { resolveWriteOptions } from './write-options.js'
import type { ClusterWriteOptions, TtlOption } from './write-options.js'

/** The operations of a batch, which its views share. */
export interface BatchContent {
  readonly writes: WriteSet
  operationCount: number
  isCommitted: boolean
}

/**
 * Collects writes to any number of keyspaces that one commit applies atomically.
 *
 * @remarks `put`, `delete` and `deleteRange` encode and copy their arguments at the call, and do no I/O. Later operations on a key replace earlier ones.
 * @category Writing
 */
export class ClusterBatch<K, V> {
  readonly #opened: OpenKeyspace<K, V>
  readonly #content: BatchContent

  /** @internal */
  constructor(opened: OpenKeyspace<K, V>, content: BatchContent = newContent()) {
    this.#opened = opened
    this.#content = content
  }

  /** Number of operations in the batch, over all keyspaces. */
  get operationCount(): number {
    return this.#content.operationCount
  }

  /** Returns this batch with another keyspace of the same database as the target of the next operations. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED. */
  in<K2, V2>(keyspace: ClusterKeyspace<K2, V2>): ClusterBatch<K2, V2> {
    this.#assertOpen()
    return new ClusterBatch(openedOf(keyspace, this.#opened.session), this.#content)
  }

  /** Adds a put. An existing entry is overwritten. */
  put(key: K, value: V, options?: TtlOption): this {
    this.#assertOpen()
    const stored = this.#opened.encodeStored(value, ttlOf(options))
    this.#content.writes.of(this.#opened.driver).set(this.#opened.codec.encodeKey(key), stored)
    this.#content.operationCount++
    return this
  }

  /** Adds a delete. A missing key is not an error. */
  delete(key: K): this {
    this.#assertOpen()
    this.#content.writes.of(this.#opened.driver).set(this.#opened.codec.encodeKey(key), undefined)
    this.#content.operationCount++
    return this
  }

  /**
   * Adds a range delete, which removes the entries that the range has at the commit.
   *
   * @param range - at least one bound: `gt`, `gte`, `lt`, `lte` or `prefix`; without `limit` and `offset`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
   */
  deleteRange(range: RangeOptions<K>): this {
    this.#assertOpen()
    const resolved = resolveDeletedRange(range, this.#opened.codec.keys)
    if (!isWholeRange(resolved)) throw invalidArgument('a range delete of a batch has no limit and no offset')
    const { lower, upper } = resolved
    if (!resolved.empty) this.#content.writes.of(this.#opened.driver).deleteRange({ lower, upper })
    this.#content.operationCount++
    return this
  }

  /**
   * Commits the batch atomically over all keyspaces. A batch is committed once.
   *
   * @throws {@link LdbError} LDB_CLOSED after the first commit; LDB_TOO_LARGE; LDB_ABORTED; the errors of writes.
   */
  async commit(options?: ClusterWriteOptions): Promise<void> {
    const { signal } = resolveWriteOptions(options)
    this.#assertOpen()
    this.#content.isCommitted = true
    await commitWrites(this.#opened.session, this.#content.writes, signal)
  }

  #assertOpen(): void {
    this.#opened.session.assertOpen()
    if (this.#content.isCommitted) throw new LdbError('LDB_CLOSED', 'the batch was committed')
  }
}

function newContent(): BatchContent {
  return { writes: new WriteSet(), operationCount: 0, isCommitted: false }
}
