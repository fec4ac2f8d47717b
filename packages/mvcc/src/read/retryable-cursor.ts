import { copyBytes, LdbError } from '@ldb/base'
import type { StoreCursor, ValuePredicate } from '@ldb/base'

/**
 * A cursor whose moves can be retried after they throw (M30). It keeps a copy of the current key. A retried move first seeks
 * the inner cursor back to that key, because a failed move leaves the inner cursor in an undefined position.
 */
export class RetryableCursor implements StoreCursor {
  readonly #inner: StoreCursor
  /** Key of the current entry; `undefined` when the cursor is not positioned. */
  #key: Uint8Array | undefined = undefined
  /** A move failed: the position of the inner cursor is undefined. */
  #isLost = false

  constructor(inner: StoreCursor) {
    this.#inner = inner
  }

  get valid(): boolean {
    return this.#key !== undefined
  }

  get key(): Uint8Array {
    const key = this.#key
    if (key === undefined)
      throw new LdbError('LDB_INVALID_ARGUMENT', 'the cursor is not positioned on an entry')
    return key
  }

  get value(): Uint8Array {
    this.#restore()
    return this.#inner.value
  }

  takeKey(): Uint8Array {
    return copyBytes(this.key)
  }

  takeValue(): Uint8Array {
    this.#restore()
    return this.#inner.takeValue()
  }

  first(): boolean {
    this.#isLost = true
    return this.#complete(this.#inner.first())
  }

  last(): boolean {
    this.#isLost = true
    return this.#complete(this.#inner.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#isLost = true
    return this.#complete(this.#inner.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#isLost = true
    return this.#complete(this.#inner.seekBackward(key, keyBytes))
  }

  next(): boolean {
    if (this.#key === undefined) return this.first()
    this.#restore()
    this.#isLost = true
    return this.#complete(this.#inner.next())
  }

  previous(): boolean {
    if (this.#key === undefined) return this.last()
    this.#restore()
    this.#isLost = true
    return this.#complete(this.#inner.previous())
  }

  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    const { value } = this
    return isSkipped(value, 0, value.length) ? ~0 : 0
  }

  close(): void {
    this.#key = undefined
    this.#inner.close()
  }

  #restore(): void {
    if (!this.#isLost || this.#key === undefined) return
    this.#inner.seek(this.#key)
    this.#isLost = false
  }

  #complete(found: boolean): boolean {
    this.#key = found ? copyBytes(this.#inner.key) : undefined
    this.#isLost = false
    return found
  }
}
