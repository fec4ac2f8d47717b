import { publishEvent } from '#channel'

/** A failure in the background, or of a commit: the handle is poisoned. @category Events */
export interface ErrorEvent {
  readonly error: unknown
}

/** A writer had to wait. @category Events */
export interface StallEvent {
  /** What it waited for. */
  readonly reason: string
  /** How long, in milliseconds. */
  readonly durationMs: number
}

/** A checkpoint was made. @category Events */
export interface CheckpointEvent {
  /** Every commit up to this one is in it. */
  readonly seq: number
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** Bytes of the log before it, and after. */
  readonly logBytesBefore: number
  readonly logBytesAfter: number
}

/** A compaction was made. @category Events */
export interface CompactionEvent {
  readonly keyspace: string
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** Bytes of its files before it, and after. */
  readonly fileBytesBefore: number
  readonly fileBytesAfter: number
}

/** What can be listened to, by name. @category Events */
export interface DatabaseEvents {
  error: ErrorEvent
  stall: StallEvent
  checkpoint: CheckpointEvent
  compaction: CompactionEvent
}

/** Names of events. @category Events */
export type DatabaseEventName = keyof DatabaseEvents

/** A function that is called with each event of a name. @category Events */
export type DatabaseListener<Name extends DatabaseEventName> = (event: DatabaseEvents[Name]) => void

type AnyListener = (event: DatabaseEvents[DatabaseEventName]) => void

/** Listeners of one database. A listener that throws never fails the operation that emitted the event (U2). */
export class EventHub {
  readonly #listeners: ReadonlyMap<DatabaseEventName, Set<AnyListener>> = new Map([
    ['error', new Set()],
    ['stall', new Set()],
    ['checkpoint', new Set()],
    ['compaction', new Set()],
  ])
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** The listeners of an event; `undefined` for a name that no event has. */
  listenersOf(name: DatabaseEventName): Set<AnyListener> | undefined {
    return this.#listeners.get(name)
  }

  emit<Name extends DatabaseEventName>(name: Name, event: DatabaseEvents[Name]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const listener of [...listeners]) {
      try {
        listener(event)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
    try {
      publishEvent(name, event)
    } catch (error) {
      this.#onListenerError(error)
    }
  }
}
