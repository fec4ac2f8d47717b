import { LdbError } from '@ldb/base'
import type { EventHub } from './events.js'

/**
 * State of a database: open, poisoned or closed (C3, S4). It decides whether reads and writes are accepted.
 *
 * A failed write or sync leaves the state in memory consistent, so reads continue. A failed application of a commit may
 * leave a part of it in memory, so reads of the live state are refused too.
 */
export class Health {
  /** The error for reads; `undefined` while they are accepted. Every read checks it first. */
  readRefusal: LdbError | undefined = undefined
  /** The error for writes; `undefined` while they are accepted. */
  writeRefusal: LdbError | undefined
  /** The first failure, if there was one. */
  failure: unknown = undefined
  #closed = false
  #pause: LdbError | undefined = undefined
  readonly #closeListeners: Set<() => void> = new Set()

  readonly #events: EventHub

  constructor(readOnly: boolean, events: EventHub) {
    this.#events = events
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

  /** @throws {@link LdbError} LDB_POISONED, LDB_CLOSED when the live state must not be read. */
  assertReadable(): void {
    if (this.readRefusal !== undefined) throw copyOf(this.readRefusal)
  }

  /** @throws {@link LdbError} LDB_POISONED, LDB_READ_ONLY, LDB_CLOSED when commits are refused. */
  assertWritable(): void {
    if (this.writeRefusal !== undefined) throw copyOf(this.writeRefusal)
  }

  /** @throws {@link LdbError} LDB_CLOSED. */
  assertOpen(): void {
    if (this.#closed) throw closedError()
  }

  /**
   * Poisons the database after a failed write, sync or application, and emits an `error` event. Later failures keep the first cause.
   *
   * @param readsToo - refuse reads too: the state in memory may contain a part of a commit.
   */
  fail(cause: unknown, readsToo: boolean): void {
    if (!this.#closed) this.#poison(cause, readsToo)
    this.#events.emit('error', { error: cause })
  }

  #poison(cause: unknown, readsToo: boolean): void {
    this.failure ??= cause
    const refusal = new LdbError(
      'LDB_POISONED',
      `an earlier write failed: ${messageOf(this.failure)}; reopen the database`,
      {
        cause: this.failure,
      },
    )
    this.writeRefusal = refusal
    if (readsToo) this.readRefusal ??= refusal
  }

  /** True between `pauseWrites` and `resumeWrites`. */
  get paused(): boolean {
    return this.#pause !== undefined
  }

  /** Refuses writes until `resumeWrites`, during a walk over the state that must not change. */
  pauseWrites(message: string): void {
    this.#pause = new LdbError('LDB_INVALID_ARGUMENT', message)
    this.writeRefusal ??= this.#pause
  }

  /** Accepts writes again after `pauseWrites`. */
  resumeWrites(): void {
    if (this.writeRefusal === this.#pause) this.writeRefusal = undefined
    this.#pause = undefined
  }

  /** Refuses reads and writes from now on. */
  close(): void {
    this.#closed = true
    this.readRefusal = closedError()
    this.writeRefusal = this.readRefusal
    this.announceClose()
    this.#closeListeners.clear()
  }

  /** Calls the listeners of `whenClosed`: the close of the database waits for no more calls. */
  announceClose(): void {
    for (const listener of [...this.#closeListeners]) listener()
  }

  /**
   * Calls back when the close of the database waits for no more calls, and when the database is closed, through either API.
   * Returns a function that removes the listener.
   */
  whenClosed(listener: () => void): () => void {
    this.#closeListeners.add(listener)
    return () => {
      this.#closeListeners.delete(listener)
    }
  }
}

/** Returns the error of a call after `close()`. */
export function closedError(): LdbError {
  return new LdbError('LDB_CLOSED', 'the database is closed')
}

/** Returns a copy of an error, with the stack of the refused call. */
function copyOf(refusal: LdbError): LdbError {
  return new LdbError(
    refusal.code,
    refusal.message,
    Object.hasOwn(refusal, 'cause') ? { cause: refusal.cause } : {},
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
