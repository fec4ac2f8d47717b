import type { StoreCursor, ValuePredicate } from '@ldb/base'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { expiryOf, rawValue } from './expiry.js'

/** A cursor that skips expired entries. A move that missed a page may be retried. */
export class ExpiringCursor implements StoreCursor {
  readonly isRetryable = true
  readonly #inner: RetryableCursor
  readonly #isExpired: ValuePredicate
  /** The expiry of the current entry of the inner cursor has not been checked, because its value was on a missing page. */
  #isUnchecked = false

  constructor(inner: StoreCursor, nowMs: number) {
    this.#inner = new RetryableCursor(inner)
    this.#isExpired = (bytes, start, end): boolean => expiryOf(bytes, start, end) <= nowMs
  }

  get valid(): boolean {
    return this.#inner.cursor.valid
  }

  get key(): Uint8Array {
    return this.#inner.cursor.key
  }

  get value(): Uint8Array {
    return rawValue(this.#inner.cursor.value)
  }

  takeKey(): Uint8Array {
    return this.#inner.cursor.takeKey()
  }

  takeValue(): Uint8Array {
    return rawValue(this.#inner.cursor.takeValue())
  }

  first(): boolean {
    return this.#forward(this.#inner.first())
  }

  last(): boolean {
    return this.#backward(this.#inner.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#forward(this.#inner.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#backward(this.#inner.seekBackward(key, keyBytes))
  }

  next(): boolean {
    return this.#forward(this.#isUnchecked || this.#inner.next())
  }

  previous(): boolean {
    return this.#backward(this.#isUnchecked || this.#inner.previous())
  }

  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    const { value } = this
    return isSkipped(value, 0, value.length) ? ~0 : 0
  }

  close(): void {
    this.#inner.cursor.close()
  }

  #forward(found: boolean): boolean {
    let isValid = found
    while (isValid && this.#skipExpired(1)) isValid = this.#inner.next()
    return isValid
  }

  #backward(found: boolean): boolean {
    let isValid = found
    while (isValid && this.#skipExpired(-1)) isValid = this.#inner.previous()
    return isValid
  }

  /** Skips the expired entries at hand, a page or so. Reports whether the current entry has expired, too. */
  #skipExpired(direction: 1 | -1): boolean {
    this.#isUnchecked = true
    const moves = this.#inner.skipWhile(direction, this.#isExpired)
    this.#isUnchecked = false
    return moves < 0
  }
}
