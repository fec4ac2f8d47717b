import { isPromiseLike } from '@ldb/base'
import { publishEvent } from '#channel'

/** A failure in the background, or of a commit. The database is poisoned. @category Events */
export interface ErrorEvent {
  readonly error: unknown
}

/** A write stall. @category Events */
export interface StallEvent {
  /** The work that writers waited for, such as `checkpoint`. */
  readonly reason: string
  /** Duration of the wait, in milliseconds. */
  readonly durationMs: number
}

/** A completed checkpoint. @category Events */
export interface CheckpointEvent {
  /** Number of the newest commit in it. */
  readonly seq: number
  /** Duration, in milliseconds. */
  readonly durationMs: number
  /** Bytes of the log before and after it. */
  readonly logBytesBefore: number
  readonly logBytesAfter: number
}

/** A completed compaction. @category Events */
export interface CompactionEvent {
  readonly keyspace: string
  /** Duration, in milliseconds. */
  readonly durationMs: number
  /** Bytes of the files of the keyspace before and after it. */
  readonly fileBytesBefore: number
  readonly fileBytesAfter: number
}

/** Events by name. @category Events */
export interface DatabaseEvents {
  error: ErrorEvent
  stall: StallEvent
  checkpoint: CheckpointEvent
  compaction: CompactionEvent
}

/** Names of events. @category Events */
export type DatabaseEventName = keyof DatabaseEvents

/** A listener of the events of one name. @category Events */
export type DatabaseListener<Name extends DatabaseEventName> = (event: DatabaseEvents[Name]) => void

type AnyListener = (event: DatabaseEvents[DatabaseEventName]) => void

/** Listeners of one database. An error of a listener, thrown or in a promise that it returns, never fails the operation that emitted the event (U2). */
export class EventHub {
  readonly #listeners: ReadonlyMap<DatabaseEventName, Set<AnyListener>> = new Map([
    ['error', new Set()],
    ['stall', new Set()],
    ['checkpoint', new Set()],
    ['compaction', new Set()],
  ])
  readonly #report: (error: unknown) => void

  /** @param onListenerError - receives what a listener has thrown, which may be anything. */
  constructor(onListenerError: (error: unknown) => void) {
    this.#report = (error): void => {
      try {
        onListenerError(error)
      } catch {
        // What was thrown cannot be shown as text.
      }
    }
  }

  /** Returns the listeners of an event; `undefined` for an unknown name. */
  listenersOf(name: DatabaseEventName): Set<AnyListener> | undefined {
    return this.#listeners.get(name)
  }

  emit<Name extends DatabaseEventName>(name: Name, event: DatabaseEvents[Name]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const listener of [...listeners]) {
      try {
        const result: unknown = listener(event)
        if (isPromiseLike(result)) Promise.resolve(result).catch(this.#report)
      } catch (error) {
        this.#report(error)
      }
    }
    try {
      publishEvent(name, event)
    } catch (error) {
      this.#report(error)
    }
  }
}
