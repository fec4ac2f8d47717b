import { LdbError, throwIfAborted, untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { CallOptions } from '../driver/call-options.js'
import type { ClusterDriver, DriverLimits } from '../driver/driver.js'
import { isDriverError } from '../driver/driver-error.js'
import type { Environment } from '../host/environment.js'
import { ExpiredKeys } from './expired-keys.js'
import type { RemoveExpired } from './expired-keys.js'
import { isTransient, ldbErrorOf } from './ldb-error-of.js'
import { PinBarrier } from './pin-barrier.js'

/** Greatest pause between two attempts, in milliseconds. */
const PAUSE_MS_MAX = 64

/** Times of the calls of a database, in milliseconds. */
export interface CallTimes {
  /** Of one call to the engine. */
  readonly timeoutMs: number
  /** Of one operation with all its attempts. */
  readonly deadlineMs: number
}

/** Something that is open until the database closes: a transaction, a snapshot, a scan, a change stream. */
export interface OpenHandle {
  /** Ends it; its later calls are `LDB_CLOSED`. Never rejects. */
  end(): Promise<void>
}

/** What a session is made of. */
export interface SessionParts {
  readonly driver: ClusterDriver
  readonly limits: DriverLimits
  readonly times: CallTimes
  readonly environment: Environment
}

/** The parts that all handles of one open database share. The only place where calls are made again. */
export class Session {
  readonly driver: ClusterDriver
  readonly limits: DriverLimits
  readonly times: CallTimes
  readonly environment: Environment
  readonly sweeper: ExpiredKeys
  readonly pins: PinBarrier = new PinBarrier()
  readonly handles: Set<OpenHandle> = new Set()
  readonly #pending: Set<Promise<unknown>> = new Set()
  isClosing = false

  constructor(parts: SessionParts, removeExpired: (session: Session) => RemoveExpired) {
    this.driver = parts.driver
    this.limits = parts.limits
    this.times = parts.times
    this.environment = parts.environment
    this.sweeper = new ExpiredKeys(parts.environment, removeExpired(this))
  }

  /** @throws {@link LdbError} LDB_CLOSED. */
  assertOpen(): void {
    if (this.isClosing) throw new LdbError('LDB_CLOSED', 'the database is closed')
  }

  /** Returns the time at which an operation that begins now fails. */
  deadline(): number {
    return this.environment.elapsed() + this.times.deadlineMs
  }

  /** Returns the options of a call to the engine that may last until a deadline. */
  callOptions(deadline: number): CallOptions {
    const left = Math.max(1, Math.ceil(deadline - this.environment.elapsed()))
    return { timeoutMs: Math.min(this.times.timeoutMs, left) }
  }

  /** Returns the error of the API for one of the driver. */
  errorOf(error: unknown): unknown {
    return ldbErrorOf(error, this.driver.engine)
  }

  /** Counts an operation: `close` waits for it. */
  track<T>(operation: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = operation.then(
      () => this.#pending.delete(settled),
      () => this.#pending.delete(settled),
    )
    this.#pending.add(settled)
    return operation
  }

  /** Resolves when the operations that were called before have settled. */
  async drained(): Promise<void> {
    await Promise.all(this.#pending)
  }

  /**
   * Makes a call that may be repeated, again after a transient failure, until the deadline.
   *
   * @throws {@link LdbError} LDB_ABORTED, and what the call rejects with.
   */
  async repeat<T>(
    call: (options: CallOptions) => Promise<T>,
    signal: AbortSignalLike | undefined,
    deadline: number = this.deadline(),
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal)
      try {
        return await untilAborted(call(this.callOptions(deadline)), signal)
      } catch (error) {
        if (!isTransient(error) || !(await this.pause(attempt, deadline))) throw this.errorOf(error)
      }
    }
  }

  /**
   * Runs attempts, each from fresh reads, until one resolves, or rejects with an error that is not transient.
   *
   * @param retries - greatest number of further attempts.
   * @throws {@link LdbError} LDB_ABORTED before an attempt; what the last attempt rejects with.
   */
  async attempts<T>(
    attempt: (number: number) => Promise<T>,
    signal: AbortSignalLike | undefined,
    deadline: number,
    retries: number = Infinity,
  ): Promise<T> {
    for (let number = 1; ; number++) {
      throwIfAborted(signal)
      try {
        return await attempt(number)
      } catch (error) {
        const mayRepeat = (isTransient(error) || isDriverError(error, 'snapshotTooOld')) && number <= retries
        if (!mayRepeat || !(await this.pause(number, deadline))) throw this.errorOf(error)
      }
    }
  }

  /** Waits a random time before the next attempt, and returns false when the deadline has passed: full jitter, which spreads rivals best. */
  async pause(attempt: number, deadline: number): Promise<boolean> {
    const { environment } = this
    const pauseMs = environment.random() * Math.min(2 ** attempt, PAUSE_MS_MAX)
    if (environment.elapsed() + pauseMs >= deadline) return false
    await environment.sleep(pauseMs)
    return true
  }
}
