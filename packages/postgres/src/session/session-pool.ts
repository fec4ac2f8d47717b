import { DriverError } from '@ldb/cluster'
import { Deadline, pause } from './deadline.js'
import { driverErrorOf, unavailable } from './error-kinds.js'
import type { Host } from './hosts.js'
import { booleanOf, textOf } from './rows.js'
import { Session } from './session.js'
import type { ClientOptions } from './session.js'

/** What a pool connects to, and how. */
export interface PoolOptions {
  readonly hosts: readonly Host[]
  readonly client: ClientOptions
  readonly sessionsMax: number
  /** Time after which the server ends a session that is idle within a transaction. */
  readonly idleInTransactionMs: number
}

/** Time for one host to answer, when there are several. */
const HOST_TIMEOUT_MS = 1000
const RETRY_MS = 50

/** Statements on a new session of PostgreSQL: scans and gets go by the index, in key order, and plans are kept. */
const SETTINGS = [
  "set default_transaction_isolation to 'read committed'",
  'set enable_seqscan to off',
  'set enable_bitmapscan to off',
  'set plan_cache_mode to force_generic_plan',
  'set jit to off',
  'set bytea_output to hex',
]

interface Waiter {
  readonly resolve: (session: Session) => void
  readonly reject: (error: unknown) => void
}

/**
 * The sessions with the primary. New ones are opened as needed, on the first host that accepts writes.
 *
 * @remarks A session belongs to one caller at a time. A timeout or a refused write ends all idle ones, which may lead to a server that has failed.
 */
export class SessionPool {
  readonly #options: PoolOptions
  readonly #idle: Session[] = []
  readonly #all: Set<Session> = new Set()
  readonly #waiters: Waiter[] = []
  readonly #closing: AbortController = new AbortController()
  #openingCount = 0
  /** The host that was the primary last. */
  #hostIndex = 0
  #engine: string | undefined = undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Result of `version()` of the server, once a session was open. */
  get engine(): string {
    return this.#engine ?? ''
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Returns a session for the use of the caller alone. */
  async acquire(deadline: Deadline): Promise<Session> {
    this.assertOpen()
    for (;;) {
      const idle = this.#idle.pop()
      if (idle === undefined) break
      if (!idle.isBroken) return idle
      this.#forget(idle)
    }
    if (this.#all.size + this.#openingCount < this.#options.sessionsMax) return this.#open(deadline)
    return this.#wait(deadline)
  }

  /** Runs `use` with a session, and releases it. Rejects with a `DriverError`. */
  async run<T>(deadline: Deadline, use: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.acquire(deadline)
    try {
      const result = await deadline.within(use(session), () => {
        session.destroy()
      })
      this.release(session)
      return result
    } catch (error) {
      this.releaseAfter(session, error)
      throw driverErrorOf(error)
    }
  }

  /** Takes a session back. One that is broken is removed. */
  release(session: Session): void {
    if (session.isBroken || this.isClosed) {
      this.discard(session)
      return
    }
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#idle.push(session)
    else waiter.resolve(session)
  }

  /** Takes a session back after an error, which it outlives if the server has answered with a conflict, or found no table. */
  releaseAfter(session: Session, error: unknown): void {
    const { kind } = driverErrorOf(error)
    if (kind === 'conflict' || kind === 'keyspaceGone') this.release(session)
    else this.discard(session)
    if (kind === 'unavailable') this.invalidate()
  }

  /** Ends a session that must not be used again. */
  discard(session: Session): void {
    session.destroy()
    this.#forget(session)
    this.#serveWaiter()
  }

  /** Ends the idle sessions: their server may have failed. */
  invalidate(): void {
    for (const session of this.#idle.splice(0)) this.discard(session)
  }

  /** @throws DriverError `'closed'`. */
  assertOpen(): void {
    if (this.isClosed) throw closedError()
  }

  /** Ends all sessions, and waits until their sockets are closed. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closedError())
    const idle = new Set(this.#idle.splice(0))
    const ends = [...this.#all].map(async (session) => {
      if (!idle.has(session)) session.destroy()
      await session.end()
    })
    await Promise.all(ends)
    this.#all.clear()
  }

  /** Opens a session outside the pool's number of sessions, for the notifications. */
  async openListener(deadline: Deadline): Promise<Session> {
    const session = await this.#connect(deadline)
    this.#all.add(session)
    session.onEnd(() => this.#all.delete(session))
    return session
  }

  async #wait(deadline: Deadline): Promise<Session> {
    let waiter: Waiter | undefined
    const session = new Promise<Session>((resolve, reject) => {
      waiter = { resolve, reject }
      this.#waiters.push(waiter)
    })
    return deadline.within(session, () => {
      const index = this.#waiters.findIndex((other) => other === waiter)
      if (index >= 0) this.#waiters.splice(index, 1)
    })
  }

  /** A removed session makes room for the first waiter. */
  #serveWaiter(): void {
    const waiter = this.#waiters.shift()
    if (waiter === undefined) return
    this.#open(new Deadline(HOST_TIMEOUT_MS * 2)).then(waiter.resolve, waiter.reject)
  }

  async #open(deadline: Deadline): Promise<Session> {
    this.#openingCount++
    try {
      const session = await this.#connect(deadline)
      this.#all.add(session)
      return session
    } finally {
      this.#openingCount--
    }
  }

  #forget(session: Session): void {
    this.#all.delete(session)
  }

  /** Tries the hosts one after another until one is the primary. */
  async #connect(deadline: Deadline): Promise<Session> {
    const { hosts } = this.#options
    let failure: unknown = undefined
    for (let attempt = 0; ; attempt++) {
      const index = (this.#hostIndex + attempt) % hosts.length
      try {
        const session = await this.#connectTo(index, deadline)
        if (session !== undefined) {
          this.#hostIndex = index
          return session
        }
      } catch (error) {
        this.assertOpen()
        // The last attempt may have no time left: an earlier one says more.
        if (failure === undefined || !deadline.isOver) failure = error
        // A refused login does not become better by repetition. Another host may be asked once.
        if (attempt + 1 >= hosts.length && isRefusal(error)) throw driverErrorOf(error)
      }
      this.assertOpen()
      if (deadline.isOver) throw unavailable('no host accepted a connection that can write', failure)
      if ((attempt + 1) % hosts.length === 0) {
        await pause(Math.min(RETRY_MS, deadline.remainingMs), this.#closing.signal)
      }
    }
  }

  /** Returns a prepared session; `undefined` if the host is a standby. */
  async #connectTo(index: number, deadline: Deadline): Promise<Session | undefined> {
    const { hosts, client } = this.#options
    const host = hosts[index]
    if (host === undefined) throw unavailable('there is no host')
    const ownDeadline = new Deadline(
      hosts.length === 1 ? deadline.remainingMs : Math.min(HOST_TIMEOUT_MS, deadline.remainingMs),
    )
    const session = await Session.connect(host, client, ownDeadline.remainingMs)
    try {
      const isPrimary = await ownDeadline.within(this.#prepare(session), () => {
        session.destroy()
      })
      this.assertOpen()
      if (isPrimary) return session
    } catch (error) {
      session.destroy()
      throw error
    }
    session.destroy()
    return undefined
  }

  async #prepare(session: Session): Promise<boolean> {
    const { rows } = await session.query('select pg_is_in_recovery(), version()')
    if (booleanOf(rows[0]?.[0])) return false
    this.#engine = textOf(rows[0]?.[1])
    if (!this.#engine.startsWith('PostgreSQL')) return true
    const idle = `set idle_in_transaction_session_timeout to ${Math.ceil(this.#options.idleInTransactionMs)}`
    await session.queryAll([...SETTINGS, idle].map((text) => ({ text })))
    return true
  }
}

function isRefusal(error: unknown): boolean {
  return driverErrorOf(error).kind === 'fatal'
}

function closedError(): DriverError {
  return new DriverError('closed', 'the driver was closed')
}
