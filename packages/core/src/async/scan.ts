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
 * Entries, keys or values of a range, one after the other, without blocking: lazy, and frozen at the call that made it.
 *
 * @remarks An async iterator with the names of the iterator helpers; callbacks may be async, and are called one after the
 * other. It holds a snapshot until it is exhausted, until `return()` is called (`for await` does so on `break`), or until
 * something fails. A helper takes its scan over: read the result then, not the scan. It reads ahead of the caller, and
 * lets the event loop have its turn.
 *
 * Rejects with `LDB_CLOSED` when the database or the snapshot it reads was closed meanwhile, `LDB_ABORTED` when its signal
 * was aborted, and the errors of reading files: `LDB_IO`, `LDB_CORRUPTION`.
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
  /** Calls of `next` that wait are answered in their order. */
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

  /** Ends the scan and gives its snapshot back. Idempotent. */
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

  /** Returns what `transform` makes of each. */
  map<U>(transform: (value: T, index: number) => U | PromiseLike<U>): AsyncScan<U> {
    this.#check(transform)
    return new AsyncScan(new AsyncMapSource(this.#source, transform))
  }

  /** Keeps those for which `predicate` is true. */
  filter<S extends T>(predicate: (value: T, index: number) => value is S): AsyncScan<S>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T>
  filter(predicate: (value: T, index: number) => unknown): AsyncScan<T> {
    this.#check(predicate)
    return new AsyncScan(new AsyncFilterSource(this.#source, predicate))
  }

  /** Ends after `count` of them; the snapshot goes with the last. */
  take(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return new AsyncScan(new AsyncTakeSource(this.#source, count))
  }

  /** Leaves the first `count` out. */
  drop(count: number): AsyncScan<T> {
    this.#checkCount(count)
    return new AsyncScan(new AsyncDropSource(this.#source, count))
  }

  /** Gives, one after the other, all that `expand` makes of each. */
  flatMap<U>(
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ): AsyncScan<U> {
    this.#check(expand)
    return new AsyncScan(new AsyncFlatMapSource(this.#source, expand))
  }

  /** Calls `visit` with each, and waits for what it gives. */
  async forEach(visit: (value: T, index: number) => unknown): Promise<void> {
    this.#check(visit)
    await this.#visit(async (value, index) => {
      await visit(value, index)
      return true
    })
  }

  /**
   * Folds all into one value; without `initial`, begins with the first.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when there is nothing and no `initial`.
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

  /** Reports whether `predicate` is true for any. Ends the scan. */
  async some(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let found = false
    await this.#visit(async (value, index) => !(found = Boolean(await predicate(value, index))))
    return found
  }

  /** Reports whether `predicate` is true for all. Ends the scan. */
  async every(predicate: (value: T, index: number) => unknown): Promise<boolean> {
    this.#check(predicate)
    let held = true
    await this.#visit(async (value, index) => (held = Boolean(await predicate(value, index))))
    return held
  }

  /** Returns the first for which `predicate` is true. Ends the scan. */
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

  /** Returns all of them. */
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
    // Whoever asked before has been told of a failure.
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

  /** Calls `visit` with each until it gives false, and gives the snapshot back, whatever happens. */
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
