import { invalidArgument } from '@ldb/base'
import type { ResolvedRange, StoreCursor } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { checkEntryCount } from './entry-count.js'
import type { LastEnded } from './last-ended.js'
import type { ReadLease } from './open-reads.js'
import type { ReadPin, ReadSource } from './read-source.js'
import { PlainHandle } from '../health/handle-summary.js'

/**
 * A position in a range that moves in both directions: the fast path of iteration, which allocates nothing per entry
 * but the keys and values that the caller reads.
 *
 * @remarks A cursor reads the state at the call that opened it, and pins that state until it is closed. With `reverse`,
 * every move is mirrored: `first` moves to the greatest key, `next` to the next smaller key, and `seek` to the greatest
 * key at or below its argument. A move without an entry to move to returns false and leaves the cursor on no entry;
 * then `next` moves to the first entry, and `previous` to the last.
 *
 * Every method throws `LDB_CLOSED` after the cursor, its snapshot or the database is closed, and the errors of file
 * reads: `LDB_IO`, `LDB_CORRUPTION`.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * db.batch().put('a', '1').put('c', '3').commit()
 * using cursor = db.cursor()
 * console.log(cursor.seek('b'), cursor.key, cursor.value) // true c 3
 * ```
 * @category Reading
 */
export class Cursor<K, V> extends PlainHandle implements Disposable {
  readonly #cursorPin: CursorPin
  readonly #codec: KeyspaceCodec<K, V>
  readonly #reverse: boolean

  /** `nextMany` has reached the end. */
  #hasEnded = false

  /** @internal */
  constructor(source: ReadSource, codec: KeyspaceCodec<K, V>, range: ResolvedRange, lastEnded: LastEnded) {
    super()
    this.#codec = codec
    this.#reverse = range.reverse
    this.#cursorPin = new CursorPin(source, range, this, lastEnded)
  }

  /** True while the cursor is on an entry. */
  get valid(): boolean {
    return this.#cursorPin.cursor()?.valid ?? false
  }

  /**
   * Key of the current entry, decoded at each access; the caller owns it. The `buffer` of bytes may hold more
   * than them.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry.
   */
  get key(): K {
    return this.#codec.keyAt(this.#positioned())
  }

  /**
   * Value of the current entry, decoded at each access; the caller owns it. The `buffer` of bytes may hold more
   * than them.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry.
   */
  get value(): V {
    return this.#codec.valueAt(this.#positioned())
  }

  /**
   * The state of the store that it reads; `undefined` over an empty range, and with the writes of a transaction.
   *
   * @throws {@link LdbError} as a move.
   * @internal
   */
  get view(): object | undefined {
    return this.#cursorPin.view()
  }

  /** Moves to the first entry of the range, and reports whether there is one. */
  first(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.last() : cursor.first()
  }

  /** Moves to the last entry of the range, and reports whether there is one. */
  last(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.first() : cursor.last()
  }

  /** Moves to the first entry of the range at or after `key`, and reports whether there is one. */
  seek(key: K): boolean {
    const cursor = this.#cursorPin.cursor()
    const keyBytes = this.#codec.encodeScratchKey(key)
    if (cursor === undefined) return false
    const { scratch } = this.#codec
    return this.#reverse ? cursor.seekBackward(scratch, keyBytes) : cursor.seek(scratch, keyBytes)
  }

  /** Moves to the next entry, and reports whether there is one. */
  next(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.previous() : cursor.next()
  }

  /** Moves to the previous entry, and reports whether there is one. */
  previous(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.next() : cursor.previous()
  }

  /**
   * Moves to the next entries, and returns them: up to `count`, fewer at the end of the range. The cursor is on the last one of them, or on no
   * entry at the end of the range, where further calls return none until the cursor is moved otherwise.
   *
   * @param count - from 1 to 1,000,000.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_CLOSED.
   */
  nextMany(count: number): [K, V][] {
    checkEntryCount(count)
    const entries: [K, V][] = []
    // A move from the end is one to the first entry.
    if (this.#hasEnded && !this.valid) return entries
    this.#hasEnded = false
    while (entries.length < count && !this.#hasEnded) {
      if (this.next()) entries.push([this.key, this.value])
      else this.#hasEnded = true
    }
    return entries
  }

  /** Closes the cursor, and releases its pinned state. Idempotent. */
  close(): void {
    this.#cursorPin.release()
  }

  [Symbol.dispose](): void {
    this.#cursorPin.release()
  }

  #positioned(): StoreCursor {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined || !cursor.valid) throw invalidArgument('the cursor is on no entry')
    return cursor
  }
}

/** The pinned state and the store cursor of a cursor. */
class CursorPin {
  readonly #owner: unknown
  readonly #lastEnded: LastEnded
  readonly #source: ReadSource
  readonly #pin: ReadPin
  readonly #lease: ReadLease | undefined
  /** `undefined` over an empty range. */
  readonly #cursor: StoreCursor | undefined
  #open = true

  /** @param owner - the cursor, retained at its end. */
  constructor(source: ReadSource, range: ResolvedRange, owner: unknown, lastEnded: LastEnded) {
    this.#owner = owner
    this.#lastEnded = lastEnded
    this.#source = source
    this.#pin = source.acquire()
    this.#cursor = range.empty ? undefined : this.#pin.openCursor(range)
    this.#lease = source.registerRead('cursor', this.#pin, this)
  }

  cursor(): StoreCursor | undefined {
    if (!this.#open) throw closedError()
    this.#pin.assertPinned()
    return this.#cursor
  }

  view(): object | undefined {
    const { view, hasOwnWrites } = this.#pin
    return this.cursor() === undefined || hasOwnWrites ? undefined : view
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    if (this.#cursor !== undefined) this.#pin.closeCursor(this.#cursor)
    this.#source.closeRead(this.#lease)
    this.#lastEnded.cursor = this.#owner
  }
}
