import { invalidArgument, kindOf } from '@ldb/base'
import type { CallOrder } from '../calls/call-order.js'
import type { PendingCall } from '../calls/pending-call.js'
import { closedError } from '../health/health.js'
import type { ReadGate } from '../resident/read-gate.js'
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
 * after the other. Calls that are not awaited run in the order of the calls: `toArray()` and then `return()` returns all
 * results. A scan pins a snapshot until it is exhausted, until `return()` is called (`for await` calls it on
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
  readonly #calls: CallOrder
  readonly #gate: ReadGate
  #batch: readonly T[] = []
  #index = 0
  #done = false

  /**
   * @param calls - the order of the calls on this scan, which helpers share.
   * @internal
   */
  constructor(source: AsyncScanSource<T>, calls: CallOrder, gate: ReadGate) {
    this.#source = source
    this.#calls = calls
    this.#gate = gate
  }

  /** Returns the next result. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#calls.isIdle && (this.#done || this.#index < this.#batch.length)) return this.#nextBuffered()
    return this.#calls.runAlone((call) => this.#next(call))
  }

  /** Ends the scan after the calls before, and releases its snapshot. Idempotent. */
  return(): Promise<IteratorResult<T, undefined>> {
    return this.#calls.runAlone(async () => {
      this.#end()
      return { done: true, value: undefined }
    }, true)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Returns a scan of the results of `transform`. */
  map<U>(transform: (value: T, index: number) => U | PromiseLike<U>): AsyncScan<U> {
    this.#check(transform)
    return this.#derive(new AsyncMapSource(this.#rest(), transform))
  }

  /** Returns a scan of the results for which `predicate` is truthy. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): AsyncScan<S>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T> {
    this.#check(predicate)
    return this.#derive(new AsyncFilterSource(this.#rest(), predicate))
  }

  /** Returns a scan of the first `count` results. The snapshot is released with the last one. */
  take(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return this.#derive(new AsyncTakeSource(this.#rest(), count))
  }

  /** Returns a scan without the first `count` results. */
  drop(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return this.#derive(new AsyncDropSource(this.#rest(), count))
  }

  /** Returns a scan of the concatenated results of `expand`. */
  flatMap<U>(
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ): AsyncScan<U> {
    this.#check(expand)
    return this.#derive(new AsyncFlatMapSource(this.#rest(), expand))
  }

  /** Calls `visit` for each result, and awaits what it returns. */
  async forEach(visit: (value: T, index: number) => unknown): Promise<void> {
    this.#check(visit)
    await this.#visit((value, index) => visit(value, index), neverEnds)
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
    await this.#visit(
      (value, index) => (started ? fold(accumulator, value, index) : (value as unknown as U)),
      (result) => {
        accumulator = result
        started = true
        return false
      },
    )
    if (!started) throw invalidArgument('reduce of an empty scan needs an initial value')
    return accumulator
  }

  /** Reports whether `predicate` is truthy for any result. Ends the scan. */
  async some(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let found = false
    await this.#visit(
      (value, index) => predicate(value, index),
      (result) => (found = Boolean(result)),
    )
    return found
  }

  /** Reports whether `predicate` is truthy for every result. Ends the scan. */
  async every(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let isEvery = true
    await this.#visit(
      (value, index) => predicate(value, index),
      (result) => !(isEvery = Boolean(result)),
    )
    return isEvery
  }

  /** Returns the first result for which `predicate` is truthy, or `undefined`. Ends the scan. */
  async find(predicate: (value: T, index: number) => unknown): Promise<T | undefined> {
    this.#check(predicate)
    let found: T | undefined
    await this.#visit(
      (value, index) => predicate(value, index),
      (result, value) => {
        if (Boolean(result)) found = value
        return Boolean(result)
      },
    )
    return found
  }

  /** Returns all remaining results as an array. */
  toArray(): Promise<T[]> {
    return this.#calls.runAlone(async (call) => {
      const values: T[] = []
      while (await this.#fill(call)) {
        const batch = this.#takeBatch()
        for (const value of batch) values.push(value)
      }
      return values
    })
  }

  /** Returns a buffered result, or the end. */
  #nextBuffered(): Promise<IteratorResult<T, undefined>> {
    let result: IteratorResult<T, undefined>
    try {
      if (this.#done) {
        result = { done: true, value: undefined }
      } else {
        this.#calls.assertOpen()
        this.#source.check()
        result = { done: false, value: this.#batch[this.#index++] as T }
      }
    } catch (error) {
      this.#end()
      return Promise.reject(error)
    }
    const turn = this.#gate.turnAfterHit()
    return turn === undefined ? Promise.resolve(result) : turn.then(() => result)
  }

  async #next(call: PendingCall): Promise<IteratorResult<T, undefined>> {
    if (!(await this.#fill(call))) return { done: true, value: undefined }
    return { done: false, value: this.#batch[this.#index++] as T }
  }

  /** Makes at least one result available, and reports whether there is one. */
  async #fill(call: PendingCall): Promise<boolean> {
    if (this.#done) {
      // The results would be incomplete: a later call has ended the scan while a function of the caller ran.
      if (call.isPassed) throw closedError()
      return false
    }
    try {
      if (this.#index < this.#batch.length) {
        this.#source.check()
        return true
      }
      const batch = await this.#source.pull(call)
      if (this.#done) throw closedError()
      this.#batch = batch
      this.#index = 0
      if (batch.length === 0) this.#done = true
      return !this.#done
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #takeBatch(): readonly T[] {
    const rest = this.#index === 0 ? this.#batch : this.#batch.slice(this.#index)
    this.#batch = []
    this.#index = 0
    return rest
  }

  /**
   * Calls `visit` for each result and awaits what it returns, until `isLast` returns true for it. Always releases the
   * snapshot.
   */
  #visit<R>(
    visit: (value: T, index: number) => R | PromiseLike<R>,
    isLast: (result: R, value: T) => boolean,
  ): Promise<void> {
    return this.#calls.runAlone(async (call) => {
      try {
        for (let index = 0; await this.#fill(call); index++) {
          const value = this.#batch[this.#index++] as T
          const result = await call.outside(visit(value, index), this.#source.signal)
          if (isLast(result, value)) return
        }
      } finally {
        this.#end()
      }
    })
  }

  #derive<U>(source: AsyncScanSource<U>): AsyncScan<U> {
    return new AsyncScan(source, this.#calls, this.#gate)
  }

  /** Returns the results that follow those that this scan has returned by then. */
  #rest(): AsyncScanSource<T> {
    return {
      signal: this.#source.signal,
      pull: async (call) => ((await this.#fill(call)) ? this.#takeBatch() : []),
      check: () => {
        this.#source.check()
      },
      close: () => {
        this.#end()
      },
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

function neverEnds(): boolean {
  return false
}
