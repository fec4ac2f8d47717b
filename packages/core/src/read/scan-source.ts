import { assertIterable } from '@ldb/base'

/** What a source gives when there is no more. */
export const SCAN_END: unique symbol = Symbol('end of scan')

/** Where a scan takes its results from. Errors do not close it: the scan does. */
export interface ScanSource<T> {
  /** Returns the next result, or `SCAN_END`, for ever after too. */
  pull(): T | typeof SCAN_END
  /** Ends it and gives back what it holds. Idempotent; from then on `pull` gives `SCAN_END`. */
  close(): void
}

/** What `transform` makes of each. */
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

/** Those for which `predicate` is true. */
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
      if (value === SCAN_END || predicate(value, this.#index++)) return value
    }
  }

  close(): void {
    this.#source.close()
  }
}

/** The first `count`; what lies below is closed with the last of them. */
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

/** All but the first `count`. */
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

/** All that `expand` makes of each, one after the other. */
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
