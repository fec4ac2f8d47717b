import { invalidArgument, isAsyncIterable, kindOf } from '@ldb/base'
import { expandBatches, takeBatches } from './scan-batches.js'
import type { BatchSource } from './scan-batches.js'

/**
 * A lazy sequence of the entries, keys or values of a range, in the state at the call that created it.
 *
 * @remarks An async iterator with the methods of the standard iterator helpers, as `AsyncScan` of `@ldb/core`. Callbacks may be async, and run one after the
 * other. A scan reads one page ahead of the caller, 128 entries at first and up to 1,024 later. It holds a snapshot of the engine until it is exhausted, until
 * `return()` is called (`for await` calls it on `break`), or until a read or a callback fails. It is read once.
 *
 * Methods reject with `LDB_CLOSED` when the database or the snapshot was closed, `LDB_ABORTED` when the signal was aborted, `LDB_NOT_FOUND` when the
 * engine no longer has the state, and `LDB_IO` when no server answers.
 * @category Reading
 */
export class ClusterScan<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #source: BatchSource<T>
  #batch: readonly T[] = []
  #index = 0
  #isDone = false
  #isRead = false
  /** The newest call of `next`, while it is pending. */
  #pending: Promise<unknown> | undefined = undefined

  /** @internal */
  constructor(source: BatchSource<T>) {
    this.#source = source
  }

  /** Returns the next result. */
  next(): Promise<IteratorResult<T, undefined>> {
    const call = this.#pending === undefined ? this.#next() : this.#pending.then(() => this.#next())
    const settled: Promise<unknown> = call.then(
      () => this.#settle(settled),
      () => this.#settle(settled),
    )
    this.#pending = settled
    return call
  }

  /** Ends the scan and releases its snapshot. Idempotent. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when the scan has ended, or a helper was called on it. */
  [Symbol.asyncIterator](): this {
    this.#assertUnread()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Returns a scan of the results of `transform`. */
  map<U>(transform: (value: T, index: number) => U | PromiseLike<U>): ClusterScan<U> {
    this.#begin(transform)
    return new ClusterScan(
      expandBatches<T, U>(this.#rest(), async (value, index, results) =>
        results.push(await transform(value, index)),
      ),
    )
  }

  /** Returns a scan of the results for which `predicate` is truthy. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): ClusterScan<S>
  filter(predicate: (value: T, index: number) => unknown): ClusterScan<T>
  filter(predicate: (value: T, index: number) => unknown): ClusterScan<T> {
    this.#begin(predicate)
    return new ClusterScan(
      expandBatches<T, T>(this.#rest(), async (value, index, results) => {
        if (await predicate(value, index)) results.push(value)
      }),
    )
  }

  /** Returns a scan of the first `count` results. The snapshot is released with the last one. */
  take(count: number): ClusterScan<T> {
    this.#beginCount(count)
    return new ClusterScan(takeBatches(this.#rest(), count))
  }

  /** Returns a scan without the first `count` results. */
  drop(count: number): ClusterScan<T> {
    this.#beginCount(count)
    return new ClusterScan(
      expandBatches<T, T>(this.#rest(), (value, index, results) => {
        if (index >= count) results.push(value)
      }),
    )
  }

  /** Returns a scan of the concatenated results of `expand`. */
  flatMap<U>(
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ): ClusterScan<U> {
    this.#begin(expand)
    return new ClusterScan(
      expandBatches<T, U>(this.#rest(), async (value, index, results) => {
        const expanded = expand(value, index)
        if (isAsyncIterable(expanded)) for await (const result of expanded) results.push(result as U)
        else for (const result of await (expanded as PromiseLike<Iterable<U>>)) results.push(result)
      }),
    )
  }

  /** Calls `visit` for each result, and awaits what it returns. */
  async forEach(visit: (value: T, index: number) => unknown): Promise<void> {
    this.#begin(visit)
    await this.#visit(async (value, index) => {
      await visit(value, index)
      return false
    })
  }

  /**
   * Folds all results into one value. Without `initial`, the first result is the initial value.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an empty scan without `initial`.
   */
  reduce(fold: (accumulator: T, value: T, index: number) => T | PromiseLike<T>): Promise<T>
  reduce<U>(fold: (accumulator: U, value: T, index: number) => U | PromiseLike<U>, initial: U): Promise<U>
  async reduce<U>(
    fold: (accumulator: U, value: T, index: number) => U | PromiseLike<U>,
    ...rest: [initial?: U]
  ): Promise<U> {
    this.#begin(fold)
    let accumulator = rest[0] as U
    let isStarted = rest.length > 0
    await this.#visit(async (value, index) => {
      accumulator = isStarted ? await fold(accumulator, value, index) : (value as unknown as U)
      isStarted = true
      return false
    })
    if (!isStarted) throw invalidArgument('reduce of an empty scan needs an initial value')
    return accumulator
  }

  /** Reports whether `predicate` is truthy for any result. Ends the scan. */
  async some(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#begin(predicate)
    return this.#visit(async (value, index) => Boolean(await predicate(value, index)))
  }

  /** Reports whether `predicate` is truthy for every result. Ends the scan. */
  async every(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#begin(predicate)
    return !(await this.#visit(async (value, index) => !(await predicate(value, index))))
  }

  /** Returns the first result for which `predicate` is truthy, or `undefined`. Ends the scan. */
  async find(predicate: (value: T, index: number) => unknown): Promise<T | undefined> {
    this.#begin(predicate)
    let found: T | undefined
    await this.#visit(async (value, index) => {
      const isFound = Boolean(await predicate(value, index))
      if (isFound) found = value
      return isFound
    })
    return found
  }

  /** Returns all remaining results as an array. */
  async toArray(): Promise<T[]> {
    this.#begin(undefined)
    const values: T[] = []
    const rest = this.#rest()
    for (let batch = await rest.pull(); batch !== undefined; batch = await rest.pull())
      for (const value of batch) values.push(value)
    return values
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#index >= this.#batch.length && !(await this.#fill())) return { done: true, value: undefined }
    try {
      this.#source.check()
    } catch (error) {
      this.#end()
      throw error
    }
    return { done: false, value: this.#batch[this.#index++] as T }
  }

  async #fill(): Promise<boolean> {
    if (this.#isDone) return false
    try {
      const batch = await this.#source.pull()
      if (batch !== undefined && !this.#isDone) {
        this.#batch = batch
        this.#index = 0
        return true
      }
    } catch (error) {
      this.#end()
      throw error
    }
    this.#end()
    return false
  }

  /** Calls `visit` for the results until it returns true, and reports whether it did. Ends the scan. */
  async #visit(visit: (value: T, index: number) => Promise<boolean>): Promise<boolean> {
    try {
      for (let index = 0; ; index++) {
        if (this.#index >= this.#batch.length && !(await this.#fill())) return false
        this.#source.check()
        if (await visit(this.#batch[this.#index++] as T, index)) return true
      }
    } finally {
      this.#end()
    }
  }

  /** Returns what this scan has not returned. */
  #rest(): BatchSource<T> {
    return {
      check: () => {
        this.#source.check()
      },
      close: () => {
        this.#end()
      },
      pull: async () => {
        await this.#pending
        if (this.#index >= this.#batch.length && !(await this.#fill())) return undefined
        const batch = this.#batch.slice(this.#index)
        this.#batch = []
        this.#index = 0
        return batch
      },
    }
  }

  #settle(settled: Promise<unknown>): void {
    if (this.#pending === settled) this.#pending = undefined
  }

  #end(): void {
    this.#isDone = true
    this.#batch = []
    this.#index = 0
    this.#source.close()
  }

  #begin(callback: unknown): void {
    if (callback !== undefined && typeof callback !== 'function') {
      this.#end()
      throw invalidArgument(`the callback must be a function, not ${kindOf(callback)}`)
    }
    this.#assertUnread()
    this.#isRead = true
  }

  #beginCount(count: unknown): void {
    if (count !== Infinity && !(Number.isSafeInteger(count) && (count as number) >= 0)) {
      this.#end()
      throw invalidArgument('the count must be a whole number of 0 or more')
    }
    this.#begin(undefined)
  }

  #assertUnread(): void {
    if (this.#isRead || this.#isDone) throw invalidArgument('a scan is read once')
  }
}
