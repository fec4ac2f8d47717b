import type { StoreCursor } from '@ldb/base'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { isExpired, unsealed } from './expiry.js'

/** A cursor that passes over entries whose time is over. A move that has missed a page goes on when it is made again. */
export class ExpiringCursor implements StoreCursor {
  readonly isSteady = true
  readonly #below: RetryableCursor
  readonly #nowMs: number
  /** The cursor below stands on an entry at whose time nobody has looked yet. */
  #isUnchecked = false

  constructor(below: StoreCursor, nowMs: number) {
    this.#below = new RetryableCursor(below)
    this.#nowMs = nowMs
  }

  get valid(): boolean {
    return this.#below.cursor.valid
  }

  get key(): Uint8Array {
    return this.#below.cursor.key
  }

  get value(): Uint8Array {
    return unsealed(this.#below.cursor.value)
  }

  takeKey(): Uint8Array {
    return this.#below.cursor.takeKey()
  }

  takeValue(): Uint8Array {
    return unsealed(this.#below.cursor.takeValue())
  }

  first(): boolean {
    return this.#forward(this.#below.first())
  }

  last(): boolean {
    return this.#backward(this.#below.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#forward(this.#below.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#backward(this.#below.seekBackward(key, keyBytes))
  }

  next(): boolean {
    return this.#forward(this.#isUnchecked || this.#below.next())
  }

  previous(): boolean {
    return this.#backward(this.#isUnchecked || this.#below.previous())
  }

  close(): void {
    this.#below.cursor.close()
  }

  #forward(found: boolean): boolean {
    let isThere = found
    while (isThere && this.#isDead()) isThere = this.#below.next()
    return isThere
  }

  #backward(found: boolean): boolean {
    let isThere = found
    while (isThere && this.#isDead()) isThere = this.#below.previous()
    return isThere
  }

  #isDead(): boolean {
    this.#isUnchecked = true
    const dead = isExpired(this.#below.cursor.value, this.#nowMs)
    this.#isUnchecked = false
    return dead
  }
}
