import { copyBytes, LdbError } from '@ldb/base'
import type { StoreCursor } from '@ldb/base'

/**
 * A cursor of which a move that has thrown may be made again (M30). It keeps the key of its entry, so that a move that was
 * broken off half way begins anew where it had begun, whatever state it has left the cursor below in.
 */
export class RetryableCursor implements StoreCursor {
  readonly #inner: StoreCursor
  /** Key of the entry, `undefined` when it stands nowhere. */
  #key: Uint8Array | undefined = undefined
  /** A move was broken off: the cursor below stands somewhere. */
  #isLost = false

  constructor(inner: StoreCursor) {
    this.#inner = inner
  }

  get valid(): boolean {
    return this.#key !== undefined
  }

  get key(): Uint8Array {
    const key = this.#key
    if (key === undefined) throw new LdbError('LDB_INVALID_ARGUMENT', 'the cursor stands on no entry')
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
    return this.#arrive(this.#inner.first())
  }

  last(): boolean {
    this.#isLost = true
    return this.#arrive(this.#inner.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#isLost = true
    return this.#arrive(this.#inner.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#isLost = true
    return this.#arrive(this.#inner.seekBackward(key, keyBytes))
  }

  next(): boolean {
    if (this.#key === undefined) return this.first()
    this.#restore()
    this.#isLost = true
    return this.#arrive(this.#inner.next())
  }

  previous(): boolean {
    if (this.#key === undefined) return this.last()
    this.#restore()
    this.#isLost = true
    return this.#arrive(this.#inner.previous())
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

  #arrive(found: boolean): boolean {
    this.#key = found ? copyBytes(this.#inner.key) : undefined
    this.#isLost = false
    return found
  }
}
