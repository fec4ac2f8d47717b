import { emitWarning } from '@ldb/vfs'
import type { Clock } from '@ldb/vfs'
import type { EventHub, EventListeners, LeakKind } from './events.js'
import type { Logger } from './logger.js'

/** Descriptions of leaked handles, and the method that ends each. */
const HANDLES: Readonly<Record<LeakKind, readonly [handle: string, end: string]>> = {
  database: ['the', 'close()'],
  scan: ['a scan of the', 'return()'],
  cursor: ['a cursor of the', 'close()'],
  snapshot: ['a snapshot of the', 'release()'],
  transaction: ['a transaction of the', 'commit() or rollback()'],
  changes: ['a stream of changes of the', 'return()'],
}
/** Frames of a captured stack: those of the engine come first. */
const STACK_FRAMES = 32

/**
 * An object that every object of the API of one database references, directly or not, and that nothing inside of the database
 * references. When it is garbage-collected, no object of the API is reachable any more.
 */
export class HandleSentinel {
  /** Listeners may reference objects of the API, so that the database does not keep them alive. */
  readonly listeners: EventListeners

  constructor(listeners: EventListeners) {
    this.listeners = listeners
  }
}

/** What is known of a leaked handle. */
export interface OpenedHandle {
  readonly kind: LeakKind
  /** Time at which it was opened, on the monotonic clock. */
  readonly openedAtMs: number
  /** The stack of the call that opened it; `undefined` without the option `debug`. */
  readonly stack: string | undefined
}

/** Reports leaked handles: as an event, as a warning of the process, and to the logger. */
export class LeakReporter {
  readonly #events: EventHub
  readonly #clock: Clock
  readonly #database: string
  readonly #logger: Logger | undefined
  readonly #isDebug: boolean

  /** @param database - the database in messages. */
  constructor(
    events: EventHub,
    clock: Clock,
    database: string,
    { logger, debug }: { readonly logger: Logger | undefined; readonly debug: boolean },
  ) {
    this.#events = events
    this.#clock = clock
    this.#database = database
    this.#logger = logger
    this.#isDebug = debug
  }

  get nowMs(): number {
    return this.#clock.monotonic()
  }

  /** Returns the stack of the caller; `undefined` without the option `debug`. */
  captureStack(): string | undefined {
    return this.#isDebug ? stackOfCaller() : undefined
  }

  /** Reports an error of the release of a leaked handle. Throws nothing. */
  reportFailure(error: unknown): void {
    this.#logger?.error(`a leaked handle was released with an error: ${String(error)}`)
  }

  /** Reports a handle that was garbage-collected before it was closed. Throws nothing. */
  report({ kind, openedAtMs, stack }: OpenedHandle): void {
    const ageMs = Math.max(0, this.nowMs - openedAtMs)
    const [handle, end] = HANDLES[kind]
    const message =
      `${handle} ${this.#database} was garbage-collected without ${end}, ` +
      `${Math.round(ageMs)} ms after it was opened, and was released`
    this.#events.emit('leak', { kind, ageMs, stack })
    const detail =
      stack === undefined ? 'The option debug: true adds the place where it was opened.' : `Opened:\n${stack}`
    emitWarning({ type: 'LdbLeakWarning', code: 'LDB_LEAK', message, detail })
    this.#logger?.warn(message)
  }
}

function stackOfCaller(): string | undefined {
  // Engines other than V8 have no limit.
  const host = Error as { stackTraceLimit?: number }
  const { stackTraceLimit } = host
  if (stackTraceLimit !== undefined) host.stackTraceLimit = STACK_FRAMES
  const { stack } = new Error('opened')
  if (stackTraceLimit !== undefined) host.stackTraceLimit = stackTraceLimit
  // V8 begins with the message. The first frames are this function and the reporter.
  const lines = stack?.split('\n') ?? []
  return lines.slice(lines[0] === 'Error: opened' ? 3 : 2).join('\n')
}
