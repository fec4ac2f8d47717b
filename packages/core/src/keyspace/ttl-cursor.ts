import type { StoreCursor } from '@ldb/base'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { isExpired, rawValue } from './expiry.js'

/** A cursor that skips expired entries. A move that missed a page may be retried. */
export class ExpiringCursor implements StoreCursor {
  readonly isRetryable = true
  readonly #inner: RetryableCursor
  readonly #nowMs: number
  /** The expiry of the current entry of the inner cursor has not been checked, because its value was on a missing page. */
  #isUnchecked = false

  constructor(inner: StoreCursor, nowMs: number) {
    this.#inner = new RetryableCursor(inner)
    this.#nowMs = nowMs
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

  close(): void {
    this.#inner.cursor.close()
  }

  #forward(found: boolean): boolean {
    let isValid = found
    while (isValid && this.#isExpired()) isValid = this.#inner.next()
    return isValid
  }

  #backward(found: boolean): boolean {
    let isValid = found
    while (isValid && this.#isExpired()) isValid = this.#inner.previous()
    return isValid
  }

  #isExpired(): boolean {
    this.#isUnchecked = true
    const expired = isExpired(this.#inner.cursor.value, this.#nowMs)
    this.#isUnchecked = false
    return expired
  }
}
