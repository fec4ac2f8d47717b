import { clearInterval, setInterval, setTimeout } from 'node:timers'
import { decodeWatchMessage, encodeWatchCreate, encodeWatchProgress } from '../messages/watch.js'
import type { WatchResponse } from '../messages/watch.js'
import type { MessageStream } from './connection.js'
import { frameMessage } from './message-frames.js'
import type { Members } from './members.js'
import { RevisionGroups } from './revision-groups.js'
import type { EtcdRevision } from './revision-groups.js'
import { EtcdCallError, isMemberFailure, RpcStatus } from './rpc-error.js'
import { monotonicMs } from './monotonic-ms.js'

const WATCH = '/etcdserverpb.Watch/Watch'
/** A stream that is silent for so long is asked for its progress, in milliseconds. */
const QUIET_MS = 500
/** Silence after which another member is used, in milliseconds: doubled while no member answers, up to the second value. */
const SILENCE_MS_MIN = 1500
const SILENCE_MS_MAX = 12_000
const UNAVAILABLE_MS = 30_000
/** Pause before a watch is opened again, in milliseconds. */
const RECONNECT_MS = 20
/** Revisions that wait for `next` before the member has to wait. */
const WAITING_MAX = 256

/**
 * What to watch.
 *
 * @category Client
 */
export interface EtcdWatchRequest {
  /** The key, or the first key of the range. */
  readonly key: Uint8Array
  /** The key after the last one; absent for one key. */
  readonly rangeEnd?: Uint8Array
  /** Revision of the first change to report; at least 1. */
  readonly startRevision: number
}

/** The changes before this revision no longer exist. */
class CompactedError extends EtcdCallError {
  constructor(compactRevision: number) {
    super(
      RpcStatus.OUT_OF_RANGE,
      `required revision has been compacted: ${compactRevision} is the oldest`,
      true,
    )
  }
}

/**
 * A watch: every revision that has changed the range, once, in order.
 *
 * @remarks After a failure it continues at another member, behind the last revision that it has received as a whole.
 * @category Client
 */
export class EtcdWatch {
  readonly #members: Members
  readonly #request: EtcdWatchRequest
  readonly #onClose: () => void
  readonly #groups: RevisionGroups
  #stream: MessageStream | undefined = undefined
  #leave: () => void = () => undefined
  #error: Error | undefined = undefined
  #isClosed = false
  #isPaused = false
  /** Continues a waiting `next`. */
  #wake: () => void = () => undefined
  #silenceMs = SILENCE_MS_MIN
  #heardMs = 0
  /** When the last failure without an answer since began; `undefined` while a member answers. */
  #failingSinceMs: number | undefined = undefined
  #timer: NodeJS.Timeout | undefined = undefined
  /** Number of the stream: what earlier streams still report is ignored. */
  #generation = 0

  /** @internal */
  constructor(members: Members, request: EtcdWatchRequest, onClose: () => void) {
    this.#members = members
    this.#request = request
    this.#onClose = onClose
    this.#groups = new RevisionGroups(request.startRevision - 1)
  }

  /**
   * Returns the next revision, or `undefined` after `close`. At most one call at a time.
   *
   * @throws EtcdCallError with status 11 if the changes no longer exist, 14 if no member has answered for 30 s.
   */
  async next(): Promise<EtcdRevision | undefined> {
    if (this.#timer === undefined && !this.#isClosed && this.#error === undefined) this.#start()
    for (;;) {
      if (this.#isClosed) return undefined
      const revision = this.#groups.take()
      if (revision !== undefined) {
        if (this.#isPaused && this.#groups.waiting < WAITING_MAX / 2) this.#continue()
        return revision
      }
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Ends the watch. A waiting `next` returns `undefined`. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#end()
    this.#onClose()
  }

  #start(): void {
    this.#timer = setInterval(() => {
      this.#checkSilence()
    }, QUIET_MS)
    this.#connect()
  }

  #end(): void {
    this.#generation++
    clearInterval(this.#timer)
    this.#stream?.close()
    this.#stream = undefined
    this.#wake()
  }

  #fail(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error))
    this.#end()
  }

  #connect(): void {
    const generation = ++this.#generation
    this.#stream?.close()
    this.#stream = undefined
    this.#isPaused = false
    this.#heardMs = monotonicMs()
    this.#groups.restart()
    const receiver = {
      message: (message: Uint8Array): void => {
        if (generation === this.#generation) this.#receive(decodeWatchMessage(message))
      },
      end: (error: unknown): void => {
        if (generation === this.#generation) this.#recover(error)
      },
    }
    this.#members.stream(WATCH, receiver).then(
      ({ stream, leave }) => {
        if (generation !== this.#generation) {
          stream.close()
          return
        }
        this.#stream = stream
        this.#leave = leave
        const startRevision = this.#groups.revision + 1
        stream.send(frameMessage((writer) => encodeWatchCreate(writer, { ...this.#request, startRevision })))
      },
      (error: unknown) => {
        receiver.end(error)
      },
    )
  }

  #receive(response: WatchResponse): void {
    this.#heardMs = monotonicMs()
    if (response.compactRevision > 0) {
      this.#fail(new CompactedError(response.compactRevision))
      return
    }
    if (response.canceled) {
      this.#recover(cancellation(response.cancelReason))
      return
    }
    this.#failingSinceMs = undefined
    // The answer to the creation reports the revision of the store, not that of the watch.
    if (response.created) return
    this.#silenceMs = SILENCE_MS_MIN
    this.#groups.receive(response)
    if (this.#groups.waiting > WAITING_MAX && !this.#isPaused) {
      this.#isPaused = true
      this.#stream?.pause()
    }
    this.#wake()
  }

  #continue(): void {
    this.#isPaused = false
    this.#heardMs = monotonicMs()
    this.#stream?.resume()
  }

  #checkSilence(): void {
    if (this.#isPaused) return
    const silentMs = monotonicMs() - this.#heardMs
    if (silentMs > this.#silenceMs) {
      this.#silenceMs = Math.min(this.#silenceMs * 2, SILENCE_MS_MAX)
      this.#recover(new EtcdCallError(RpcStatus.UNAVAILABLE, 'the watch is silent', true))
    } else if (silentMs > QUIET_MS / 2) {
      this.#stream?.send(frameMessage(encodeWatchProgress))
    }
  }

  /** Continues at another member, unless none could. */
  #recover(error: unknown): void {
    const isTokenRefused = error instanceof EtcdCallError && error.status === RpcStatus.UNAUTHENTICATED
    if (!isTokenRefused && !isMemberFailure(error)) {
      this.#fail(error)
      return
    }
    if (isTokenRefused) this.#members.forgetToken()
    const nowMs = monotonicMs()
    this.#failingSinceMs ??= nowMs
    if (nowMs - this.#failingSinceMs > UNAVAILABLE_MS) {
      this.#fail(error)
      return
    }
    this.#leave()
    const generation = ++this.#generation
    this.#stream?.close()
    this.#stream = undefined
    setTimeout(() => {
      if (generation === this.#generation && !this.#isClosed) this.#connect()
    }, RECONNECT_MS)
  }
}

/** Returns the error of a watch that the member has canceled: it reports a refusal as a text. */
function cancellation(reason: string): EtcdCallError {
  let status: number = RpcStatus.UNAVAILABLE
  if (reason.includes('permission denied')) status = RpcStatus.PERMISSION_DENIED
  else if (reason.includes('auth token')) status = RpcStatus.UNAUTHENTICATED
  return new EtcdCallError(status, reason, true)
}
