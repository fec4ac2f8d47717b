import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { clearTimeout, setTimeout } from 'node:timers'
import { isCertificateError } from '@ldb/cluster'
import { MessageFrames } from './message-frames.js'
import { EtcdCallError, RpcStatus } from './rpc-error.js'

/** Certificates of a connection with TLS, in PEM. */
export interface TlsFiles {
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  readonly serverName?: string
}

const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024
/** Memory that Node grants to one connection, in megabytes: several large commits at once fit. */
const SESSION_MEMORY_MB = 512

/**
 * One HTTP/2 connection to one member, opened again after it has ended.
 *
 * @remarks The calls in flight share it, each in a stream of its own.
 */
export class Connection {
  readonly #origin: string
  readonly #tls: TlsFiles | undefined
  #attempt: ConnectionAttempt | undefined = undefined

  constructor(origin: string, tls: TlsFiles | undefined) {
    this.#origin = origin
    this.#tls = tls
  }

  /** Address of the member. */
  get origin(): string {
    return this.#origin
  }

  /**
   * Makes a call with one request and one response.
   *
   * @returns the response, which may share memory with what the connection has received.
   * @throws EtcdCallError
   */
  call(
    path: string,
    frame: Uint8Array,
    timeoutMs: number,
    headers: OutgoingHttpHeaders,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const attempt = this.#open()
      let stream: ClientHttp2Stream
      try {
        stream = attempt.session.request(requestHeaders(path, headers, timeoutMs))
      } catch (error) {
        reject(unavailable(error, false))
        return
      }
      const frames = new MessageFrames()
      let isLate = false
      const status = new CallStatus(stream)
      const timeout = setTimeout(() => {
        isLate = true
        stream.close(constants.NGHTTP2_CANCEL)
      }, timeoutMs)
      stream.on('data', (chunk: Uint8Array) => {
        frames.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
      })
      let hasSettled = false
      const settle = (): void => {
        if (hasSettled) return
        hasSettled = true
        clearTimeout(timeout)
        const wasSent = mayHaveArrived(attempt, stream)
        try {
          if (isLate) throw new EtcdCallError(RpcStatus.DEADLINE_EXCEEDED, this.#late(timeoutMs), wasSent)
          const error = status.errorAtEnd(wasSent, attempt.failure)
          if (error !== undefined) throw error
          const message = frames.next()
          if (message === undefined) throw unavailable(new Error('the response is incomplete'), true)
          resolve(message)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      // A response is complete at its end. Node closes the stream a round of its event loop later.
      stream.on('end', () => {
        if (status.isKnown) settle()
      })
      stream.on('close', settle)
      stream.end(frame)
    })
  }

  /** Opens a stream of messages in both directions. */
  stream(path: string, headers: OutgoingHttpHeaders, receiver: StreamReceiver): MessageStream {
    const attempt = this.#open()
    const stream = attempt.session.request(requestHeaders(path, headers))
    const frames = new MessageFrames()
    const status = new CallStatus(stream)
    stream.on('data', (chunk: Uint8Array) => {
      frames.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
      try {
        for (let next = frames.next(); next !== undefined; next = frames.next()) receiver.message(next)
      } catch (error) {
        stream.close(constants.NGHTTP2_CANCEL)
        receiver.end(error)
      }
    })
    stream.on('close', () => {
      const wasSent = mayHaveArrived(attempt, stream)
      receiver.end(
        status.errorAtEnd(wasSent, attempt.failure) ??
          unavailable(new Error('the stream has ended'), wasSent),
      )
    })
    return {
      send: (frame) => void (stream.writable && stream.write(frame)),
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      close: () => {
        stream.close(constants.NGHTTP2_CANCEL)
      },
    }
  }

  /** Ends the connection, and the calls in flight with it. */
  close(): void {
    this.#attempt?.session.destroy()
    this.#attempt = undefined
  }

  #late(timeoutMs: number): string {
    return `${this.#origin} has not answered within ${Math.round(timeoutMs)} ms`
  }

  #open(): ConnectionAttempt {
    const current = this.#attempt
    if (current !== undefined && !current.session.closed && !current.session.destroyed) return current
    const session = connect(this.#origin, {
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: SESSION_MEMORY_MB,
      ...tlsOptions(this.#tls),
    })
    const attempt: ConnectionAttempt = { session, isConnected: false, failure: undefined }
    this.#attempt = attempt
    session.on('connect', () => {
      attempt.isConnected = true
      session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    })
    session.on('error', (error) => {
      attempt.failure = error
    })
    // Streams that are open finish; the next call opens another connection.
    session.on('goaway', () => {
      session.close()
    })
    return attempt
  }
}

/** A connection, or an attempt to open one. */
interface ConnectionAttempt {
  readonly session: ClientHttp2Session
  /** No request is sent before. */
  isConnected: boolean
  failure: Error | undefined
}

/** Reports whether the member may have received the request of a stream. */
function mayHaveArrived(attempt: ConnectionAttempt, stream: ClientHttp2Stream): boolean {
  return attempt.isConnected && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM
}

/** Receives what a member sends on a stream. */
export interface StreamReceiver {
  message(message: Uint8Array): void
  /** Called once, or several times, when the stream has ended. */
  end(error: unknown): void
}

/** The sending side of a stream. */
export interface MessageStream {
  send(frame: Uint8Array): void
  /** Receives nothing until `resume`: the member has to wait. */
  pause(): void
  resume(): void
  close(): void
}

/** Follows the status of a call, which is in the trailers, or in the headers of a response without messages. */
class CallStatus {
  #status: number | undefined = undefined
  #message = ''
  #failure: unknown = undefined

  constructor(stream: ClientHttp2Stream) {
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) this.#message = `HTTP status ${headers[':status']}`
      this.#note(headers)
    })
    stream.on('trailers', (headers) => {
      this.#note(headers)
    })
    stream.on('error', (error) => {
      this.#failure = error
    })
  }

  /** True when the member has sent how the call has ended. */
  get isKnown(): boolean {
    return this.#status !== undefined
  }

  /** Returns the error of a call that has ended; `undefined` when it has succeeded. */
  errorAtEnd(wasSent: boolean, connectionFailure: Error | undefined): EtcdCallError | undefined {
    if (this.#status === RpcStatus.OK) return undefined
    if (this.#status !== undefined) return new EtcdCallError(this.#status, this.#message, true)
    const cause = this.#message === '' ? (connectionFailure ?? this.#failure) : new Error(this.#message)
    return unavailable(cause ?? new Error('the connection has ended'), wasSent)
  }

  #note(headers: Record<string, unknown>): void {
    const status = headers['grpc-status']
    if (typeof status !== 'string') return
    this.#status = Number(status)
    const message = headers['grpc-message']
    if (typeof message === 'string') this.#message = decodeMessage(message)
  }
}

function unavailable(cause: unknown, wasSent: boolean): EtcdCallError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  // Without a connection that both sides trust, no request is read.
  if (isCertificateError(cause)) return new EtcdCallError(RpcStatus.UNAUTHENTICATED, `TLS: ${reason}`, false)
  return new EtcdCallError(RpcStatus.UNAVAILABLE, reason, wasSent)
}

function decodeMessage(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}

function requestHeaders(path: string, headers: OutgoingHttpHeaders, timeoutMs?: number): OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
    ...headers,
  }
}

function tlsOptions(tls: TlsFiles | undefined): Record<string, unknown> {
  if (tls === undefined) return {}
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  }
}
