import { invalidArgument, kindOf } from '@ldb/base'
import type { CallChain, CallOrder } from '../calls/call-order.js'
import type { PendingCall } from '../calls/pending-call.js'
import type { ReadGate } from '../resident/read-gate.js'
import { scanReadError } from '../read/scan.js'
import type { AsyncScanSource } from './entry-source.js'
import {
  AsyncDropSource,
  AsyncFilterSource,
  AsyncFlatMapSource,
  AsyncMapSource,
  AsyncTakeSource,
} from './scan-source.js'
import { PlainHandle } from '../health/handle-summary.js'

/**
 * A lazy sequence of the entries, keys or values of a range, in the state at the call that created it.
 *
 * @remarks An async iterator with the methods of the standard iterator helpers. Callbacks may be async, and run one
 * after the other. Calls that are not awaited run in the order of the calls: `toArray()` and then `return()` returns all
 * results. A scan pins a snapshot until it is exhausted, until `return()` is called (`for await` calls it on
 * `break`), or until a read or a callback fails. A scan reads up to 256 entries ahead of the caller, and yields the thread between time
 * slices. It is read once, as `Scan` describes.
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
export class AsyncScan<T> extends PlainHandle implements AsyncIterable<T>, AsyncDisposable {
  readonly #source: AsyncScanSource<T>
  /** The order of the calls on this scan and its helpers. */
  readonly #calls: CallOrder
  readonly #reads: CallChain
  readonly #gate: ReadGate
  #batch: readonly T[] = []
  #index = 0
  #done = false
  /** All results are being read, or a helper of this scan returns them. */
  #isRead = false

  /**
   * @param base - the scan of which this one is a helper.
   * @internal
   */
  constructor(source: AsyncScanSource<T>, calls: CallOrder, gate: ReadGate, base?: CallChain) {
    super()
    this.#source = source
    this.#calls = calls
    this.#gate = gate
    this.#reads = { newest: base?.newest }
  }

  /** Returns the next result. */
  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#calls.isEnding) return this.return()
    if (this.#reads.newest === undefined && (this.#done || this.#index < this.#batch.length)) {
      return this.#gate.answer(this.#takeBuffered())
    }
    return this.#calls.runNext(this.#reads, async (call) => {
      if (!(await this.#fill(call, 1))) return { done: true, value: undefined }
      return { done: false, value: this.#batch[this.#index++] as T }
    })
  }

  /**
   * Ends the scan and releases its snapshot, after the calls before. Idempotent.
   *
   * @remarks A function of the caller that one of these calls awaits may await this promise: it resolves before that call.
   */
  async return(): Promise<IteratorResult<T, undefined>> {
    await this.#calls.end(() => {
      this.#end()
    })
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
        const isFound = Boolean(result)
        if (isFound) found = value
        return isFound
      },
    )
    return found
  }

  /** Returns all remaining results as an array. */
  async toArray(): Promise<T[]> {
    this.#begin()
    const values: T[] = []
    return this.#calls.runNext(this.#reads, async (call) => {
      while (await this.#fill(call, Infinity)) for (const value of this.#takeBatch()) values.push(value)
      return values
    })
  }

  /** Returns a buffered result, or the end. */
  #takeBuffered(): IteratorResult<T, undefined> {
    if (this.#done) return { done: true, value: undefined }
    try {
      this.#calls.assertOpen()
      this.#source.check()
    } catch (error) {
      this.#end()
      throw error
    }
    return { done: false, value: this.#batch[this.#index++] as T }
  }

  /** Makes at least one result available, and reports whether there is one. */
  async #fill(call: PendingCall, countMax: number): Promise<boolean> {
    if (this.#done) return false
    try {
      if (this.#index < this.#batch.length) {
        this.#source.check()
        return true
      }
      this.#batch = await this.#source.pull(call, countMax)
      this.#index = 0
      if (this.#batch.length === 0) this.#done = true
      return !this.#done
    } catch (error) {
      this.#end()
      throw error
    }
  }

  /** Removes and returns the buffered results, at most `countMax` of them. */
  #takeBatch(countMax = Infinity): readonly T[] {
    const start = this.#index
    const batch = this.#batch
    if (batch.length - start > countMax) {
      this.#index += countMax
      return batch.slice(start, this.#index)
    }
    this.#batch = []
    this.#index = 0
    return start === 0 ? batch : batch.slice(start)
  }

  /**
   * Calls `visit` for each result and awaits what it returns, until `isLast` returns true for it. Always releases the
   * snapshot.
   */
  async #visit<R>(
    visit: (value: T, index: number) => R | PromiseLike<R>,
    isLast: (result: R, value: T) => boolean,
  ): Promise<void> {
    await this.#calls.runNext(this.#reads, async (call) => {
      try {
        for (let index = 0; await this.#fill(call, 1); index++) {
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
    return new AsyncScan(source, this.#calls, this.#gate, this.#reads)
  }

  /** Returns the results that follow those that this scan has returned by then. */
  #rest(): AsyncScanSource<T> {
    return {
      signal: this.#source.signal,
      pull: async (call, countMax) => {
        if (!(await this.#fill(call, countMax))) return []
        return countMax === 1 ? [this.#batch[this.#index++] as T] : this.#takeBatch(countMax)
      },
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

  /** Begins the only walk over all results. */
  #begin(): void {
    this.#assertUnread()
    this.#isRead = true
  }

  #assertUnread(): void {
    if (this.#isRead || this.#done || this.#calls.isEnding) throw scanReadError()
  }

  #check(callback: unknown): void {
    if (typeof callback === 'function') {
      this.#begin()
      return
    }
    this.#end()
    throw invalidArgument(`the callback must be a function, not ${kindOf(callback)}`)
  }

  #checkCount(count: unknown): void {
    if (count === Infinity || (Number.isSafeInteger(count) && (count as number) >= 0)) {
      this.#begin()
      return
    }
    this.#end()
    throw invalidArgument('the count must be a whole number of 0 or more')
  }
}

function neverEnds(): boolean {
  return false
}
