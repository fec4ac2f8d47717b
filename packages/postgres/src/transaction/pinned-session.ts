import { clearTimeout, setTimeout } from 'node:timers'
import { DriverError } from '@ldb/cluster'
import { ignoreRejection } from '@ldb/base'
import type { Deadline } from '../session/deadline.js'
import { driverErrorOf } from '../session/error-kinds.js'
import type { Answer, Statement } from '../session/exchange.js'
import type { SessionPool } from '../session/session-pool.js'
import type { Session } from '../session/session.js'

/** How a transaction of PostgreSQL begins. */
export type Level = 'serializable' | 'serializable read only' | 'repeatable read read only'

/**
 * A session for one transaction: acquired and begun by its first statements, in one round trip with them, and released at the end.
 *
 * @remarks A transaction that gets older than `ageMsMax` is rolled back: it holds the vacuum of the whole server back.
 */
export class PinnedSession {
  readonly #pool: SessionPool
  readonly #begin: string
  readonly #ageMsMax: number
  #session: Promise<Session> | undefined = undefined
  #hasBegun = false
  #isReleased = false
  #isTooOld = false
  #ageTimer: NodeJS.Timeout | undefined = undefined

  constructor(pool: SessionPool, level: Level, ageMsMax: number) {
    this.#pool = pool
    this.#begin = `begin isolation level ${level}`
    this.#ageMsMax = ageMsMax
  }

  /** Reads within the transaction. */
  async read(statements: readonly Statement[], deadline: Deadline): Promise<Answer[]> {
    const session = await this.acquire(deadline)
    // An abort may have released the session meanwhile.
    this.#assertActive()
    try {
      return await deadline
        .within(session.exchange(this.withBegin(statements)), () => {
          this.abandon(session)
        })
        .then((answers) => answers.slice(answers.length - statements.length))
    } catch (error) {
      throw this.#isTooOld ? this.#tooOld(error) : driverErrorOf(error)
    }
  }

  /** Returns the session of the transaction. */
  async acquire(deadline: Deadline): Promise<Session> {
    if (this.#isTooOld) throw this.#tooOld()
    this.#session ??= this.#pool.acquire(deadline)
    let session: Session
    try {
      session = await this.#session
    } catch (error) {
      throw driverErrorOf(error)
    }
    this.#assertActive()
    return session
  }

  #assertActive(): void {
    if (this.#isReleased) throw new DriverError('unavailable', 'the session of the transaction was ended')
  }

  /** Returns statements with the one in front that begins the transaction, unless it has begun. */
  withBegin(statements: readonly Statement[]): Statement[] {
    if (this.#hasBegun) return [...statements]
    this.#hasBegun = true
    if (Number.isFinite(this.#ageMsMax))
      this.#ageTimer = setTimeout(() => void this.#expire(), this.#ageMsMax)
    return [{ text: this.#begin, values: [] }, ...statements]
  }

  /** Commits what was read. */
  async commit(deadline: Deadline): Promise<void> {
    if (!this.#hasBegun) return this.rollback(deadline)
    const session = await this.acquire(deadline)
    try {
      const { command } = await deadline.within(session.query('commit'), () => {
        this.abandon(session)
      })
      if (command !== 'COMMIT') throw new DriverError('conflict', 'the transaction was rolled back')
      this.release(session)
    } catch (error) {
      this.releaseAfter(session, error)
      throw driverErrorOf(error)
    }
  }

  /** Rolls back and releases the session. Never rejects. */
  async rollback(deadline: Deadline): Promise<void> {
    if (this.#session === undefined || this.#isReleased) return
    const acquired = this.#session
    ignoreRejection(acquired)
    try {
      const session = await acquired
      if (this.#isReleased) return
      this.#isReleased = true
      clearTimeout(this.#ageTimer)
      if (this.#hasBegun) {
        await deadline.within(session.query('rollback'), () => {
          session.destroy()
        })
      }
      this.#pool.release(session)
    } catch {
      // A session that was not acquired, or is broken.
      const session = await acquired.catch(() => undefined)
      if (session !== undefined) this.#pool.discard(session)
    }
  }

  /** Releases the session, whose transaction has ended. */
  release(session: Session): void {
    if (this.#isReleased) return
    this.#isReleased = true
    clearTimeout(this.#ageTimer)
    this.#pool.release(session)
  }

  /** Releases the session after `error`, by which its transaction has ended, or ends it. */
  releaseAfter(session: Session, error: unknown): void {
    if (this.#isReleased) return
    this.#isReleased = true
    clearTimeout(this.#ageTimer)
    this.#pool.releaseAfter(session, error)
  }

  /** Ends the session. */
  discard(session: Session): void {
    if (this.#isReleased) return
    this.#isReleased = true
    clearTimeout(this.#ageTimer)
    this.#pool.discard(session)
  }

  /** Ends the session and all idle ones: their server may have failed. */
  abandon(session: Session): void {
    this.discard(session)
    this.#pool.invalidate()
  }

  async #expire(): Promise<void> {
    this.#isTooOld = true
    const session = await this.#session?.catch(() => undefined)
    if (session !== undefined) this.discard(session)
  }

  #tooOld(cause?: unknown): DriverError {
    const message = `the snapshot is older than ${this.#ageMsMax} ms`
    return new DriverError('snapshotTooOld', message, cause === undefined ? {} : { cause })
  }
}
