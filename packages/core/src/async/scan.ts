import { invalidArgument, kindOf } from '@ldb/base'
import type { AsyncScanSource } from './entry-source.js'
import {
  AsyncDropSource,
  AsyncFilterSource,
  AsyncFlatMapSource,
  AsyncMapSource,
  AsyncTakeSource,
} from './scan-source.js'

/**
 * A lazy sequence of the entries, keys or values of a range, in the state at the call that created it.
 *
 * @remarks An async iterator with the methods of the standard iterator helpers. Callbacks may be async, and run one
 * after the other. A scan pins a snapshot until it is exhausted, until `return()` is called (`for await` calls it on
 * `break`), or until a read or a callback fails. After a helper is called on a scan, read the helper's result only. A
 * scan reads up to 256 entries ahead of the caller, and yields the thread between time slices.
 *
 * Methods reject with `LDB_CLOSED` when the database or the snapshot was closed, with `LDB_ABORTED` when the signal was
 * aborted, and with the errors of file reads: `LDB_IO`, `LDB_CORRUPTION`.
 * @example
 * ```ts
 * import { AsyncDatabase } from '@ldb/core'
 *
 * const db = await AsyncDatabase.memory()
 * await db.batch().put('a', '1').put('b', '2').commit()
 * for await (const [key, value] of db.entries()) console.log(key, value) // a 1, b 2
 * await db.close()
 * ```
 * @category Async
 */
export class AsyncScan<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #source: AsyncScanSource<T>
  #batch: readonly T[] = []
  #index = 0
  #done = false
  /** Pending calls of `next` resolve in the order of the calls. */
  #tail: Promise<unknown> | undefined = undefined

  /** @internal */
  constructor(source: AsyncScanSource<T>) {
    this.#source = source
  }

  /** Returns the next result. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#tail === undefined && this.#index < this.#batch.length) {
      return Promise.resolve({ done: false, value: this.#batch[this.#index++] as T })
    }
    const previous = this.#tail
    const next = this.#nextAfter(previous)
    this.#tail = next
    const settle = (): void => {
      if (this.#tail === next) this.#tail = undefined
    }
    next.then(settle, settle)
    return next
  }

  /** Ends the scan and releases its snapshot. Idempotent. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  /** Returns a scan of the results of `transform`. */
  map<U>(transform: (value: T, index: number) => U | PromiseLike<U>): AsyncScan<U> {
    this.#check(transform)
    return new AsyncScan(new AsyncMapSource(this.#source, transform))
  }

  /** Returns a scan of the results for which `predicate` is truthy. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): AsyncScan<S>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T> {
    this.#check(predicate)
    return new AsyncScan(new AsyncFilterSource(this.#source, predicate))
  }

  /** Returns a scan of the first `count` results. The snapshot is released with the last one. */
  take(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return new AsyncScan(new AsyncTakeSource(this.#source, count))
  }

  /** Returns a scan without the first `count` results. */
  drop(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return new AsyncScan(new AsyncDropSource(this.#source, count))
  }

  /** Returns a scan of the concatenated results of `expand`. */
  flatMap<U>(
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ): AsyncScan<U> {
    this.#check(expand)
    return new AsyncScan(new AsyncFlatMapSource(this.#source, expand))
  }

  /** Calls `visit` for each result, and awaits what it returns. */
  async forEach(visit: (value: T, index: number) => unknown): Promise<void> {
    this.#check(visit)
    await this.#visit(async (value, index) => {
      await visit(value, index)
      return true
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
    this.#check(fold)
    let accumulator = rest[0] as U
    let started = rest.length > 0
    await this.#visit(async (value, index) => {
      accumulator = started ? await fold(accumulator, value, index) : (value as unknown as U)
      started = true
      return true
    })
    if (!started) throw invalidArgument('reduce of an empty scan needs an initial value')
    return accumulator
  }

  /** Reports whether `predicate` is truthy for any result. Ends the scan. */
  async some(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let found = false
    await this.#visit(async (value, index) => !(found = Boolean(await predicate(value, index))))
    return found
  }

  /** Reports whether `predicate` is truthy for every result. Ends the scan. */
  async every(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let isEvery = true
    await this.#visit(async (value, index) => (isEvery = Boolean(await predicate(value, index))))
    return isEvery
  }

  /** Returns the first result for which `predicate` is truthy, or `undefined`. Ends the scan. */
  async find(predicate: (value: T, index: number) => unknown): Promise<T | undefined> {
    this.#check(predicate)
    let found: T | undefined
    await this.#visit(async (value, index) => {
      if (!(await predicate(value, index))) return true
      found = value
      return false
    })
    return found
  }

  /** Returns all remaining results as an array. */
  async toArray(): Promise<T[]> {
    const values: T[] = []
    for (;;) {
      const result = await this.next()
      if (result.done === true) return values
      values.push(result.value)
      while (this.#index < this.#batch.length) values.push(this.#batch[this.#index++] as T)
    }
  }

  async #nextAfter(previous: Promise<unknown> | undefined): Promise<IteratorResult<T, undefined>> {
    // The previous call has reported its own failure.
    if (previous !== undefined) await previous.catch(() => undefined)
    if (this.#index >= this.#batch.length && !this.#done) await this.#fill()
    if (this.#done) return { done: true, value: undefined }
    return { done: false, value: this.#batch[this.#index++] as T }
  }

  async #fill(): Promise<void> {
    try {
      this.#batch = await this.#source.pull()
      this.#index = 0
      if (this.#batch.length === 0) this.#done = true
    } catch (error) {
      this.#end()
      throw error
    }
  }

  /** Calls `visit` for each result until it returns false, and always releases the snapshot. */
  async #visit(visit: (value: T, index: number) => Promise<boolean>): Promise<void> {
    try {
      for (let index = 0; ; index++) {
        const result = await this.next()
        if (result.done === true || !(await visit(result.value, index))) return
      }
    } finally {
      this.#end()
    }
  }

  #end(): void {
    this.#done = true
    this.#batch = []
    this.#index = 0
    this.#source.close()
  }

  #check(callback: unknown): void {
    if (typeof callback === 'function') return
    this.#end()
    throw invalidArgument(`the callback must be a function, not ${kindOf(callback)}`)
  }

  #checkCount(count: unknown): void {
    if (count === Infinity || (Number.isSafeInteger(count) && (count as number) >= 0)) return
    this.#end()
    throw invalidArgument('the count must be a whole number of 0 or more')
  }
}
