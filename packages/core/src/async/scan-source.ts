import { assertIterable, isAsyncIterable } from '@ldb/base'
import type { AsyncScanSource } from './entry-source.js'

/** Results of `transform`. */
export class AsyncMapSource<T, U> implements AsyncScanSource<U> {
  readonly #source: AsyncScanSource<T>
  readonly #transform: (value: T, index: number) => U | PromiseLike<U>
  #index = 0

  constructor(source: AsyncScanSource<T>, transform: (value: T, index: number) => U | PromiseLike<U>) {
    this.#source = source
    this.#transform = transform
  }

  async pull(): Promise<readonly U[]> {
    const transform = this.#transform
    const results: U[] = []
    for (const value of await this.#source.pull()) results.push(await transform(value, this.#index++))
    return results
  }

  close(): void {
    this.#source.close()
  }
}

/** Results for which `predicate` returns a truthy value. */
export class AsyncFilterSource<T> implements AsyncScanSource<T> {
  readonly #source: AsyncScanSource<T>
  readonly #predicate: (value: T, index: number) => unknown
  #index = 0

  constructor(source: AsyncScanSource<T>, predicate: (value: T, index: number) => unknown) {
    this.#source = source
    this.#predicate = predicate
  }

  async pull(): Promise<readonly T[]> {
    const predicate = this.#predicate
    for (;;) {
      const batch = await this.#source.pull()
      const kept: T[] = []
      for (const value of batch) if (await predicate(value, this.#index++)) kept.push(value)
      if (kept.length > 0 || batch.length === 0) return kept
    }
  }

  close(): void {
    this.#source.close()
  }
}

/** The first `count` results. Closes its source with the last one. */
export class AsyncTakeSource<T> implements AsyncScanSource<T> {
  readonly #source: AsyncScanSource<T>
  #remaining: number

  constructor(source: AsyncScanSource<T>, count: number) {
    this.#source = source
    this.#remaining = count
    if (count === 0) source.close()
  }

  async pull(): Promise<readonly T[]> {
    if (this.#remaining === 0) return []
    const batch = await this.#source.pull()
    const taken = batch.length <= this.#remaining ? batch : batch.slice(0, this.#remaining)
    this.#remaining -= taken.length
    if (this.#remaining === 0) this.#source.close()
    return taken
  }

  close(): void {
    this.#remaining = 0
    this.#source.close()
  }
}

/** All results after the first `count`. */
export class AsyncDropSource<T> implements AsyncScanSource<T> {
  readonly #source: AsyncScanSource<T>
  #remaining: number

  constructor(source: AsyncScanSource<T>, count: number) {
    this.#source = source
    this.#remaining = count
  }

  async pull(): Promise<readonly T[]> {
    for (;;) {
      const batch = await this.#source.pull()
      if (this.#remaining === 0 || batch.length === 0) return batch
      const dropped = Math.min(this.#remaining, batch.length)
      this.#remaining -= dropped
      if (dropped < batch.length) return batch.slice(dropped)
    }
  }

  close(): void {
    this.#source.close()
  }
}

/** The concatenated results of `expand`. */
export class AsyncFlatMapSource<T, U> implements AsyncScanSource<U> {
  readonly #source: AsyncScanSource<T>
  readonly #expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>
  #batch: readonly T[] = []
  #batchIndex = 0
  #inner: AsyncIterator<U> | Iterator<U> | undefined = undefined
  #index = 0

  constructor(
    source: AsyncScanSource<T>,
    expand: (value: T, index: number) => Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>,
  ) {
    this.#source = source
    this.#expand = expand
  }

  async pull(): Promise<readonly U[]> {
    for (;;) {
      if (this.#inner !== undefined) {
        const result = await this.#inner.next()
        if (result.done !== true) return [result.value]
        this.#inner = undefined
      }
      if (this.#batchIndex === this.#batch.length) {
        this.#batch = await this.#source.pull()
        this.#batchIndex = 0
        if (this.#batch.length === 0) return []
      }
      this.#inner = await this.#open(this.#batch[this.#batchIndex++] as T)
    }
  }

  close(): void {
    const inner = this.#inner
    this.#inner = undefined
    this.#batch = []
    this.#batchIndex = 0
    this.#source.close()
    const ended = inner?.return?.()
    // `close` does not wait for the iterator's end, and has no caller to which a failure could be reported.
    if (ended !== undefined) Promise.resolve(ended).catch(() => undefined)
  }

  async #open(value: T): Promise<AsyncIterator<U> | Iterator<U>> {
    const expand = this.#expand
    const expanded = await expand(value, this.#index++)
    if (isAsyncIterable(expanded)) return expanded[Symbol.asyncIterator]()
    assertIterable('what flatMap is given', expanded)
    return expanded[Symbol.iterator]()
  }
}
