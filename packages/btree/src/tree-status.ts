import { invalidArgument, LdbError } from '@ldb/base'

/**
 * State of an open tree, which decides what calls are refused.
 *
 * - `open`: all calls work.
 * - `loading`: a bulk load reads its source, which must not use the tree: all calls are LDB_INVALID_ARGUMENT.
 * - `failed`: a write or sync of the file failed: reads work, writes are LDB_POISONED (C3).
 * - `broken`: a change failed halfway: the present state is neither the old nor the new one, so that its reads are
 *   LDB_POISONED, too. Open snapshots stay readable.
 * - `closed`: all calls are LDB_CLOSED.
 *
 * @internal
 */
export class TreeStatus {
  readonly #path: string
  #state: 'open' | 'loading' | 'failed' | 'broken' | 'closed' = 'open'
  /** Error that led to `failed` or `broken`. */
  #failure: unknown

  /** @param path - path of the file, for errors. */
  constructor(path: string) {
    this.#path = path
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** @throws {@link LdbError} LDB_POISONED, LDB_CLOSED or LDB_INVALID_ARGUMENT when the present state must not be read. */
  assertReadable(): void {
    if (this.#state === 'open' || this.#state === 'failed') return
    throw this.refusal()
  }

  /**
   * Checks that the tree may be written.
   *
   * @param writeFailure - error of an eviction that could not write a page; `undefined` when none failed.
   * @throws {@link LdbError} LDB_POISONED, LDB_CLOSED or LDB_INVALID_ARGUMENT.
   */
  assertWritable(writeFailure: unknown): void {
    if (writeFailure !== undefined) this.fail(writeFailure)
    if (this.#state !== 'open') throw this.refusal()
  }

  /** Notes that a write or sync failed: the content of the device is unknown, and no later write may depend on it. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
  }

  /** Runs a part that writes to the file; the tree is `failed` when the part throws. */
  guardWrites(part: () => void): void {
    try {
      part()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /** Runs a part that changes the present state; the tree is `broken` when the part throws. */
  guardChange<Result>(part: () => Result): Result {
    try {
      return part()
    } catch (error) {
      this.#state = 'broken'
      this.#failure = error
      throw error
    }
  }

  /** Runs a bulk load as {@link TreeStatus.guardChange} does; the tree is `loading` meanwhile. */
  guardLoad<Result>(part: () => Result): Result {
    this.#state = 'loading'
    const result = this.guardChange(part)
    this.#state = 'open'
    return result
  }

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT during a bulk load. */
  close(): void {
    if (this.#state === 'loading') throw this.refusal()
    this.#state = 'closed'
  }

  /** Returns the error of a call that the state refuses. */
  refusal(): LdbError {
    if (this.#state === 'closed') return new LdbError('LDB_CLOSED', 'the B+tree is closed')
    if (this.#state === 'loading') return invalidArgument('the source of a bulk load uses the tree')
    return new LdbError('LDB_POISONED', 'an earlier write to the B+tree failed; open it again', {
      cause: this.#failure,
      details: { file: this.#path },
    })
  }
}
