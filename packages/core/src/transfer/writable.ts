import { invalidArgument, kindOf, LdbError, optionalMember } from '@ldb/base'

/** The part of a `Writable` of Node that LDB uses. @category Backup */
export interface NodeWritable {
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
  on(event: string, listener: (error?: unknown) => void): unknown
  removeListener(event: string, listener: (error?: unknown) => void): unknown
}

/** The part of a `WritableStream` that LDB uses. @category Backup */
export interface WebWritable {
  getWriter(): {
    readonly ready: Promise<unknown>
    write(chunk: Uint8Array): Promise<unknown>
    close(): Promise<unknown>
    abort(reason?: unknown): Promise<unknown>
  }
}

/** What a backup is written to: a `Writable` of Node, or a `WritableStream` of bytes. @category Backup */
export type BackupWritable = NodeWritable | WebWritable

/** Writes bytes to a stream of the caller, and waits where it says so. */
export interface ByteWriter {
  /** Writes bytes, which stay as they are. Resolves when more may follow. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the stream. Resolves when it has taken everything. */
  end(): Promise<void>
  /** Destroys the stream: what was written is no backup. */
  abort(error: unknown): void
}

/** A failure of the stream of the caller, and not of the database. */
export class WritableFailure extends Error {
  readonly error: unknown

  constructor(error: unknown) {
    super('the stream has failed')
    this.error = error
  }
}

/**
 * Returns the writer of a stream.
 *
 * @param wait - waits for a promise of the stream.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function writerOf(target: unknown, wait: <T>(promise: Promise<T>) => Promise<T>): ByteWriter {
  if (typeof target === 'object' && target !== null) {
    const methods = target as Partial<WebWritable & NodeWritable>
    if (isMethod(methods, 'getWriter')) return new WebWriter(target as WebWritable, wait)
    if (isMethod(methods, 'write') && isMethod(methods, 'end') && isMethod(methods, 'on'))
      return new NodeWriter(target as NodeWritable, wait)
  }
  throw invalidArgument(`a backup is written to a Writable or a WritableStream, not ${kindOf(target)}`)
}

function isMethod(target: object, name: string): boolean {
  return typeof optionalMember(target as Record<string, unknown>, name) === 'function'
}

class NodeWriter implements ByteWriter {
  readonly #target: NodeWritable
  readonly #wait: <T>(promise: Promise<T>) => Promise<T>
  #failure: WritableFailure | undefined = undefined
  #hasFinished = false
  /** Called at each event. */
  #wake: (() => void) | undefined = undefined
  #isDrained = true

  constructor(target: NodeWritable, wait: <T>(promise: Promise<T>) => Promise<T>) {
    this.#target = target
    this.#wait = wait
    target.on('error', this.#onError)
    target.on('close', this.#onClose)
    target.on('drain', this.#onDrain)
    target.on('finish', this.#onFinish)
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#assertWhole()
    if (!this.#attempt(() => this.#target.write(bytes))) {
      this.#isDrained = false
      await this.#until(() => this.#isDrained)
    }
  }

  async end(): Promise<void> {
    this.#assertWhole()
    this.#attempt(() => this.#target.end())
    await this.#until(() => this.#hasFinished)
    this.#removeListeners()
  }

  abort(error: unknown): void {
    this.#target.removeListener('close', this.#onClose)
    this.#target.removeListener('drain', this.#onDrain)
    this.#target.removeListener('finish', this.#onFinish)
    // The stream may report the error that it is destroyed with: without a listener, that ends the process.
    try {
      this.#target.destroy(error instanceof Error ? error : undefined)
    } catch {
      // There is an error to report already.
    }
  }

  readonly #onError = (error: unknown): void => {
    this.#failure ??= new WritableFailure(error)
    this.#wake?.()
  }

  readonly #onClose = (): void => {
    if (!this.#hasFinished) this.#onError(new LdbError('LDB_IO', 'the stream was closed before its end'))
  }

  readonly #onDrain = (): void => {
    this.#isDrained = true
    this.#wake?.()
  }

  readonly #onFinish = (): void => {
    this.#hasFinished = true
    this.#wake?.()
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      this.#assertWhole()
      await this.#wait(
        new Promise<void>((resolve) => {
          this.#wake = resolve
        }),
      )
    }
  }

  #attempt<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw new WritableFailure(error)
    }
  }

  #assertWhole(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #removeListeners(): void {
    this.#target.removeListener('error', this.#onError)
    this.#target.removeListener('close', this.#onClose)
    this.#target.removeListener('drain', this.#onDrain)
    this.#target.removeListener('finish', this.#onFinish)
  }
}

class WebWriter implements ByteWriter {
  readonly #writer: ReturnType<WebWritable['getWriter']>
  readonly #wait: <T>(promise: Promise<T>) => Promise<T>

  constructor(target: WebWritable, wait: <T>(promise: Promise<T>) => Promise<T>) {
    try {
      this.#writer = target.getWriter()
    } catch (error) {
      throw new WritableFailure(error)
    }
    this.#wait = wait
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The failure of a write is that of the next `ready`, or of `close`.
    await this.#wait(this.#asFailure(() => this.#writer.ready))
    this.#asFailure(() => this.#writer.write(bytes)).catch(() => undefined)
    await this.#wait(this.#asFailure(() => this.#writer.ready))
  }

  async end(): Promise<void> {
    await this.#wait(this.#asFailure(() => this.#writer.close()))
  }

  abort(error: unknown): void {
    this.#asFailure(() => this.#writer.abort(error)).catch(() => undefined)
  }

  async #asFailure(run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
    } catch (error) {
      throw new WritableFailure(error)
    }
  }
}
