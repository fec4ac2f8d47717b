import { optionalMember } from '@ldb/base'
import type { StoreCursor, ValuePredicate } from '@ldb/base'
import type { StoredValueReader } from './stored-value-reader.js'

/** A cursor that reads the values in blob files. */
export class ReferringCursor implements StoreCursor {
  /** A move that missed a page may be retried if the inner cursor allows it. */
  readonly isRetryable: boolean
  readonly #inner: StoreCursor
  readonly #reader: StoredValueReader

  constructor(inner: StoreCursor & { readonly isRetryable?: boolean }, reader: StoredValueReader) {
    this.isRetryable = optionalMember(inner, 'isRetryable') === true
    this.#inner = inner
    this.#reader = reader
  }

  get valid(): boolean {
    return this.#inner.valid
  }

  get key(): Uint8Array {
    return this.#inner.key
  }

  get value(): Uint8Array {
    return this.#reader.valueOf(this.#inner.value)
  }

  takeKey(): Uint8Array {
    return this.#inner.takeKey()
  }

  takeValue(): Uint8Array {
    return this.#reader.valueOf(this.#inner.takeValue())
  }

  first(): boolean {
    return this.#inner.first()
  }

  last(): boolean {
    return this.#inner.last()
  }

  seek(key: Uint8Array, keyBytes?: number): boolean {
    return this.#inner.seek(key, keyBytes)
  }

  seekBackward(key: Uint8Array, keyBytes?: number): boolean {
    return this.#inner.seekBackward(key, keyBytes)
  }

  next(): boolean {
    return this.#inner.next()
  }

  previous(): boolean {
    return this.#inner.previous()
  }

  /** The predicate gets stored values, with their headers. */
  skipWhile(direction: 1 | -1, isSkipped: ValuePredicate): number {
    return this.#inner.skipWhile(direction, isSkipped)
  }

  close(): void {
    this.#inner.close()
  }
}
