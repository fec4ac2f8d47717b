import { optionalMember } from '@ldb/base'
import type { Scheduler, Clock } from '@ldb/vfs'

/** Result of an attempt that needs a span of a file that is not in memory. */
export const READ_MISS: unique symbol = Symbol('a read would have to wait for the device')

/** A span of a file that an attempt needs and that is not in memory. */
export interface MissedSpan {
  /** Reads the span off the thread, and stages it for the next attempt. */
  fetch(): Promise<void>
}

/** A span of a file that was read off the thread. */
export interface StagedSpan {
  readonly byteCount: number
  /** Removes the span from the staging of its file. Idempotent. */
  discard(): void
}

/**
 * Misses in a row, without progress, after which an operation reads synchronously: it must end even when the cache
 * evicts its pages faster than they load.
 */
export const MISSES_MAX = 256
/** Time that operations without misses may use the thread before they yield it, in ms. */
const TIME_SLICE_MS = 5
/** Operations answered from memory between two readings of the clock. */
const HITS_PER_CHECK = 64
/** Bytes of a result whose copy takes about as long as an operation. */
const BYTES_PER_HIT_SHIFT = 12
/** Bytes of staged spans that are retained for retries. The newest span is retained whatever its length. */
const RETAINED_BYTES_MAX = 262_144

/**
 * The read gate lets an asynchronous operation run only on resident pages, and loads missing pages off the thread.
 *
 * The engines are synchronous. During an attempt, a read of a file throws a miss unless its span is staged. The gate
 * then reads the span off the thread, stages it, and the operation is attempted again. Both APIs use one code path, and
 * a hit needs no promise. An attempt must not call user code, which could read through the synchronous API.
 */
export class ReadGate {
  /** True during an attempt: a read that is not staged throws a miss. */
  residentOnly = false
  /** File reads since the stores were opened, misses included. */
  readCount = 0
  readonly #clock: Clock
  readonly #immediate: Scheduler['immediate'] | undefined
  #missed: MissedSpan | undefined = undefined
  /** Staged spans that the current attempt has read. */
  #consumed: StagedSpan[] = []
  /** Staged spans that attempts read before they missed another span, oldest first. Their retries read them again. */
  readonly #retained: StagedSpan[] = []
  #retainedBytes = 0
  #sliceStartedAtMs = 0
  /** Operations answered from memory since the clock was last read. */
  #hitCount = 0
  /** The pending turn of the event loop, for which all operations wait. */
  #yielding: Promise<void> | undefined = undefined

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#immediate = optionalMember(scheduler, 'immediate')?.bind(scheduler)
  }

  /** Ends the current attempt. Called by a file whose span is not in memory. */
  miss(span: MissedSpan): never {
    this.#missed = span
    // oxlint-disable-next-line typescript/only-throw-error -- a signal, caught in `attempt`; it costs no stack trace
    throw READ_MISS
  }

  /** Makes an operation outside of any attempt wait for a span, or for anything else, like an attempt that missed. */
  missOutside(span: MissedSpan): typeof READ_MISS {
    this.#missed = span
    return READ_MISS
  }

  /** Called by an operation that takes long: within an attempt, ends it, so that the next one runs after other tasks of the event loop. */
  pause(): void {
    if (this.residentOnly) this.miss({ fetch: () => this.yieldThread() })
  }

  /** Runs an action on resident pages, and returns its result, or `READ_MISS`. After a miss, call `fetchMissed`. */
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

  /** Called by a file after it has read a staged span. */
  consume(span: StagedSpan): void {
    if (this.residentOnly) this.#consumed.push(span)
    else span.discard()
  }

  /** Runs an action that must complete, and may therefore read files synchronously, even within an attempt. */
  allowBlocking(action: () => void): void {
    const { residentOnly } = this
    this.residentOnly = false
    try {
      action()
    } finally {
      this.residentOnly = residentOnly
    }
  }

  /**
   * Loads the span that the last attempt missed. Call it right after that attempt: the next attempt overwrites the
   * span.
   */
  fetchMissed(): Promise<void> {
    const span = this.#missed
    this.#missed = undefined
    return span === undefined ? Promise.resolve() : span.fetch()
  }

  /**
   * Runs an action on resident pages, and loads missing pages off the thread until it completes.
   *
   * @param check - called before each attempt; throws to end the operation.
   * @param wait - waits for a load; may reject earlier to end the operation.
   */
  async read<T>(
    action: () => T,
    check: () => void,
    wait: (load: Promise<void>) => Promise<void> = (load) => load,
  ): Promise<T> {
    for (let missCount = 0; missCount < MISSES_MAX; missCount++) {
      check()
      const result = this.attempt(action)
      if (result !== READ_MISS) return result
      await wait(this.fetchMissed())
    }
    check()
    return action()
  }

  /** True when the current time slice is used up. */
  get isSliceOver(): boolean {
    return this.#clock.monotonic() - this.#sliceStartedAtMs > TIME_SLICE_MS
  }

  /** True when the platform lets pending tasks of the event loop run before a continuation. */
  get canYield(): boolean {
    return this.#immediate !== undefined
  }

  /** Lets all other pending tasks of the event loop run, and begins a new time slice. */
  yieldThread(): Promise<void> {
    this.#yielding ??= this.#yieldOnce()
    return this.#yielding
  }

  /**
   * Called by every operation that is answered without waiting: a loop that awaits such operations runs in microtasks
   * only, and would keep timers and I/O waiting. Returns the turn of the event loop that the operation must await
   * before it is answered; `undefined` while the time slice lasts. The clock is read at each 64th operation.
   *
   * @param byteCount - bytes of the result that were copied.
   */
  yieldAfterHit(byteCount = 0): Promise<void> | undefined {
    if (this.#yielding !== undefined) return this.#yielding
    this.#hitCount += 1 + (byteCount >>> BYTES_PER_HIT_SHIFT)
    if (this.#hitCount < HITS_PER_CHECK) return undefined
    this.#hitCount = 0
    return this.isSliceOver ? this.yieldThread() : undefined
  }

  /**
   * Returns the result of an operation that was answered without waiting, or, when such operations have used up the time
   * slice, a promise of it that resolves in the next turn of the event loop.
   *
   * @param byteCount - bytes of the result that were copied.
   */
  answer<T>(result: T, byteCount?: number): T | Promise<T> {
    const turn = this.yieldAfterHit(byteCount)
    return turn === undefined ? result : turn.then(() => result)
  }

  async #yieldOnce(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#immediate === undefined) resolve()
      else this.#immediate(resolve)
    })
    this.#yielding = undefined
    this.#hitCount = 0
    this.#sliceStartedAtMs = this.#clock.monotonic()
  }

  /** Retains the spans that the attempt has read, and discards the oldest ones beyond the limit. */
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
