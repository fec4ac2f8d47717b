import { optionalMember } from '@ldb/base'
import type { DeadlineSync, Environment, ScheduledTask, Scheduler } from '@ldb/vfs'
import type { Health } from '../health/health.js'
import { ClockDeadline } from './clock-deadline.js'
import type { CommitLog } from './commit-log.js'

/** The event loop, or the next commit, gets the opportunity to flush this long before the deadline of a sync. */
const NOTICE_LEAD_MS = 10
/** In a short interval, it gets this part of it. */
const NOTICE_LEAD_PART = 0.1

/**
 * Flushes and syncs the log within an interval after commits that were acknowledged without a sync, even if the thread does not yield.
 *
 * A period begins with the first commit that no sync covers: the log is flushed, and a sync is requested of another thread for the end
 * of the period ({@link CommitLog.requestSync}). That thread performs it whatever this one does. Shortly before the end, a timer or the
 * next commit flushes what was buffered meanwhile, and lets the sync begin. A commit within the period only reads one word of memory.
 *
 * Where there is no such thread, or it has not started yet, each period begins with a sync off this thread, and the commits themselves
 * compare the clock with its end; a timer syncs the last ones. A computation delays only that timer.
 */
export class BackgroundSync {
  /** References no instance: until the end of the process, each is referenced weakly. */
  static readonly #syncAtExit = (sync: BackgroundSync): void => {
    sync.#exit()
  }

  readonly #health: Health
  readonly #log: CommitLog
  readonly #scheduler: Scheduler
  readonly #intervalMs: number
  readonly #noticeMs: number
  readonly #clockDeadline: ClockDeadline
  /** The period: its end is watched by another thread, or by the clock. */
  #period: { readonly isWaiting: boolean }
  #isOffThread = false
  #isExiting = false
  #isClosed = false
  #onFlushed: () => void = () => undefined
  readonly #onFailed: (error: unknown) => void
  #timer: ScheduledTask | undefined = undefined
  #exitTask: ScheduledTask | undefined = undefined

  constructor(
    health: Health,
    log: CommitLog,
    { clock, scheduler }: Pick<Environment, 'clock' | 'scheduler'>,
    intervalMs: number,
  ) {
    this.#health = health
    this.#log = log
    this.#scheduler = scheduler
    this.#intervalMs = intervalMs
    this.#noticeMs = intervalMs - Math.min(NOTICE_LEAD_MS, intervalMs * NOTICE_LEAD_PART)
    this.#clockDeadline = new ClockDeadline(clock)
    this.#period = this.#clockDeadline
    this.#onFailed = (error): void => {
      // A database that was closed in the meantime has synced, or has reported its own failure.
      if (!health.closed) health.fail(error, false)
    }
  }

  /** Makes later syncs run off the thread. */
  runOffThread(): void {
    this.#isOffThread = true
  }

  /** Sets the callback that runs after buffered commits were flushed. */
  onFlushed(callback: () => void): void {
    this.#onFlushed = callback
  }

  /**
   * Notes that records were appended which no sync of the caller covers. Those that are promised to be flushed must be flushed.
   *
   * @throws {@link LdbError} when buffered records had to be flushed, and could not be: the database must be poisoned.
   */
  noteAppended(): void {
    if (!this.#period.isWaiting) this.#turnPeriod()
  }

  /** Schedules a sync in the event loop, of records that no commit depends on. */
  schedule(): void {
    this.#startTimer(this.#intervalMs)
  }

  /** Ends the background work. The caller syncs the log. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#exitTask?.cancel()
    this.#exitTask = undefined
  }

  /** Flushes, lets the sync of the ending period begin, and begins the next period. */
  #turnPeriod(): void {
    if (this.#isClosed) return
    const log = this.#log
    if (log.isVolatile) {
      this.#clockDeadline.set(Infinity, undefined)
      return
    }
    if (optionalMember(this.#scheduler, 'atExit') !== undefined) {
      this.#exitTask ??= this.#scheduler.atExit?.(this, BackgroundSync.#syncAtExit)
    }
    log.flush()
    this.#onFlushed()
    if (this.#isExiting) log.sync()
    else this.#beginPeriod()
  }

  #beginPeriod(): void {
    const request = this.#requestSync(this.#noticeMs, this.#intervalMs)
    if (request === 'failed') return
    if (request?.isServed === true) {
      this.#period = request
      this.#startTimer(this.#noticeMs)
      return
    }
    this.#clockDeadline.set(this.#intervalMs, request)
    this.#period = this.#clockDeadline
    this.#startTimer(this.#intervalMs)
    this.#log.startSync().then(this.#onFlushed, this.#onFailed)
  }

  /** Requests a sync of the flushed records by another thread. */
  #requestSync(noticeMs: number, delayMs: number): DeadlineSync | 'failed' | undefined {
    try {
      return this.#log.requestSync(noticeMs, delayMs)
    } catch (error) {
      // (C7) An earlier sync has failed. The commit of this call was flushed, and returns.
      this.#onFailed(error)
      return 'failed'
    }
  }

  #startTimer(delayMs: number): void {
    this.#timer ??= this.#scheduler.after(delayMs, () => {
      this.#timer = undefined
      this.#endPeriod()
    })
  }

  /** Flushes and syncs what was appended in the period, in the event loop. */
  #endPeriod(): void {
    if (this.#health.poisoned || this.#health.closed) return
    if (this.#isOffThread) {
      this.#log.flushAsync().then(() => {
        this.#syncFlushed()
      }, this.#onFailed)
      return
    }
    try {
      this.#log.flush()
    } catch (error) {
      this.#onFailed(error)
      return
    }
    this.#syncFlushed()
  }

  #syncFlushed(): void {
    this.#onFlushed()
    // The timer runs until every record is known to be synced, or a failure is known.
    if (this.#log.isSynced) {
      this.#clockDeadline.clear()
      return
    }
    if (this.#period !== this.#clockDeadline) {
      const request = this.#requestSync(0, 0)
      if (request === 'failed') return
      if (request?.isServed === true) {
        this.#period = request
        this.#startTimer(this.#noticeMs)
        return
      }
    }
    this.#clockDeadline.set(this.#intervalMs, undefined)
    this.#period = this.#clockDeadline
    this.#startTimer(this.#intervalMs)
    if (this.#isOffThread) {
      this.#log.syncAsync().then(this.#onFlushed, this.#onFailed)
      return
    }
    try {
      this.#log.sync()
    } catch (error) {
      this.#onFailed(error)
    }
  }

  /** Syncs at the end of the process, because no other sync follows. Commits of later exit listeners are synced one by one. */
  #exit(): void {
    this.#isExiting = true
    this.#clockDeadline.clear()
    this.#period = this.#clockDeadline
    if (this.#isClosed || this.#health.poisoned) return
    try {
      this.#log.sync()
    } catch {
      // Nothing receives a report any more. The next open recovers what the files contain.
    }
  }
}
