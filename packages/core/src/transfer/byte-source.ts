import { invalidArgument, isAsyncIterable, isBytes, isPromiseLike, kindOf, optionalMember } from '@ldb/base'

/** The part of a `ReadableStream` that LDB uses. @category Backup */
export interface WebReadable {
  getReader(): {
    read(): Promise<{ readonly done?: boolean | undefined; readonly value?: Uint8Array | undefined }>
    cancel(reason?: unknown): Promise<unknown>
  }
}

/**
 * The stream of a backup, in parts of any length: a `Readable` of Node without an encoding, a `ReadableStream` of bytes, any other iterable of byte
 * arrays; or all of it as one byte array.
 *
 * @category Backup
 */
export type BackupSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | WebReadable | Uint8Array

/** A failure of the source, and not of what it has returned. */
export class SourceFailure extends Error {
  readonly error: unknown

  constructor(error: unknown) {
    super('the source has failed')
    this.error = error
  }
}

/** Reports whether a value is one or several streams, and not a path. */
export function isStreamArgument(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false
  const isReadable = typeof optionalMember(source as Partial<WebReadable>, 'getReader') === 'function'
  return isReadable || isAsyncIterable(source) || isIterable(source)
}

/** Reads the stream of a backup, which is code of the caller. */
export class ByteSource {
  readonly #next: () => unknown
  readonly #end: () => unknown
  #isEnded = false

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
  constructor(source: unknown) {
    const given = isBytes(source) ? [source] : source
    if (isAsyncIterable(given) || isIterable(given)) {
      const iterator = isAsyncIterable(given) ? given[Symbol.asyncIterator]() : given[Symbol.iterator]()
      this.#next = (): unknown => iterator.next()
      this.#end = (): unknown => iterator.return?.()
      return
    }
    const getReader =
      typeof source === 'object' && source !== null
        ? optionalMember(source as Partial<WebReadable>, 'getReader')
        : undefined
    if (typeof getReader !== 'function')
      throw invalidArgument(`a backup is read from a directory or from a stream, not from ${kindOf(source)}`)
    const reader = getReader.call(source as WebReadable)
    this.#next = (): unknown => reader.read()
    this.#end = (): unknown => reader.cancel()
  }

  /**
   * Returns the next part; `undefined` at the end.
   *
   * @param wait - waits for a promise of the source.
   * @throws {@link SourceFailure}; {@link LdbError} LDB_INVALID_ARGUMENT for a part that is no byte array; and what `wait` throws.
   */
  async next(wait: <T>(promise: Promise<T>) => Promise<T>): Promise<Uint8Array | undefined> {
    const result = (await wait(this.#read())) as { readonly done?: boolean; readonly value?: unknown }
    if (result.done === true) {
      this.#isEnded = true
      return undefined
    }
    const { value } = result
    if (!isBytes(value))
      throw invalidArgument(`a part of a backup must be a Uint8Array, got ${kindOf(value)}`)
    return value
  }

  /** Ends the source, unless it has ended. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    try {
      Promise.resolve(this.#end()).catch(() => undefined)
    } catch {
      // As in a `for` loop that is left by an error.
    }
  }

  async #read(): Promise<unknown> {
    try {
      const result = this.#next()
      return isPromiseLike(result) ? await result : result
    } catch (error) {
      this.#isEnded = true
      throw new SourceFailure(error)
    }
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function'
  )
}
