import { invalidArgument, kindOf } from '@ldb/base'
import { DropSource, FilterSource, FlatMapSource, MapSource, SCAN_END, TakeSource } from './scan-source.js'
import type { ScanSource } from './scan-source.js'

/**
 * Entries, keys or values of a range, one after the other: lazy, and frozen at the call that made it.
 *
 * @remarks An iterator with the names of the standard iterator helpers. It holds a snapshot until it is exhausted,
 * until `return()` is called (`for...of` does so on `break`), or until a callback throws; one that is left half-read
 * must be ended with `return()` or `using`, or it keeps old data alive and shows in `stats().reads`. A helper takes its
 * scan over: read the result then, not the scan.
 *
 * Every method throws `LDB_CLOSED` when the database or the snapshot it reads was closed meanwhile, and the errors of
 * reading files: `LDB_IO`, `LDB_CORRUPTION`.
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
export class Scan<T> implements Iterable<T>, Disposable {
  readonly #source: ScanSource<T>

  /** @internal */
  constructor(source: ScanSource<T>) {
    this.#source = source
  }

  /** Returns the next result. */
  next(): IteratorResult<T, undefined> {
    const value = this.#pull()
    return value === SCAN_END ? { done: true, value: undefined } : new ScanResult(value)
  }

  /** Ends the scan and gives its snapshot back. Idempotent. */
  return(): IteratorResult<T, undefined> {
    this.#source.close()
    return { done: true, value: undefined }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.#source.close()
  }

  /** Returns what `transform` makes of each. */
  map<U>(transform: (value: T, index: number) => U): Scan<U> {
    this.#check(transform)
    return new Scan(new MapSource(this.#source, transform))
  }

  /** Keeps those for which `predicate` is true. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): Scan<S>
  filter(predicate: (value: T, index: number) => unknown): Scan<T>
  filter(predicate: (value: T, index: number) => unknown): Scan<T> {
    this.#check(predicate)
    return new Scan(new FilterSource(this.#source, predicate))
  }

  /** Ends after `count` of them; the snapshot goes with the last. */
  take(count: number): Scan<T> {
    this.#checkCount(count)
    return new Scan(new TakeSource(this.#source, count))
  }

  /** Leaves the first `count` out. */
  drop(count: number): Scan<T> {
    this.#checkCount(count)
    return new Scan(new DropSource(this.#source, count))
  }

  /** Gives, one after the other, all that `expand` makes of each. */
  flatMap<U>(expand: (value: T, index: number) => Iterable<U>): Scan<U> {
    this.#check(expand)
    return new Scan(new FlatMapSource(this.#source, expand))
  }

  /** Calls `visit` with each. */
  forEach(visit: (value: T, index: number) => void): void {
    this.#check(visit)
    this.#visit((value, index) => {
      visit(value, index)
      return true
    })
  }

  /**
   * Folds all into one value; without `initial`, begins with the first.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when there is nothing and no `initial`.
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

  /** Reports whether `predicate` is true for any. Ends the scan. */
  some(predicate: (value: T, index: number) => unknown): boolean {
    this.#check(predicate)
    let found = false
    this.#visit((value, index) => !(found = Boolean(predicate(value, index))))
    return found
  }

  /** Reports whether `predicate` is true for all. Ends the scan. */
  every(predicate: (value: T, index: number) => unknown): boolean {
    this.#check(predicate)
    let held = true
    this.#visit((value, index) => (held = Boolean(predicate(value, index))))
    return held
  }

  /** Returns the first for which `predicate` is true. Ends the scan. */
  find<S extends T>(predicate: (value: T, index: number) => value is S): S | undefined
  find(predicate: (value: T, index: number) => unknown): T | undefined
  find(predicate: (value: T, index: number) => unknown): T | undefined {
    this.#check(predicate)
    let found: T | undefined
    this.#visit((value, index) => {
      if (!predicate(value, index)) return true
      found = value
      return false
    })
    return found
  }

  /** Returns all of them. */
  toArray(): T[] {
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

  /** Calls `visit` with each until it gives false, and gives the snapshot back, whatever happens. */
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

  #check(callback: unknown): void {
    if (typeof callback === 'function') return
    this.#source.close()
    throw invalidArgument(`the callback must be a function, not ${kindOf(callback)}`)
  }

  #checkCount(count: unknown): void {
    if (count === Infinity || (Number.isSafeInteger(count) && (count as number) >= 0)) return
    this.#source.close()
    throw invalidArgument('the count must be a whole number of 0 or more')
  }
}

/** A result that is not the last. Of a class, so that V8 never makes it in the old space, as it may with a literal. */
class ScanResult<T> implements IteratorYieldResult<T> {
  readonly done = false
  readonly value: T

  constructor(value: T) {
    this.value = value
  }
}

/** Kept, so that V8 does not forget what one looks like. */
export const RETAINED_RESULT: IteratorResult<undefined> = new ScanResult(undefined)
