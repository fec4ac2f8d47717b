import { copyBytes } from '@ldb/base'
import type { StoreCursor } from '@ldb/base'

/**
 * A store's cursor whose moves may be made again after they have missed a page: a move that was broken off half way
 * leaves its way down in disorder, so the next attempt first goes back to the entry where it began.
 */
export class SteadyCursor {
  readonly cursor: StoreCursor
  /** A move was broken off; the cursor still says at which entry it had begun. */
  #isBroken = false
  /** Key of that entry, once it was read: it may be long, and in pages of its own that are missed too. */
  #anchor: Uint8Array | undefined = undefined
  /** The cursor's own moves may be made again. */
  readonly #isSteady: boolean

  constructor(cursor: StoreCursor) {
    this.cursor = cursor
    this.#isSteady = 'isSteady' in cursor && cursor.isSteady === true
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
    this.#restore()
    try {
      return this.cursor.next()
    } catch (error) {
      this.#isBroken = !this.#isSteady && this.cursor.valid
      throw error
    }
  }

  previous(): boolean {
    this.#restore()
    try {
      return this.cursor.previous()
    } catch (error) {
      this.#isBroken = !this.#isSteady && this.cursor.valid
      throw error
    }
  }

  /** Goes back to where the move that was broken off had begun; may be broken off itself, and is made again then. */
  #restore(): void {
    if (!this.#isBroken) return
    this.#anchor ??= copyBytes(this.cursor.key)
    this.cursor.seek(this.#anchor)
    this.#forget()
  }

  #forget(): void {
    this.#isBroken = false
    this.#anchor = undefined
  }
}
