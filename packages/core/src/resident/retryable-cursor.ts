import type { StoreCursor } from '@ldb/base'

/** Moves after which the entry is noted anew from which a move that was broken off is made again. */
const STEPS_MAX = 32

/**
 * A store's cursor whose moves may be made again after they have missed a page: a move that was broken off half way
 * leaves it in disorder, in another leaf perhaps. So the next attempt first goes back to an entry that was noted, a few
 * moves before, and makes those again.
 */
export class RetryableCursor {
  readonly cursor: StoreCursor
  /** Key of the entry that was noted, in its first bytes. */
  #anchor: Uint8Array = new Uint8Array(64)
  #anchorBytes = 0
  /** Moves since then, all in one direction; the greatest number when none is noted. */
  #stepCount: number = STEPS_MAX
  #isForward = true
  /** A move was broken off: the cursor stands somewhere. */
  #isInterrupted = false
  /** The cursor's own moves may be made again. */
  readonly #isRetryable: boolean

  constructor(cursor: StoreCursor) {
    this.cursor = cursor
    this.#isRetryable = 'isSteady' in cursor && cursor.isSteady === true
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

  /** Before a move; tells whether the cursor stands on an entry. May be broken off itself, and is made again then. */
  #prepare(isForward: boolean): boolean {
    const { cursor } = this
    if (this.#isInterrupted) this.#restore()
    // From nowhere, a move begins anew whenever it is made again.
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
