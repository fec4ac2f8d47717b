import { copyBytes, invalidArgument } from '@ldb/base'
import type { ResolvedRange } from '@ldb/base'
import type { AsyncApi } from './api.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { OpenRead } from '../read/open-reads.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'

/**
 * A position in a range that moves in both directions without blocking the event loop.
 *
 * @remarks Has the methods of {@link Cursor} with promises. Moves that are not awaited run in the order of the calls.
 * The cursor reads the state at the call that opened it, and pins that state until it is closed.
 * @category Async
 */
export class AsyncCursor<K, V> implements AsyncDisposable {
  readonly #api: AsyncApi
  readonly #codec: KeyspaceCodec<K, V>
  readonly #reverse: boolean
  readonly #cursorPin: AsyncCursorPin
  #tail: Promise<unknown> = Promise.resolve()
  #key: Uint8Array | undefined = undefined
  #value: Uint8Array | undefined = undefined

  /** @internal */
  constructor(api: AsyncApi, source: ReadSource, codec: KeyspaceCodec<K, V>, range: ResolvedRange) {
    this.#api = api
    this.#codec = codec
    this.#reverse = range.reverse
    this.#cursorPin = new AsyncCursorPin(source, range)
  }

  /** True while the cursor is on an entry. */
  get valid(): boolean {
    this.#cursorPin.assertOpen()
    return this.#key !== undefined
  }

  /**
   * Key of the current entry; the caller owns it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry; LDB_CLOSED.
   */
  get key(): K {
    this.#cursorPin.assertOpen()
    if (this.#key === undefined) throw invalidArgument('the cursor is on no entry')
    return this.#codec.decodeKey(this.#key)
  }

  /**
   * Value of the current entry; the caller owns it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry; LDB_CLOSED.
   */
  get value(): V {
    this.#cursorPin.assertOpen()
    if (this.#value === undefined) throw invalidArgument('the cursor is on no entry')
    return this.#codec.decodeValue(this.#value)
  }

  /** Moves to the first entry of the range, and reports whether there is one. */
  first(): Promise<boolean> {
    return this.#move((cursor) => (this.#reverse ? cursor.last() : cursor.first()))
  }

  /** Moves to the last entry of the range, and reports whether there is one. */
  last(): Promise<boolean> {
    return this.#move((cursor) => (this.#reverse ? cursor.first() : cursor.last()))
  }

  /** Moves to the first entry of the range at or after `key`, and reports whether there is one. */
  async seek(key: K): Promise<boolean> {
    // LDB_CLOSED has precedence over LDB_INVALID_ARGUMENT, as in the synchronous API.
    this.#cursorPin.assertOpen()
    const bytes = copyBytes(this.#codec.encodeKey(key))
    return this.#move((cursor) =>
      this.#reverse ? cursor.seekBackward(bytes, bytes.length) : cursor.seek(bytes, bytes.length),
    )
  }

  /** Moves to the next entry, and reports whether there is one. */
  next(): Promise<boolean> {
    return this.#move((cursor) => (this.#reverse ? cursor.previous() : cursor.next()))
  }

  /** Moves to the previous entry, and reports whether there is one. */
  previous(): Promise<boolean> {
    return this.#move((cursor) => (this.#reverse ? cursor.next() : cursor.previous()))
  }

  /** Closes the cursor, and releases its pinned state. Idempotent. */
  async close(): Promise<void> {
    this.#cursorPin.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cursorPin.release()
  }

  #move(move: (cursor: RetryableCursor) => boolean): Promise<boolean> {
    const moved = this.#moveAfter(this.#tail, move)
    this.#tail = moved.catch(() => undefined)
    return moved
  }

  async #moveAfter(previous: Promise<unknown>, move: (cursor: RetryableCursor) => boolean): Promise<boolean> {
    await previous
    const read = this.#cursorPin
    let moved = false
    let found = false
    const attempt = (): void => {
      const { cursor } = read
      if (cursor === undefined) return
      if (!moved) found = move(cursor)
      moved = true
      // The value may be in overflow pages: they are loaded within the same move.
      this.#value = found ? cursor.cursor.value : undefined
      this.#key = found ? cursor.cursor.key : undefined
    }
    await this.#api.read(
      attempt,
      () => {
        read.assertOpen()
      },
      undefined,
    )
    return found
  }
}

/** The pinned state and the store cursor of an asynchronous cursor. */
class AsyncCursorPin implements OpenRead {
  readonly openedAtMs: number
  readonly seq: number
  /** `undefined` over an empty range. */
  readonly cursor: RetryableCursor | undefined
  readonly #source: ReadSource
  readonly #pin: ReadPin
  #open = true

  constructor(source: ReadSource, range: ResolvedRange) {
    this.#source = source
    this.#pin = source.acquire()
    this.seq = this.#pin.view.seq
    this.cursor = range.empty ? undefined : new RetryableCursor(this.#pin.openCursor(range))
    this.openedAtMs = source.registerRead(this)
  }

  assertOpen(): void {
    if (!this.#open) throw closedError()
    this.#pin.assertPinned()
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    if (this.cursor !== undefined) this.#pin.closeCursor(this.cursor.cursor)
    this.#source.unregisterRead(this)
    this.#source.releasePin(this.#pin)
  }
}
