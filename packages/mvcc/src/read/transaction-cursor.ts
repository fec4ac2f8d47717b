import { compareBytes, copyBytes, keySuccessor } from '@ldb/base'
import type { KeyBounds, StoreCursor } from '@ldb/base'
import type { ReadSet } from '../records/read-set.js'

/** Which end of the walk is where the cursor stands. */
type Heading = 'nowhere' | 'forward' | 'backward'

/** What holds the view that cursors read. */
export interface CursorOwner {
  /** The view has been given back. */
  readonly hasEnded: boolean
  /** Takes a closed cursor off the list. */
  forget(cursor: TransactionCursor): void
}

/**
 * A cursor of a transaction or a snapshot, which closes it at its end. Where that counts, it notes what it has
 * looked at (M12): walks, each from where it was sent to where it came.
 *
 * A step notes nothing: the far end of a walk is the key on which the cursor stands, and is read when the walk
 * ends, turns, or the transaction is checked.
 */
export class TransactionCursor implements StoreCursor {
  /** A move that has thrown may be made again (M30). */
  readonly isSteady: boolean
  readonly #inner: StoreCursor
  /** `undefined` where nothing is noted. */
  readonly #reads: ReadSet | undefined
  readonly #bounds: KeyBounds
  /** Kept alive by its cursors, so that it is not found abandoned while one is read. */
  readonly #owner: CursorOwner
  #heading: Heading = 'nowhere'
  /** What the walk has covered, without the key on which the cursor stands. */
  #lower: Uint8Array | undefined = undefined
  #upper: Uint8Array | undefined = undefined
  #closed = false

  constructor(
    inner: StoreCursor,
    reads: ReadSet | undefined,
    bounds: KeyBounds,
    owner: CursorOwner,
    isSteady: boolean,
  ) {
    this.isSteady = isSteady
    this.#inner = inner
    this.#reads = reads
    this.#bounds = bounds
    this.#owner = owner
  }

  get valid(): boolean {
    return this.#inner.valid
  }

  get key(): Uint8Array {
    return this.#inner.key
  }

  get value(): Uint8Array {
    return this.#inner.value
  }

  /** A copy: what is noted as looked at is read from the key that the cursor stands on. */
  takeKey(): Uint8Array {
    return copyBytes(this.#inner.key)
  }

  takeValue(): Uint8Array {
    return this.#inner.takeValue()
  }

  first(): boolean {
    if (this.#reads === undefined) return this.#inner.first()
    this.note()
    return this.#forward(this.#bounds.lower, this.#inner.first())
  }

  last(): boolean {
    if (this.#reads === undefined) return this.#inner.last()
    this.note()
    return this.#backward(this.#bounds.upper, this.#inner.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    if (this.#reads === undefined) return this.#inner.seek(key, keyBytes)
    this.note()
    const { lower } = this.#bounds
    let from: Uint8Array | undefined = copyBytes(key, 0, keyBytes)
    if (lower !== undefined && compareBytes(from, lower) < 0) from = lower
    return this.#forward(from, this.#inner.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    if (this.#reads === undefined) return this.#inner.seekBackward(key, keyBytes)
    this.note()
    const { upper } = this.#bounds
    let from = keySuccessor(copyBytes(key, 0, keyBytes))
    if (from === undefined || (upper !== undefined && compareBytes(from, upper) > 0)) from = upper
    return this.#backward(from, this.#inner.seekBackward(key, keyBytes))
  }

  next(): boolean {
    if (this.#reads === undefined) return this.#inner.next()
    if (!this.#inner.valid) return this.first()
    if (this.#heading === 'backward') this.#turn('forward')
    if (this.#inner.next()) return true
    this.#end(this.#lower, this.#bounds.upper)
    return false
  }

  previous(): boolean {
    if (this.#reads === undefined) return this.#inner.previous()
    if (!this.#inner.valid) return this.last()
    if (this.#heading === 'forward') this.#turn('backward')
    if (this.#inner.previous()) return true
    this.#end(this.#bounds.lower, this.#upper)
    return false
  }

  /** Notes what has been looked at until now. */
  note(): void {
    if (this.#reads === undefined || this.#heading === 'nowhere' || this.#owner.hasEnded) return
    if (!this.#inner.valid) return
    this.#include(this.#inner.key)
    this.#reads.addRange(this.#lower, this.#upper)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.note()
    this.#heading = 'nowhere'
    this.#inner.close()
    this.#owner.forget(this)
  }

  /** Begins a walk that was sent forward from a bound. */
  #forward(from: Uint8Array | undefined, found: boolean): boolean {
    if (found) {
      this.#heading = 'forward'
      this.#lower = from
      // Nothing below the present key but what lies from the bound on.
      this.#upper = from ?? NO_BYTES
    } else {
      this.#end(from, this.#bounds.upper)
    }
    return found
  }

  #backward(from: Uint8Array | undefined, found: boolean): boolean {
    if (found) {
      this.#heading = 'backward'
      this.#upper = from
      this.#lower = copyBytes(this.#inner.key)
    } else {
      this.#end(this.#bounds.lower, from)
    }
    return found
  }

  #turn(heading: Heading): void {
    this.#include(this.#inner.key)
    this.#heading = heading
  }

  /** Takes the key on which the cursor stands into what is covered. */
  #include(key: Uint8Array): void {
    if (this.#lower !== undefined && compareBytes(key, this.#lower) < 0) this.#lower = copyBytes(key)
    if (this.#upper !== undefined && compareBytes(key, this.#upper) >= 0) this.#upper = keySuccessor(key)
  }

  #end(lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    this.#heading = 'nowhere'
    this.#reads?.addRange(lower, upper)
  }
}

const NO_BYTES = new Uint8Array(0)
