import { invalidArgument, kindOf, refusePromise } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { DropSource, FilterSource, FlatMapSource, MapSource, SCAN_END, TakeSource } from './scan-source.js'
import type { ScanSource } from './scan-source.js'
import { PlainHandle } from '../health/handle-summary.js'

/**
 * A lazy sequence of the entries, keys or values of a range, in the state at the call that created it.
 *
 * @remarks An iterator with the methods of the standard iterator helpers. A scan pins a snapshot until it is exhausted,
 * until `return()` is called (`for...of` calls it on `break`), or until a callback throws. End a partly read scan with
 * `return()` or `using`: until then it pins old data, and counts in `stats().reads`.
 *
 * A scan is read once. After its end, or after a helper is called on it, another walk (`for...of`, a helper) throws `LDB_INVALID_ARGUMENT`,
 * and `next` has no results.
 *
 * A predicate and the function of `forEach` must not be async; `map` and `reduce` may work on promises.
 *
 * Every method throws `LDB_CLOSED` when the database or the snapshot was closed, and the errors of file reads:
 * `LDB_IO`, `LDB_CORRUPTION`.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * db.batch().put('a', '1').put('b', '2').put('c', '3').commit()
 * console.log(db.entries({ gt: 'a' }).map(([key, value]) => key + value).toArray()) // [ 'b2', 'c3' ]
 * ```
 * @category Reading
 */
export class Scan<T> extends PlainHandle implements Iterable<T>, Disposable {
  readonly #source: ScanSource<T>
  /** The results were returned, or a helper of this scan returns them. */
  #isRead = false

  /** @internal */
  constructor(source: ScanSource<T>) {
    super()
    this.#source = source
  }

  /** Returns the next result. */
  next(): IteratorResult<T, undefined> {
    const value = this.#pull()
    if (value !== SCAN_END) return new ScanResult(value)
    this.#isRead = true
    return { done: true, value: undefined }
  }

  /** Ends the scan and releases its snapshot. Idempotent. */
  return(): IteratorResult<T, undefined> {
    this.#isRead = true
    this.#source.close()
    return { done: true, value: undefined }
  }

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when the scan has ended, or a helper was called on it. */
  [Symbol.iterator](): this {
    this.#assertUnread()
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }

  /** Returns a scan of the results of `transform`. */
  map<U>(transform: (value: T, index: number) => U): Scan<U> {
    this.#check(transform)
    return new Scan(new MapSource(this.#source, transform))
  }

  /** Returns a scan of the results for which `predicate` is truthy. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): Scan<S>
  filter(predicate: (value: T, index: number) => unknown): Scan<T>
  filter(predicate: (value: T, index: number) => unknown): Scan<T> {
    this.#check(predicate)
    return new Scan(new FilterSource(this.#source, predicate))
  }

  /** Returns a scan of the first `count` results. The snapshot is released with the last one. */
  take(count: number): Scan<T> {
    this.#checkCount(count)
    return new Scan(new TakeSource(this.#source, count))
  }

  /** Returns a scan without the first `count` results. */
  drop(count: number): Scan<T> {
    this.#checkCount(count)
    return new Scan(new DropSource(this.#source, count))
  }

  /** Returns a scan of the concatenated results of `expand`. */
  flatMap<U>(expand: (value: T, index: number) => Iterable<U>): Scan<U> {
    this.#check(expand)
    return new Scan(new FlatMapSource(this.#source, expand))
  }

  /** Calls `visit` for each result. */
  forEach(visit: (value: T, index: number) => void): void {
    this.#check(visit)
    this.#visit((value, index) => {
      const result: unknown = visit(value, index)
      refusePromise(result, 'the function given to forEach')
      return true
    })
  }

  /**
   * Folds all results into one value. Without `initial`, the first result is the initial value.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an empty scan without `initial`.
   */
  reduce(fold: (accumulator: T, value: T, index: number) => T): T
  reduce<U>(fold: (accumulator: U, value: T, index: number) => U, initial: U): U
  reduce<U>(fold: (accumulator: U, value: T, index: number) => U, ...rest: [initial?: U]): U {
    this.#check(fold)
    let accumulator = rest[0] as U
    let started = rest.length > 0
    this.#visit((value, index) => {
      if (started) {
        accumulator = fold(accumulator, value, index)
      } else {
        accumulator = value as unknown as U
        started = true
      }
      return true
    })
    if (!started) throw invalidArgument('reduce of an empty scan needs an initial value')
    return accumulator
  }

  /** Reports whether `predicate` is truthy for any result. Ends the scan. */
  some(predicate: (value: T, index: number) => unknown): boolean {
    this.#check(predicate)
    let found = false
    this.#visit((value, index) => !(found = isTruthy(predicate(value, index), 'some')))
    return found
  }

  /** Reports whether `predicate` is truthy for every result. Ends the scan. */
  every(predicate: (value: T, index: number) => unknown): boolean {
    this.#check(predicate)
    let isEvery = true
    this.#visit((value, index) => (isEvery = isTruthy(predicate(value, index), 'every')))
    return isEvery
  }

  /** Returns the first result for which `predicate` is truthy, or `undefined`. Ends the scan. */
  find<S extends T>(predicate: (value: T, index: number) => value is S): S | undefined
  find(predicate: (value: T, index: number) => unknown): T | undefined
  find(predicate: (value: T, index: number) => unknown): T | undefined {
    this.#check(predicate)
    let found: T | undefined
    this.#visit((value, index) => {
      if (!isTruthy(predicate(value, index), 'find')) return true
      found = value
      return false
    })
    return found
  }

  /** Returns all remaining results as an array. */
  toArray(): T[] {
    this.#begin()
    const values: T[] = []
    for (let value = this.#pull(); value !== SCAN_END; value = this.#pull()) values.push(value)
    return values
  }

  #pull(): T | typeof SCAN_END {
    try {
      return this.#source.pull()
    } catch (error) {
      this.#source.close()
      throw error
    }
  }

  /** Calls `visit` for each result until it returns false, and always releases the snapshot. */
  #visit(visit: (value: T, index: number) => boolean): void {
    try {
      let index = 0
      for (let value = this.#source.pull(); value !== SCAN_END; value = this.#source.pull()) {
        if (!visit(value, index++)) return
      }
    } finally {
      this.#source.close()
    }
  }

  /** Begins the only walk over all results. */
  #begin(): void {
    this.#assertUnread()
    this.#isRead = true
  }

  #assertUnread(): void {
    if (this.#isRead) throw scanReadError()
  }

  #check(callback: unknown): void {
    if (typeof callback === 'function') {
      this.#begin()
      return
    }
    this.#source.close()
    throw invalidArgument(`the callback must be a function, not ${kindOf(callback)}`)
  }

  #checkCount(count: unknown): void {
    if (count === Infinity || (Number.isSafeInteger(count) && (count as number) >= 0)) {
      this.#begin()
      return
    }
    this.#source.close()
    throw invalidArgument('the count must be a whole number of 0 or more')
  }
}

/** Creates the error for a second walk over the results of a scan. */
export function scanReadError(): LdbError {
  return invalidArgument(
    'the scan has ended, or a helper was called on it: a scan is read once, call entries(), keys() or values() again',
  )
}

/** Returns the answer of a predicate, which a promise is not. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
function isTruthy(answer: unknown, method: string): boolean {
  refusePromise(answer, `the function given to ${method}`)
  return Boolean(answer)
}

/** A result before the end. V8 may pretenure an object literal into the old space, but not the instances of a class. */
class ScanResult<T> implements IteratorYieldResult<T> {
  /** One instance that stays alive, so that V8 does not discard the hidden class. */
  static readonly retained: ScanResult<undefined> = new ScanResult(undefined)
  readonly done = false
  readonly value: T

  constructor(value: T) {
    this.value = value
  }
}
