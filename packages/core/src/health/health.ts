import { LdbError } from '@ldb/base'

/**
 * Whether a database may be read and written: open, poisoned or closed (C3, S4).
 *
 * A failed write or sync leaves the state in memory whole, so reads go on; a failed application of a commit may
 * leave a part of it there, so reads of the live state end too.
 */
export class Health {
  /** Why reads are refused; `undefined` while they are not. Every read looks here first. */
  readRefusal: LdbError | undefined = undefined
  /** Why writes are refused. */
  writeRefusal: LdbError | undefined
  /** The first failure, when there was one. */
  failure: unknown = undefined
  #closed = false
  #pause: LdbError | undefined = undefined

  constructor(readOnly: boolean) {
    this.writeRefusal = readOnly
      ? new LdbError('LDB_READ_ONLY', 'the database was opened read-only')
      : undefined
  }

  get closed(): boolean {
    return this.#closed
  }

  get poisoned(): boolean {
    return this.failure !== undefined
  }

  /** Throws unless the live state may be read. */
  assertReadable(): void {
    if (this.readRefusal !== undefined) throw fresh(this.readRefusal)
  }

  /** Throws unless commits are taken. */
  assertWritable(): void {
    if (this.writeRefusal !== undefined) throw fresh(this.writeRefusal)
  }

  /** Throws when closed. */
  assertOpen(): void {
    if (this.#closed) throw closedError()
  }

  /**
   * Ends all writes for good, because a write or sync failed; the first cause stays.
   *
   * @param readsToo - the state in memory may hold a part of a commit.
   */
  poison(cause: unknown, readsToo: boolean): void {
    if (this.#closed) return
    this.failure ??= cause
    const refusal = new LdbError(
      'LDB_POISONED',
      `a write failed before: ${messageOf(this.failure)}; open again`,
      {
        cause: this.failure,
      },
    )
    this.writeRefusal = refusal
    if (readsToo) this.readRefusal ??= refusal
  }

  /** True while `pauseWrites` holds. */
  get paused(): boolean {
    return this.#pause !== undefined
  }

  /** Refuses writes until `resumeWrites`, because a walk over the state goes on that a write would upset. */
  pauseWrites(message: string): void {
    this.#pause = new LdbError('LDB_INVALID_ARGUMENT', message)
    this.writeRefusal ??= this.#pause
  }

  /** Ends what `pauseWrites` began. */
  resumeWrites(): void {
    if (this.writeRefusal === this.#pause) this.writeRefusal = undefined
    this.#pause = undefined
  }

  close(): void {
    this.#closed = true
    this.readRefusal = closedError()
    this.writeRefusal = this.readRefusal
  }
}

/** Makes the error of a call after `close()`. */
export function closedError(): LdbError {
  return new LdbError('LDB_CLOSED', 'the database is closed')
}

/** Each throw has its own stack: the one of the call that was refused. */
function fresh(refusal: LdbError): LdbError {
  return new LdbError(refusal.code, refusal.message, 'cause' in refusal ? { cause: refusal.cause } : {})
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
