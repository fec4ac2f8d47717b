import { assertIterable, isAsyncIterable, isPromiseLike } from '@ldb/base'
import type { PendingCall } from '../calls/pending-call.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { AsyncScanSource } from './entry-source.js'

/** A source over another one. */
abstract class DerivedSource<T, U> implements AsyncScanSource<U> {
  protected readonly source: AsyncScanSource<T>

  constructor(source: AsyncScanSource<T>) {
    this.source = source
  }

  get signal(): AbortSignalLike | undefined {
    return this.source.signal
  }

  abstract pull(call: PendingCall, countMax: number): Promise<readonly U[]>

  check(): void {
    this.source.check()
  }

  close(): void {
    this.source.close()
  }
}

/** Results of `transform`. */
export class AsyncMapSource<T, U> extends DerivedSource<T, U> {
  readonly #transform: (value: T, index: number) => U | PromiseLike<U>
  #index = 0

  constructor(source: AsyncScanSource<T>, transform: (value: T, index: number) => U | PromiseLike<U>) {
    super(source)
    this.#transform = transform
  }

  async pull(call: PendingCall, countMax: number): Promise<readonly U[]> {
    const transform = this.#transform
    const results: U[] = []
    for (const value of await this.source.pull(call, countMax)) {
      this.check()
      const result = transform(value, this.#index++)
      results.push(isPromiseLike(result) ? await call.outside(result, this.signal) : result)
    }
    return results
  }
}

/** Results for which `predicate` returns a truthy value. */
export class AsyncFilterSource<T> extends DerivedSource<T, T> {
  readonly #predicate: (value: T, index: number) => unknown
  #index = 0

  constructor(source: AsyncScanSource<T>, predicate: (value: T, index: number) => unknown) {
    super(source)
    this.#predicate = predicate
  }

  async pull(call: PendingCall, countMax: number): Promise<readonly T[]> {
    const predicate = this.#predicate
    for (;;) {
      const batch = await this.source.pull(call, countMax)
      const kept: T[] = []
      for (const value of batch) {
        this.check()
        const result = predicate(value, this.#index++)
        if (isPromiseLike(result) ? await call.outside(result, this.signal) : result) kept.push(value)
      }
      if (kept.length > 0 || batch.length === 0) return kept
    }
  }
}

/** The first `count` results. Closes its source with the last one. */
export class AsyncTakeSource<T> extends DerivedSource<T, T> {
  #remaining: number

  constructor(source: AsyncScanSource<T>, count: number) {
    super(source)
    this.#remaining = count
    if (count === 0) source.close()
  }

  async pull(call: PendingCall, countMax: number): Promise<readonly T[]> {
    if (this.#remaining === 0) return []
    const batch = await this.source.pull(call, Math.min(countMax, this.#remaining))
    const taken = batch.length <= this.#remaining ? batch : batch.slice(0, this.#remaining)
    this.#remaining -= taken.length
    if (this.#remaining === 0) this.source.close()
    return taken
  }

  override close(): void {
    this.#remaining = 0
    super.close()
  }
}

/** All results after the first `count`. */
export class AsyncDropSource<T> extends DerivedSource<T, T> {
  #remaining: number

  constructor(source: AsyncScanSource<T>, count: number) {
    super(source)
    this.#remaining = count
  }

  async pull(call: PendingCall, countMax: number): Promise<readonly T[]> {
    for (;;) {
      const batch = await this.source.pull(call, countMax)
      if (this.#remaining === 0 || batch.length === 0) return batch
      const dropped = Math.min(this.#remaining, batch.length)
      this.#remaining -= dropped
      if (dropped < batch.length) return batch.slice(dropped)
    }
  }
}

/** The concatenated results of `expand`. */
export class AsyncFlatMapSource<T, U> extends DerivedSource<T, U> {
  readonly #expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>
  #batch: readonly T[] = []
  #batchIndex = 0
  #inner: AsyncIterator<U> | Iterator<U> | undefined = undefined
  #index = 0

  constructor(
    source: AsyncScanSource<T>,
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ) {
    super(source)
    this.#expand = expand
  }

  async pull(call: PendingCall): Promise<readonly U[]> {
    for (;;) {
      if (this.#inner !== undefined) {
        this.check()
        const result = await call.outside(this.#inner.next(), this.signal)
        if (result.done !== true) return [result.value]
        this.#inner = undefined
      }
      if (this.#batchIndex === this.#batch.length) {
        this.#batch = await this.source.pull(call, 1)
        this.#batchIndex = 0
        if (this.#batch.length === 0) return []
      }
      this.check()
      this.#inner = await this.#open(this.#batch[this.#batchIndex++] as T, call)
    }
  }

  override close(): void {
    const inner = this.#inner
    this.#inner = undefined
    this.#batch = []
    this.#batchIndex = 0
    super.close()
    const ended = inner?.return?.()
    // `close` does not wait for the iterator's end, and has no caller to which a failure could be reported.
    if (ended !== undefined) Promise.resolve(ended).catch(() => undefined)
  }

  async #open(value: T, call: PendingCall): Promise<AsyncIterator<U> | Iterator<U>> {
    const expand = this.#expand
    const expanded = await call.outside(expand(value, this.#index++), this.signal)
    if (isAsyncIterable(expanded)) return expanded[Symbol.asyncIterator]()
    assertIterable('what flatMap is given', expanded)
    return expanded[Symbol.iterator]()
  }
}
