import { copyBytes } from '@ldb/base'
import type { StoreCursor } from '@ldb/base'

/**
 * A store's cursor whose moves may be made again after they have missed a page: a move that was broken off half way
 * leaves its way down in disorder, so the next attempt first goes back to the entry where it began.
 */
export class SteadyCursor {
  readonly cursor: StoreCursor
  /** Key of the entry at which the move that was broken off had begun. */
  #anchor: Uint8Array | undefined = undefined

  /** The cursor's own moves may be made again. */
  readonly #isSteady: boolean

  constructor(cursor: StoreCursor) {
    this.cursor = cursor
    this.#isSteady = 'isSteady' in cursor && cursor.isSteady === true
  }

  first(): boolean {
    this.#anchor = undefined
    return this.cursor.first()
  }

  last(): boolean {
    this.#anchor = undefined
    return this.cursor.last()
  }

  seek(key: Uint8Array, keyBytes: number): boolean {
    this.#anchor = undefined
    return this.cursor.seek(key, keyBytes)
  }

  seekBackward(key: Uint8Array, keyBytes: number): boolean {
    this.#anchor = undefined
    return this.cursor.seekBackward(key, keyBytes)
  }

  next(): boolean {
    this.#restore()
    try {
      return this.cursor.next()
    } catch (error) {
      this.#remember()
      throw error
    }
  }

  previous(): boolean {
    this.#restore()
    try {
      return this.cursor.previous()
    } catch (error) {
      this.#remember()
      throw error
    }
  }

  #restore(): void {
    if (this.#anchor === undefined) return
    this.cursor.seek(this.#anchor)
    this.#anchor = undefined
  }

  #remember(): void {
    if (!this.#isSteady && this.cursor.valid) this.#anchor = copyBytes(this.cursor.key)
  }
}
