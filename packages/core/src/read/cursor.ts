import { invalidArgument } from '@ldb/base'
import type { ResolvedRange, StoreCursor } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { OpenRead } from './open-reads.js'
import type { ReadPin, ReadSource } from './read-source.js'

/**
 * A place in a range that moves both ways: the fast path, which makes nothing per entry but what is asked for.
 *
 * @remarks Frozen at the call that made it; it holds a snapshot until it is closed. With `reverse`, everything is
 * mirrored: `first` is the greatest key, `next` goes down, `seek` finds the greatest key that is not above. Each move
 * tells whether there is an entry; when there is none, the cursor stands nowhere, and `next` then goes to the first
 * entry, `previous` to the last.
 *
 * Every method throws `LDB_CLOSED` after `close()` of the cursor, of its snapshot or of the database, and the errors of
 * reading files: `LDB_IO`, `LDB_CORRUPTION`.
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
export class Cursor<K, V> implements Disposable {
  readonly #cursorPin: CursorPin
  readonly #codec: KeyspaceCodec<K, V>
  readonly #reverse: boolean

  /** @internal */
  constructor(source: ReadSource, codec: KeyspaceCodec<K, V>, range: ResolvedRange) {
    this.#codec = codec
    this.#reverse = range.reverse
    this.#cursorPin = new CursorPin(source, range)
  }

  /** True while the cursor stands on an entry. */
  get valid(): boolean {
    return this.#cursorPin.cursor()?.valid ?? false
  }

  /**
   * Key of the entry; the caller's own.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor stands nowhere.
   */
  get key(): K {
    return this.#codec.keyAt(this.#positioned())
  }

  /**
   * Value of the entry; the caller's own.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor stands nowhere.
   */
  get value(): V {
    return this.#codec.valueAt(this.#positioned())
  }

  /** Moves to the first entry of the range. */
  first(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.last() : cursor.first()
  }

  /** Moves to the last entry of the range. */
  last(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.first() : cursor.last()
  }

  /** Moves to the first entry of the range that is not before `key`. */
  seek(key: K): boolean {
    const cursor = this.#cursorPin.cursor()
    const keyBytes = this.#codec.encodeScratchKey(key)
    if (cursor === undefined) return false
    const { scratch } = this.#codec
    return this.#reverse ? cursor.seekBackward(scratch, keyBytes) : cursor.seek(scratch, keyBytes)
  }

  /** Moves on by one. */
  next(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.previous() : cursor.next()
  }

  /** Moves back by one. */
  previous(): boolean {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined) return false
    return this.#reverse ? cursor.next() : cursor.previous()
  }

  /** Gives the snapshot back. Idempotent. */
  close(): void {
    this.#cursorPin.release()
  }

  [Symbol.dispose](): void {
    this.#cursorPin.release()
  }

  #positioned(): StoreCursor {
    const cursor = this.#cursorPin.cursor()
    if (cursor === undefined || !cursor.valid) throw invalidArgument('the cursor stands on no entry')
    return cursor
  }
}

/** What a cursor holds. */
class CursorPin implements OpenRead {
  readonly openedAtMs: number
  readonly seq: number
  readonly #source: ReadSource
  readonly #pin: ReadPin
  /** `undefined` over a range in which nothing can be. */
  readonly #cursor: StoreCursor | undefined
  #open = true

  constructor(source: ReadSource, range: ResolvedRange) {
    this.#source = source
    this.#pin = source.acquire()
    this.seq = this.#pin.view.seq
    this.#cursor = range.empty ? undefined : this.#pin.openCursor(range)
    this.openedAtMs = source.registerRead(this)
  }

  cursor(): StoreCursor | undefined {
    if (!this.#open) throw closedError()
    this.#pin.assertHeld()
    return this.#cursor
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    if (this.#cursor !== undefined) this.#pin.closeCursor(this.#cursor)
    this.#source.unregisterRead(this)
    this.#source.releasePin(this.#pin)
  }
}
