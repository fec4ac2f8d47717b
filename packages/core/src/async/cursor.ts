import { copyBytes, invalidArgument } from '@ldb/base'
import type { ResolvedRange } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import { CallOrder } from '../calls/call-order.js'
import type { CallChain } from '../calls/call-order.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { READ_MISS } from '../resident/read-gate.js'
import { checkEntryCount } from '../read/entry-count.js'
import type { ReadLease } from '../read/open-reads.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'
import { PlainHandle } from '../health/handle-summary.js'

/**
 * A position in a range that moves in both directions without blocking the event loop.
 *
 * @remarks Has the methods of {@link Cursor} with promises. Moves that are not awaited run in the order of the calls.
 * The cursor reads the state at the call that opened it, and pins that state until it is closed. Moves reject with
 * `LDB_CLOSED` after `close` was called, and with `LDB_ABORTED` when the signal is aborted.
 * @category Async
 */
export class AsyncCursor<K, V> extends PlainHandle implements AsyncDisposable {
  readonly #api: AsyncApi
  readonly #codec: KeyspaceCodec<K, V>
  readonly #reverse: boolean
  readonly #signal: AbortSignalLike | undefined
  readonly #calls: CallOrder
  readonly #moves: CallChain = { newest: undefined }
  readonly #pin: () => AsyncCursorPin
  #cursorPin: AsyncCursorPin | undefined = undefined
  #key: Uint8Array | undefined = undefined
  #value: Uint8Array | undefined = undefined
  /** Moves that waited for the device, or for earlier calls. */
  #missCount = 0

  /** `nextMany` has reached the end. */
  #hasEnded = false

  /**
   * @param owner - the order of the calls before which the cursor is opened.
   * @internal
   */
  constructor(
    api: AsyncApi,
    owner: CallOrder,
    source: ReadSource,
    codec: KeyspaceCodec<K, V>,
    { range, signal }: { readonly range: ResolvedRange; readonly signal: AbortSignalLike | undefined },
  ) {
    super()
    this.#api = api
    this.#codec = codec
    this.#reverse = range.reverse
    this.#signal = signal
    this.#calls = new CallOrder(api.gate, { order: owner, call: undefined })
    this.#pin = (): AsyncCursorPin => new AsyncCursorPin(source, range)
    // A call that must wait for an earlier one pins afterwards.
    if (!owner.isBlocked) this.#cursorPin = this.#pin()
  }

  /** True while the cursor is on an entry. */
  get valid(): boolean {
    this.#assertOpen()
    return this.#key !== undefined
  }

  /**
   * Key of the current entry; the caller owns it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry; LDB_CLOSED.
   */
  get key(): K {
    this.#assertOpen()
    if (this.#key === undefined) throw invalidArgument('the cursor is on no entry')
    return this.#codec.decodeKey(this.#key)
  }

  /**
   * Value of the current entry; the caller owns it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the cursor is on no entry; LDB_CLOSED.
   */
  get value(): V {
    this.#assertOpen()
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
    this.#assertOpen()
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

  /**
   * Moves to the next entries, and returns them: up to `count`, fewer at the end of the range and after a wait for the device. None are
   * returned at the end, until the cursor is moved otherwise.
   *
   * @param count - from 1 to 1,000,000.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_CLOSED; LDB_ABORTED.
   */
  async nextMany(count: number): Promise<[K, V][]> {
    checkEntryCount(count)
    const entries: [K, V][] = []
    // A move from the end is one to the first entry.
    if (this.#hasEnded && !this.valid) return entries
    this.#hasEnded = false
    const missCount = this.#missCount
    while (entries.length < count && !this.#hasEnded) {
      if (await this.next()) entries.push([this.key, this.value])
      else this.#hasEnded = true
      if (this.#missCount !== missCount) break
    }
    return entries
  }

  /** Closes the cursor after the moves that were called before, and releases its pinned state. Idempotent. */
  close(): Promise<void> {
    return this.#calls.end(() => {
      this.#cursorPin?.release()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #assertOpen(): void {
    this.#calls.assertOpen()
    this.#cursorPin?.assertOpen()
  }

  async #move(move: (cursor: RetryableCursor) => boolean): Promise<boolean> {
    this.#assertOpen()
    throwIfAborted(this.#signal)
    let moved = false
    let found = false
    const attempt = (): boolean => {
      this.#cursorPin ??= this.#pin()
      const { cursor } = this.#cursorPin
      if (cursor === undefined) return false
      if (!moved) found = move(cursor)
      moved = true
      // The value may be in overflow pages: they are loaded within the same move.
      this.#value = found ? cursor.cursor.value : undefined
      this.#key = found ? cursor.cursor.key : undefined
      return found
    }
    if (this.#calls.isIdle && this.#cursorPin !== undefined) {
      const hit = this.#api.gate.attempt(attempt)
      if (hit !== READ_MISS) return this.#api.answer(hit)
    }
    this.#missCount++
    return this.#calls.runNext(this.#moves, () =>
      this.#api.read(
        attempt,
        () => {
          this.#cursorPin?.assertOpen()
        },
        this.#signal,
      ),
    )
  }
}

/** The pinned state and the store cursor of an asynchronous cursor. */
class AsyncCursorPin {
  /** `undefined` over an empty range. */
  readonly cursor: RetryableCursor | undefined
  readonly #source: ReadSource
  readonly #pin: ReadPin
  readonly #lease: ReadLease | undefined
  #open = true

  constructor(source: ReadSource, range: ResolvedRange) {
    this.#source = source
    this.#pin = source.acquire()
    this.cursor = range.empty ? undefined : new RetryableCursor(this.#pin.openCursor(range))
    this.#lease = source.registerRead('cursor', this.#pin, this)
  }

  assertOpen(): void {
    if (!this.#open) throw closedError()
    this.#pin.assertPinned()
  }

  release(): void {
    if (!this.#open) return
    this.#open = false
    if (this.cursor !== undefined) this.#pin.closeCursor(this.cursor.cursor)
    this.#source.closeRead(this.#lease)
  }
}
