import { assertIterable, invalidArgument, isAsyncIterable, isBytes, isPromiseLike, kindOf } from '@ldb/base'
import type { PendingCall } from '../calls/pending-call.js'
import { closedError } from '../health/health.js'
import type { Health } from '../health/health.js'
import type { AbortSignalLike } from '../health/abort-signal.js'

/**
 * The bytes of a value, in parts of any length: a `ReadableStream` of bytes, a `Readable` of Node without an encoding, or any other iterable of byte
 * arrays.
 *
 * @category Async
 */
export type ValueSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Reads the source of a streamed value, which is code of the caller. */
export class ChunkSource {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>
  readonly #health: Health
  #isEnded = false

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless the source is iterable. */
  constructor(source: ValueSource, health: Health) {
    this.#health = health
    // An array of bytes is an iterable of numbers.
    if (isBytes(source)) throw invalidArgument('the source of a value must be an iterable of byte arrays')
    if (isAsyncIterable(source)) this.#iterator = source[Symbol.asyncIterator]()
    else {
      assertIterable('the source of a value', source)
      this.#iterator = source[Symbol.iterator]()
    }
  }

  /**
   * Returns the next part; `undefined` at the end.
   *
   * @throws {@link LdbError} LDB_ABORTED, LDB_CLOSED while it waits; LDB_INVALID_ARGUMENT for a part that is no byte array; and what the
   * source throws.
   */
  async next(call: PendingCall, signal: AbortSignalLike | undefined): Promise<Uint8Array | undefined> {
    const next = this.#iterator.next()
    const result = isPromiseLike(next) ? await call.outside(untilClosed(this.#health, next), signal) : next
    if (result.done === true) {
      this.#isEnded = true
      return undefined
    }
    const { value } = result
    if (!isBytes(value)) throw invalidArgument(`a part of a value must be a Uint8Array, got ${kindOf(value)}`)
    return value
  }

  /** Ends the source, unless it has ended. There is an error to report already. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    } catch {
      // As in a `for` loop that is left by an error.
    }
  }
}

/** Waits for a promise of the caller, or for the close of the database: the promise may never settle. */
export function untilClosed<T>(health: Health, work: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const removeListener = health.whenClosed(() => {
      if (health.closed) reject(closedError())
    })
    Promise.resolve(work).finally(removeListener).then(resolve, reject)
  })
}
