import { optionalMember } from '@ldb/base'
import type { StoreCursor, ValuePredicate } from '@ldb/base'

/** A store cursor that may support retries itself. */
interface MaybeRetryable {
  /** A move that missed a page may be retried. */
  readonly isRetryable?: boolean
}

/** Moves after which a new anchor is set. */
const STEPS_MAX = 32

/**
 * A store cursor whose moves may be retried after they missed a page. An interrupted move leaves the store cursor in an
 * undefined position, perhaps on another leaf. The retry therefore seeks to the anchor, an entry at most `STEPS_MAX`
 * moves back, and repeats the moves since then.
 */
export class RetryableCursor {
  readonly cursor: StoreCursor
  /** Key of the anchor, in the first `#anchorBytes` bytes. */
  #anchor: Uint8Array = new Uint8Array(64)
  #anchorBytes = 0
  /** Moves since the anchor, all in one direction; `STEPS_MAX` without an anchor. */
  #stepCount: number = STEPS_MAX
  #isForward = true
  /** A move was interrupted: the position of the store cursor is undefined. */
  #isInterrupted = false
  /** The store cursor supports retries itself. */
  readonly #isRetryable: boolean

  constructor(cursor: StoreCursor) {
    this.cursor = cursor
    this.#isRetryable = optionalMember(cursor as MaybeRetryable, 'isRetryable') === true
  }

  first(): boolean {
    this.#forget()
    return this.cursor.first()
  }

  last(): boolean {
    this.#forget()
    return this.cursor.last()
  }

  seek(key: Uint8Array, keyBytes: number): boolean {
    this.#forget()
    return this.cursor.seek(key, keyBytes)
  }

  seekBackward(key: Uint8Array, keyBytes: number): boolean {
    this.#forget()
    return this.cursor.seekBackward(key, keyBytes)
  }

  next(): boolean {
    return this.#isRetryable || !this.#prepare(true) ? this.cursor.next() : this.#moved(this.cursor.next())
  }

  previous(): boolean {
    return this.#isRetryable || !this.#prepare(false)
      ? this.cursor.previous()
      : this.#moved(this.cursor.previous())
  }

  /** Does the same as the store cursor. A call that missed a long value may be retried; the cursor is then on the entry of that value. */
  skipWhile(direction: 1 | -1, isSkipped: ValuePredicate): number {
    let moves: number | undefined
    try {
      moves = this.cursor.skipWhile(direction, isSkipped)
      return moves
    } finally {
      // The moves since the anchor do not contain these.
      if (moves !== 0 && moves !== ~0) this.#forget()
    }
  }

  /**
   * Prepares a move, and reports whether the cursor is on an entry. A miss interrupts the preparation, which the retry
   * repeats.
   */
  #prepare(isForward: boolean): boolean {
    const { cursor } = this
    if (this.#isInterrupted) this.#restore()
    // A move from no entry starts at an end of the range, so that it needs no anchor.
    if (!cursor.valid) return false
    if (this.#stepCount >= STEPS_MAX || this.#isForward !== isForward) {
      const { key } = cursor
      if (key.length > this.#anchor.length) this.#anchor = new Uint8Array(key.length * 2)
      this.#anchor.set(key)
      this.#anchorBytes = key.length
      this.#stepCount = 0
      this.#isForward = isForward
    }
    this.#isInterrupted = true
    return true
  }

  #moved(found: boolean): boolean {
    this.#isInterrupted = false
    this.#stepCount++
    if (!found) this.#forget()
    return found
  }

  #restore(): void {
    const { cursor } = this
    cursor.seek(this.#anchor, this.#anchorBytes)
    for (let left = this.#stepCount; left > 0; left--) {
      if (this.#isForward) cursor.next()
      else cursor.previous()
    }
    this.#isInterrupted = false
  }

  #forget(): void {
    this.#isInterrupted = false
    this.#stepCount = STEPS_MAX
  }
}
