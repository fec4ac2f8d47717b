import type { Scheduler, Clock } from '@ldb/vfs'

/** What an attempt gives that could not be answered from memory. */
export const READ_MISS: unique symbol = Symbol('a read would have to wait for the device')

/** Bytes of a file that were fetched ahead, or that somebody waits for. */
export interface MissedSpan {
  /** Reads the span off this thread, so that the next attempt finds it. */
  fetch(): Promise<void>
}

/** Bytes of a file that were read off the thread. */
export interface StagedSpan {
  readonly byteCount: number
  /** Removes the span from its file's staging. Idempotent. */
  discard(): void
}

/** Misses after which an operation reads like the synchronous API: a cache that thrashes must not keep it from its end. */
export const MISSES_MAX = 256
/** How long operations that need not wait may follow on one another before the event loop has its turn, in ms. */
const TIME_SLICE_MS = 5
/** Bytes of staged spans that are retained for retries; the newest span is retained whatever its length. */
const RETAINED_BYTES_MAX = 262_144

/**
 * Decides whether the stores may wait for the device, and fetches what they could not.
 *
 * The engines are synchronous. While an attempt runs, a read of a file that is not staged throws a miss; what it asked
 * for is read off-thread and staged, and the operation is attempted again. One code path, and no promise on a hit.
 * Nothing of the user's may be called within an attempt: it could read through the synchronous API.
 */
export class ReadGate {
  /** True while reads that would wait throw. */
  residentOnly = false
  /** Reads that went to files since the stores were opened, misses included. */
  readCount = 0
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  #missed: MissedSpan | undefined = undefined
  /** Staged spans that the current attempt has read. */
  #consumed: StagedSpan[] = []
  /** Staged spans that attempts had read before they missed another span, oldest first: their retries read them again. */
  readonly #retained: StagedSpan[] = []
  #retainedBytes = 0
  #sliceStartedAtMs = 0

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#scheduler = scheduler
  }

  /** Called by a file of which something was asked that is not in memory. */
  miss(span: MissedSpan): never {
    this.#missed = span
    // oxlint-disable-next-line typescript/only-throw-error -- a signal, caught in `attempt`; it costs no stack trace
    throw READ_MISS
  }

  /** Does something that reads stores, unless that would wait: then gives `READ_MISS`, and `fetchMissed` comes next. */
  attempt<T>(action: () => T): T | typeof READ_MISS {
    this.residentOnly = true
    try {
      return action()
    } catch (error) {
      if (error !== READ_MISS) throw error
      if (this.#consumed.length > 0) this.#retain()
      return READ_MISS
    } finally {
      this.residentOnly = false
      if (this.#consumed.length > 0) for (const span of this.#consumed.splice(0)) span.discard()
    }
  }

  /** Called by a file that has read a staged span. */
  consume(span: StagedSpan): void {
    if (this.residentOnly) this.#consumed.push(span)
    else span.discard()
  }

  /** Does something that must come to its end, and so may wait for the device, whether an attempt runs or not. */
  allowBlocking(action: () => void): void {
    const { residentOnly } = this
    this.residentOnly = false
    try {
      action()
    } finally {
      this.residentOnly = residentOnly
    }
  }

  /** Reads what the last attempt has missed. Called at once after it: the next attempt forgets it. */
  fetchMissed(): Promise<void> {
    const span = this.#missed
    this.#missed = undefined
    return span === undefined ? Promise.resolve() : span.fetch()
  }

  /**
   * Does something that reads stores, off this thread where it misses.
   *
   * @param check - called before each attempt; throws when the operation has lost its ground.
   */
  async read<T>(action: () => T, check: () => void): Promise<T> {
    for (let missCount = 0; missCount < MISSES_MAX; missCount++) {
      check()
      const result = this.attempt(action)
      if (result !== READ_MISS) return result
      await this.fetchMissed()
    }
    check()
    return action()
  }

  /** True when operations that did not have to wait have held the thread for long enough. */
  get isSliceOver(): boolean {
    return this.#clock.monotonic() - this.#sliceStartedAtMs > TIME_SLICE_MS
  }

  /** Lets everything else that waits for the thread go first. */
  async yieldThread(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#scheduler.soon === undefined) resolve()
      else this.#scheduler.soon(resolve)
    })
    this.#sliceStartedAtMs = this.#clock.monotonic()
  }

  /** Keeps the spans that the attempt has read, and discards the oldest ones beyond the limit. */
  #retain(): void {
    const retained = this.#retained
    for (const span of this.#consumed) this.#retainedBytes += span.byteCount
    retained.push(...this.#consumed)
    this.#consumed = []
    while (this.#retainedBytes > RETAINED_BYTES_MAX && retained.length > 1) {
      const oldest = retained.shift() as StagedSpan
      this.#retainedBytes -= oldest.byteCount
      oldest.discard()
    }
  }
}
