import { compareBytes, copyBytes, keySuccessor } from '@ldb/base'
import type { KeyBounds, StoreCursor, ValuePredicate } from '@ldb/base'
import type { ReadSet } from '../records/read-set.js'

/** Direction of the current scan; 'none' when the cursor is not positioned. */
type Direction = 'none' | 'forward' | 'backward'

/** The transaction or snapshot of a cursor. */
export interface CursorOwner {
  /** The read view was released. */
  readonly hasEnded: boolean
  /** Removes a closed cursor. */
  forget(cursor: TransactionCursor): void
}

/**
 * A cursor of a transaction or a snapshot, which closes it at its end. In a serializable transaction it adds the scanned
 * ranges to the read set (M12): each scan is a range from its start to the current key.
 *
 * A step records nothing. The far end of a scan is the current key; it is recorded when the scan ends, reverses or the
 * transaction is checked.
 */
export class TransactionCursor implements StoreCursor {
  /** A move that has thrown can be retried (M30). */
  readonly isRetryable: boolean
  readonly #inner: StoreCursor
  /** The read set; `undefined` when reads are not recorded. */
  readonly #reads: ReadSet | undefined
  readonly #bounds: KeyBounds
  /** This reference keeps the owner reachable, so that it is not reported as a leak while a cursor is in use. */
  readonly #owner: CursorOwner
  #direction: Direction = 'none'
  /** Bounds of the scanned range, without the current key. */
  #lower: Uint8Array | undefined = undefined
  #upper: Uint8Array | undefined = undefined
  #closed = false

  constructor(
    inner: StoreCursor,
    reads: ReadSet | undefined,
    bounds: KeyBounds,
    owner: CursorOwner,
    isRetryable: boolean,
  ) {
    this.isRetryable = isRetryable
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

  /** Returns a copy. The inner cursor keeps its key, which the read set still needs. */
  takeKey(): Uint8Array {
    return copyBytes(this.#inner.key)
  }

  takeValue(): Uint8Array {
    return this.#inner.takeValue()
  }

  first(): boolean {
    if (this.#reads === undefined) return this.#inner.first()
    this.recordReads()
    return this.#forward(this.#bounds.lower, this.#inner.first())
  }

  last(): boolean {
    if (this.#reads === undefined) return this.#inner.last()
    this.recordReads()
    return this.#backward(this.#bounds.upper, this.#inner.last())
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    if (this.#reads === undefined) return this.#inner.seek(key, keyBytes)
    this.recordReads()
    const { lower } = this.#bounds
    let from: Uint8Array | undefined = copyBytes(key, 0, keyBytes)
    if (lower !== undefined && compareBytes(from, lower) < 0) from = lower
    return this.#forward(from, this.#inner.seek(key, keyBytes))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    if (this.#reads === undefined) return this.#inner.seekBackward(key, keyBytes)
    this.recordReads()
    const { upper } = this.#bounds
    let from = keySuccessor(copyBytes(key, 0, keyBytes))
    if (from === undefined || (upper !== undefined && compareBytes(from, upper) > 0)) from = upper
    return this.#backward(from, this.#inner.seekBackward(key, keyBytes))
  }

  next(): boolean {
    if (this.#reads === undefined) return this.#inner.next()
    if (!this.#inner.valid) return this.first()
    if (this.#direction === 'backward') this.#reverse('forward')
    if (this.#inner.next()) return true
    this.#end(this.#lower, this.#bounds.upper)
    return false
  }

  previous(): boolean {
    if (this.#reads === undefined) return this.#inner.previous()
    if (!this.#inner.valid) return this.last()
    if (this.#direction === 'forward') this.#reverse('backward')
    if (this.#inner.previous()) return true
    this.#end(this.#bounds.lower, this.#upper)
    return false
  }

  /** Adds the range scanned so far to the read set. */
  recordReads(): void {
    if (this.#reads === undefined || this.#direction === 'none' || this.#owner.hasEnded) return
    if (!this.#inner.valid) return
    try {
      this.#include(this.#inner.key)
      this.#reads.addRange(this.#lower, this.#upper)
    } catch {
      // The key cannot be read again: the page has been evicted, and its file fails. A larger range can only add conflicts.
      this.#reads.addRange(this.#bounds.lower, this.#bounds.upper)
    }
  }

  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    const { value } = this
    return isSkipped(value, 0, value.length) ? ~0 : 0
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.recordReads()
    this.#direction = 'none'
    this.#inner.close()
    this.#owner.forget(this)
  }

  /** Begins a forward scan at a bound. */
  #forward(from: Uint8Array | undefined, found: boolean): boolean {
    if (found) {
      this.#direction = 'forward'
      this.#lower = from
      // The scanned range is empty so far: it ends where it begins, until #include adds the current key.
      this.#upper = from ?? NO_BYTES
    } else {
      this.#end(from, this.#bounds.upper)
    }
    return found
  }

  #backward(from: Uint8Array | undefined, found: boolean): boolean {
    if (found) {
      this.#direction = 'backward'
      this.#upper = from
      this.#lower = copyBytes(this.#inner.key)
    } else {
      this.#end(this.#bounds.lower, from)
    }
    return found
  }

  #reverse(direction: Direction): void {
    this.#include(this.#inner.key)
    this.#direction = direction
  }

  /** Extends the scanned range to include a key. */
  #include(key: Uint8Array): void {
    if (this.#lower !== undefined && compareBytes(key, this.#lower) < 0) this.#lower = copyBytes(key)
    if (this.#upper !== undefined && compareBytes(key, this.#upper) >= 0) this.#upper = keySuccessor(key)
  }

  /** Ends the scan and adds its range to the read set. */
  #end(lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    this.#direction = 'none'
    this.#reads?.addRange(lower, upper)
  }
}

const NO_BYTES = new Uint8Array(0)
