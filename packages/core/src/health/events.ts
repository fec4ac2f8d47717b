import { assert, isPromiseLike } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
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

/** Write stalls since the database was opened. @category Statistics */
export interface StallStats {
  readonly count: number
  /** Durations of all of them together, and of the longest one, in milliseconds. */
  readonly totalMs: number
  readonly longestMs: number
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

/** A pass of the scrubber over the whole database. @category Events */
export interface ScrubEvent {
  /** What the pass has found. */
  readonly report: VerifyReport
}

/** A completed renewal of data keys: the older ones were removed from the key file. @category Events */
export interface RenewalEvent {
  /** Numbers of the data keys that were removed. */
  readonly removedKeyIds: readonly number[]
  /** Units that were rewritten, and their bytes. */
  readonly unitCount: number
  readonly byteCount: number
}

/** Kinds of handles that must be closed. @category Events */
export type LeakKind = 'database' | 'scan' | 'cursor' | 'snapshot' | 'transaction' | 'changes'

/** A handle that was garbage-collected before it was closed. It has been released. @category Events */
export interface LeakEvent {
  readonly kind: LeakKind
  /** Time since it was opened, in milliseconds. */
  readonly ageMs: number
  /** The stack of the call that opened it; `undefined` without the option `debug`. */
  readonly stack: string | undefined
}

/** Events by name. @category Events */
export interface DatabaseEvents {
  error: ErrorEvent
  stall: StallEvent
  checkpoint: CheckpointEvent
  compaction: CompactionEvent
  scrub: ScrubEvent
  renewal: RenewalEvent
  leak: LeakEvent
}

/** Names of events. @category Events */
export type DatabaseEventName = keyof DatabaseEvents

/** A listener of the events of one name. @category Events */
export type DatabaseListener<Name extends DatabaseEventName> = (event: DatabaseEvents[Name]) => void

type AnyListener = (event: DatabaseEvents[DatabaseEventName]) => void

/** Listeners by event, without those of `leak`. */
export type EventListeners = ReadonlyMap<DatabaseEventName, Set<AnyListener>>

/**
 * Listeners of one database. An error of a listener, thrown or in a promise that it returns, never fails the operation that emitted the
 * event (U2).
 */
export class EventHub {
  /** Listeners of `leak` are called when nothing else of the API is alive. */
  readonly #leakListeners: Set<AnyListener> = new Set()
  /** All other listeners, until they are detached. */
  #attached: EventListeners | undefined = new Map([
    ['error', new Set()],
    ['stall', new Set()],
    ['checkpoint', new Set()],
    ['compaction', new Set()],
    ['scrub', new Set()],
    ['renewal', new Set()],
  ])
  #detached: WeakRef<EventListeners> | undefined = undefined
  #pending: (() => void)[] = []
  #stalls: StallStats = { count: 0, totalMs: 0, longestMs: 0 }
  readonly #database: string | undefined
  readonly #report: (error: unknown) => void

  /**
   * @param database - directory that messages on diagnostics channels name; `undefined` for a memory-only database.
   * @param onListenerError - receives what a listener has thrown, which may be anything.
   */
  constructor(database: string | undefined, onListenerError: (error: unknown) => void) {
    this.#database = database
    this.#report = (error): void => {
      try {
        onListenerError(error)
      } catch {
        // What was thrown cannot be shown as text.
      }
    }
  }

  /**
   * Makes the caller the owner of all listeners but those of `leak`: they end with what they belong to. A listener may reference the
   * database, which must not keep it alive.
   */
  detachListeners(): EventListeners {
    const listeners = this.#attached ?? this.#detached?.deref()
    assert(listeners !== undefined, 'listeners are detached once')
    if (typeof WeakRef === 'function') {
      this.#detached = new WeakRef(listeners)
      this.#attached = undefined
    }
    return listeners
  }

  /** Returns the number and durations of stalls. */
  stalls(): StallStats {
    return this.#stalls
  }

  /** Counts a write stall, and emits its event. */
  stalled(event: StallEvent): void {
    this.#countStall(event)
    this.emit('stall', event)
  }

  /** Counts a write stall of a store, and emits its event later. */
  stalledWithin(event: StallEvent): void {
    this.#countStall(event)
    this.emitLater('stall', event)
  }

  /** Returns the listeners of an event; `undefined` for an unknown name. */
  listenersOf(name: DatabaseEventName): Set<AnyListener> | undefined {
    return name === 'leak' ? this.#leakListeners : (this.#attached ?? this.#detached?.deref())?.get(name)
  }

  /**
   * Emits an event of a store, which is within a call, later: a listener may call the database. It is emitted by the next `emitPending`, at
   * the latest when the thread returns to the event loop.
   */
  emitLater<Name extends 'stall' | 'compaction'>(name: Name, event: DatabaseEvents[Name]): void {
    this.#pending.push(() => {
      this.emit(name, event)
    })
    if (this.#pending.length > 1) return
    void Promise.resolve().then(() => {
      this.emitPending()
    })
  }

  /** Emits the events that wait. */
  emitPending(): void {
    if (this.#pending.length === 0) return
    const pending = this.#pending
    this.#pending = []
    for (const emit of pending) emit()
  }

  emit<Name extends DatabaseEventName>(name: Name, event: DatabaseEvents[Name]): void {
    for (const listener of [...(this.listenersOf(name) ?? [])]) {
      try {
        const result: unknown = listener(event)
        if (isPromiseLike(result)) Promise.resolve(result).catch(this.#report)
      } catch (error) {
        this.#report(error)
      }
    }
    try {
      publishEvent(name, event, this.#database)
    } catch (error) {
      this.#report(error)
    }
  }

  #countStall({ durationMs }: StallEvent): void {
    const { count, totalMs, longestMs } = this.#stalls
    const longest = Math.max(longestMs, durationMs)
    this.#stalls = { count: count + 1, totalMs: totalMs + durationMs, longestMs: longest }
  }
}
