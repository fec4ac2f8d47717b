import { compareBytes, copyBytes, INVARIANTS } from '@ldb/base'
import type { StoreCursor, ValuePredicate } from '@ldb/base'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { expiryOf } from '../blob/value-header.js'
import type { StoredValueReader } from './stored-value-reader.js'

/** Pages of expired entries after which a move may be interrupted: about half a millisecond. */
const PAUSE_PAGES = INVARIANTS ? 3 : 64

/** Expired entries that a move has passed. */
interface PassedEntries {
  readonly direction: 1 | -1
  /** Key of the last of them on the first page. */
  readonly from: Uint8Array
  /** Key of the last of them when the move was interrupted. */
  readonly to: Uint8Array | undefined
}

/** A cursor that skips expired entries. A move that missed a page may be retried. */
export class ExpiringCursor implements StoreCursor {
  readonly isRetryable = true
  readonly #inner: RetryableCursor
  readonly #reader: StoredValueReader
  readonly #isExpired: ValuePredicate
  readonly #pause: (() => void) | undefined
  #passed: PassedEntries | undefined = undefined
  /** The expiry of the current entry of the inner cursor has not been checked, because its value was on a missing page. */
  #isUnchecked = false

  /**
   * @param pause - called after some pages of expired entries in one move; may throw to interrupt the move, which is then retried. Only for
   * the cursor of a snapshot, whose entries do not change.
   */
  constructor(inner: StoreCursor, reader: StoredValueReader, nowMs: number, pause?: () => void) {
    this.#reader = reader
    this.#pause = pause
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
    return this.#reader.valueOf(this.#inner.cursor.value)
  }

  takeKey(): Uint8Array {
    return this.#inner.cursor.takeKey()
  }

  takeValue(): Uint8Array {
    return this.#reader.valueOf(this.#inner.cursor.takeValue())
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
    for (let pageCount = 0; isValid && this.#skipExpired(1); pageCount++) {
      if (pageCount === 0) this.#resume(1)
      else if (pageCount % PAUSE_PAGES === 0) this.#interrupt()
      isValid = this.#inner.next()
    }
    return isValid
  }

  #backward(found: boolean): boolean {
    let isValid = found
    for (let pageCount = 0; isValid && this.#skipExpired(-1); pageCount++) {
      if (pageCount === 0) this.#resume(-1)
      else if (pageCount % PAUSE_PAGES === 0) this.#interrupt()
      isValid = this.#inner.previous()
    }
    return isValid
  }

  /**
   * Called on the last expired entry of a page. Moves to where an interrupted move has passed the same entry, whatever move it was: what has
   * expired in a snapshot stays so.
   */
  #resume(direction: 1 | -1): void {
    if (this.#pause === undefined) return
    const { key } = this.#inner.cursor
    const passed = this.#passed
    if (passed?.to === undefined || passed.direction !== direction || compareBytes(key, passed.from) !== 0) {
      this.#passed = { direction, from: copyBytes(key), to: undefined }
    } else if (direction > 0) this.#inner.seek(passed.to, passed.to.length)
    else this.#inner.seekBackward(passed.to, passed.to.length)
  }

  /** Lets other tasks run, if the move may be interrupted. */
  #interrupt(): void {
    if (this.#passed !== undefined) this.#passed = { ...this.#passed, to: copyBytes(this.#inner.cursor.key) }
    this.#pause?.()
  }

  /** Skips the expired entries at hand, a page or so. Reports whether the current entry has expired, too. */
  #skipExpired(direction: 1 | -1): boolean {
    this.#isUnchecked = true
    const moves = this.#inner.skipWhile(direction, this.#isExpired)
    this.#isUnchecked = false
    return moves < 0
  }
}
