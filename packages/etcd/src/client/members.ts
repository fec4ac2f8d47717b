import type { OutgoingHttpHeaders } from 'node:http2'
import { setTimeout } from 'node:timers'
import { decodeTokenMessage, encodeAuthenticate } from '../messages/authentication.js'
import type { Credentials } from '../messages/authentication.js'
import { Connection } from './connection.js'
import type { MessageStream, StreamReceiver, TlsFiles } from './connection.js'
import { frameMessage } from './message-frames.js'
import { EtcdCallError, isDistrust, isMemberFailure, RpcStatus } from './rpc-error.js'
import { monotonicMs } from './monotonic-ms.js'

const AUTHENTICATE = '/etcdserverpb.Auth/Authenticate'
/** Pause after all members have failed, in milliseconds: doubled after each round up to the second value. */
const PAUSE_MS_MIN = 5
const PAUSE_MS_MAX = 200

/** How a call is repeated. */
export interface RepeatedCall {
  readonly path: string
  readonly frame: Uint8Array
  /** Time for all attempts, in milliseconds. */
  readonly timeoutMs: number
  /** A member that fails is followed by another one even if it may have received the request. */
  readonly isRepeatable: boolean
}

/** The members of a cluster, of which one is used at a time. */
export class Members {
  readonly #connections: readonly Connection[]
  readonly #credentials: Credentials | undefined
  readonly #attemptTimeoutMs: number
  #currentIndex: number
  #token: Promise<string> | undefined = undefined
  #isClosed = false

  constructor(
    endpoints: readonly string[],
    tls: TlsFiles | undefined,
    credentials: Credentials | undefined,
    attemptTimeoutMs: number,
  ) {
    this.#connections = endpoints.map((endpoint) => new Connection(endpoint, tls))
    this.#credentials = credentials
    this.#attemptTimeoutMs = attemptTimeoutMs
    // Clients spread over the members.
    this.#currentIndex = Math.floor(Math.random() * endpoints.length)
  }

  /** Address of the member in use. */
  get origin(): string {
    return this.#current.origin
  }

  /**
   * Makes a call, and repeats it where that is safe.
   *
   * @throws EtcdCallError the last one; `wasSent` is true if any attempt may have arrived.
   */
  async call(request: RepeatedCall): Promise<Uint8Array> {
    const endMs = monotonicMs() + request.timeoutMs
    let pauseMs = PAUSE_MS_MIN
    let isTokenNew = false
    let distrustCount = 0
    for (let failureCount = 0; ;) {
      this.#assertOpen()
      const connection = this.#current
      const token = this.#token
      try {
        return await this.#attempt(connection, request, endMs - monotonicMs())
      } catch (error) {
        if (!(error instanceof EtcdCallError)) throw error
        if (isDistrust(error) && ++distrustCount < this.#connections.length) {
          this.leave(connection)
          continue
        }
        if (isTokenRefusal(error) && !isTokenNew && this.#credentials !== undefined) {
          // The member has forgotten the token. It has done nothing.
          isTokenNew = true
          if (this.#token === token) this.#token = undefined
          continue
        }
        if (!isMemberFailure(error)) throw error
        this.leave(connection)
        if (error.wasSent && !request.isRepeatable) throw error
        if (++failureCount % this.#connections.length === 0) {
          await sleep(Math.min(pauseMs, endMs - monotonicMs()))
          pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)
        }
        if (monotonicMs() >= endMs) throw error
      }
    }
  }

  /** Makes one call to the member at `index`. */
  callAt(index: number, path: string, frame: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    this.#assertOpen()
    const connection = this.#connections[index]
    if (connection === undefined) throw new RangeError(`there is no endpoint ${index}`)
    return this.#attempt(connection, { path, frame, timeoutMs, isRepeatable: false }, timeoutMs)
  }

  /** Opens a stream to the member in use. */
  async stream(
    path: string,
    receiver: StreamReceiver,
  ): Promise<{ stream: MessageStream; leave: () => void }> {
    this.#assertOpen()
    const connection = this.#current
    // A member without a leader ends the stream, instead of sending nothing.
    const headers = { ...(await this.#authorization(this.#attemptTimeoutMs)), hasleader: 'true' }
    this.#assertOpen()
    return {
      stream: connection.stream(path, headers, receiver),
      leave: () => {
        this.leave(connection)
      },
    }
  }

  /** Uses another member from now on, if `connection` is still the one in use. */
  leave(connection: Connection): void {
    if (connection === this.#current) this.#currentIndex = (this.#currentIndex + 1) % this.#connections.length
  }

  /** Logs in again before the next call. */
  forgetToken(): void {
    this.#token = undefined
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections) connection.close()
  }

  get #current(): Connection {
    return this.#connections[this.#currentIndex] as Connection
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new EtcdCallError(RpcStatus.CANCELED, 'the client is closed', false)
  }

  async #attempt(connection: Connection, request: RepeatedCall, restMs: number): Promise<Uint8Array> {
    const timeoutMs = Math.max(1, Math.min(restMs, this.#attemptTimeoutMs))
    if (this.#credentials === undefined) return connection.call(request.path, request.frame, timeoutMs, {})
    return connection.call(request.path, request.frame, timeoutMs, await this.#authorization(timeoutMs))
  }

  /** Returns the headers with the token of the user. */
  async #authorization(timeoutMs: number): Promise<OutgoingHttpHeaders> {
    const credentials = this.#credentials
    if (credentials === undefined) return {}
    this.#token ??= this.#logIn(credentials, timeoutMs)
    const token = this.#token
    try {
      return { token: await token }
    } catch (error) {
      if (this.#token === token) this.#token = undefined
      throw error
    }
  }

  async #logIn(credentials: Credentials, timeoutMs: number): Promise<string> {
    const frame = frameMessage((writer) => {
      encodeAuthenticate(writer, credentials)
    })
    try {
      return decodeTokenMessage(await this.#current.call(AUTHENTICATE, frame, timeoutMs, {}))
    } catch (error) {
      // The call for which the login is made was not sent.
      if (error instanceof EtcdCallError) throw new EtcdCallError(error.status, error.message, false)
      throw error
    }
  }
}

function isTokenRefusal(error: EtcdCallError): boolean {
  return error.status === RpcStatus.UNAUTHENTICATED && !isDistrust(error)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
