import { LdbError } from '@ldb/base'

/**
 * State of an open store, which decides what calls are refused.
 *
 * - `open`: all calls work.
 * - `failed`: a write or sync failed: reads work, writes are LDB_POISONED (C3).
 * - `broken`: a section was applied in part: reads of the present state are LDB_POISONED, too. Open snapshots stay readable.
 * - `closed`: all calls are LDB_CLOSED.
 */
export class StoreStatus {
  readonly #directory: string
  #state: 'open' | 'failed' | 'broken' | 'closed' = 'open'
  #failure: unknown = undefined

  /** @param directory - directory of the store, for errors. */
  constructor(directory: string) {
    this.#directory = directory
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  assertReadable(): void {
    if (this.#state === 'closed' || this.#state === 'broken') throw this.#refusal()
  }

  assertWritable(): void {
    if (this.#state !== 'open') throw this.#refusal()
  }

  fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
  }

  break(error: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'broken'
    this.#failure = error
  }

  close(): void {
    this.#state = 'closed'
  }

  #refusal(): LdbError {
    if (this.#state === 'closed') return new LdbError('LDB_CLOSED', 'the LSM tree is closed')
    return new LdbError('LDB_POISONED', 'an earlier write to the LSM tree failed; open it again', {
      cause: this.#failure,
      details: { file: this.#directory },
    })
  }
}
