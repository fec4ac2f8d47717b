import { assertIterable, refusePromise } from '@ldb/base'

/** Returned by a source at its end. */
export const SCAN_END: unique symbol = Symbol('end of scan')

/** The source of a scan's results. An error does not close the source: the scan closes it. */
export interface ScanSource<T> {
  /** Returns the next result, or `SCAN_END` at the end and at every call after the end. */
  pull(): T | typeof SCAN_END
  /** Ends the source and releases its pinned state. `pull` then returns `SCAN_END`. Idempotent. */
  close(): void
}

/** Results of `transform`. */
export class MapSource<T, U> implements ScanSource<U> {
  readonly #source: ScanSource<T>
  readonly #transform: (value: T, index: number) => U
  #index = 0

  constructor(source: ScanSource<T>, transform: (value: T, index: number) => U) {
    this.#source = source
    this.#transform = transform
  }

  pull(): U | typeof SCAN_END {
    const value = this.#source.pull()
    if (value === SCAN_END) return SCAN_END
    const transform = this.#transform
    return transform(value, this.#index++)
  }

  close(): void {
    this.#source.close()
  }
}

/** Results for which `predicate` returns a truthy value. */
export class FilterSource<T> implements ScanSource<T> {
  readonly #source: ScanSource<T>
  readonly #predicate: (value: T, index: number) => unknown
  #index = 0

  constructor(source: ScanSource<T>, predicate: (value: T, index: number) => unknown) {
    this.#source = source
    this.#predicate = predicate
  }

  pull(): T | typeof SCAN_END {
    const predicate = this.#predicate
    for (;;) {
      const value = this.#source.pull()
      if (value === SCAN_END) return value
      const isKept = predicate(value, this.#index++)
      refusePromise(isKept, 'the function given to filter')
      if (isKept) return value
    }
  }

  close(): void {
    this.#source.close()
  }
}

/** The first `count` results. Closes its source with the last one. */
export class TakeSource<T> implements ScanSource<T> {
  readonly #source: ScanSource<T>
  #remaining: number

  constructor(source: ScanSource<T>, count: number) {
    this.#source = source
    this.#remaining = count
    if (count === 0) source.close()
  }

  pull(): T | typeof SCAN_END {
    if (this.#remaining === 0) return SCAN_END
    const value = this.#source.pull()
    if (--this.#remaining === 0) this.#source.close()
    return value
  }

  close(): void {
    this.#remaining = 0
    this.#source.close()
  }
}

/** All results after the first `count`. */
export class DropSource<T> implements ScanSource<T> {
  readonly #source: ScanSource<T>
  #remaining: number

  constructor(source: ScanSource<T>, count: number) {
    this.#source = source
    this.#remaining = count
  }

  pull(): T | typeof SCAN_END {
    for (; this.#remaining > 0; this.#remaining--) {
      if (this.#source.pull() === SCAN_END) return SCAN_END
    }
    return this.#source.pull()
  }

  close(): void {
    this.#source.close()
  }
}

/** The concatenated results of `expand`. */
export class FlatMapSource<T, U> implements ScanSource<U> {
  readonly #source: ScanSource<T>
  readonly #expand: (value: T, index: number) => Iterable<U>
  #inner: Iterator<U> | undefined = undefined
  #index = 0

  constructor(source: ScanSource<T>, expand: (value: T, index: number) => Iterable<U>) {
    this.#source = source
    this.#expand = expand
  }

  pull(): U | typeof SCAN_END {
    for (;;) {
      if (this.#inner !== undefined) {
        const result = this.#inner.next()
        if (result.done !== true) return result.value
        this.#inner = undefined
      }
      const value = this.#source.pull()
      if (value === SCAN_END) return SCAN_END
      const expand = this.#expand
      const expanded = expand(value, this.#index++)
      refusePromise(expanded, 'the function given to flatMap')
      assertIterable('what flatMap is given', expanded)
      this.#inner = expanded[Symbol.iterator]()
    }
  }

  close(): void {
    const inner = this.#inner
    this.#inner = undefined
    this.#source.close()
    inner?.return?.()
  }
}
