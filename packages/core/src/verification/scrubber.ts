import { isLdbError } from '@ldb/base'
import type { Clock, ScheduledTask, Scheduler } from '@ldb/vfs'
import type { VerifyReport } from '@ldb/integrity'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { ResolvedScrubOptions } from '../health/background-options.js'
import type { BackgroundScrub, ScrubStats } from '../maintenance/background-scrub.js'
import type { OpenDatabase } from '../open/open-database.js'
import { verifySteps } from './database-steps.js'
import type { DatabaseVerifySteps } from './database-steps.js'
import { rebuildFiles } from './rebuild-files.js'
import type { ReportingSink } from './reporting-sink.js'

/** Time for which a slice uses the thread, in ms. */
const SLICE_MS = 2
/** Bounds of the wait between two slices, in ms: a timer is not more exact, and a long wait would delay a close that follows it. */
const WAIT_MS_MIN = 5
const WAIT_MS_MAX = 60_000
/** Time for which a state of a store stays pinned, in ms. */
const PIN_MS = 1000

/**
 * Verifies an open database in the background, again and again, within a budget of bytes for each second.
 *
 * @remarks Works in slices of about two milliseconds on timers, which do not keep the process alive. Reports each pass by the event `scrub`.
 * Free space that a pass has found damaged is written anew by a checkpoint behind it, and so are the catalog, its copy and the key file.
 */
class Scrubber implements BackgroundScrub {
  readonly #opened: OpenDatabase
  readonly #options: ResolvedScrubOptions
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  #scheduled: ScheduledTask | undefined = undefined
  #steps: DatabaseVerifySteps | undefined = undefined
  #sink: ReportingSink | undefined = undefined
  #isCancelled = false
  #startedAtMs = 0
  #passCount = 0
  /** Findings and bytes of the passes that have ended. */
  #findingCount = 0
  #byteCount = 0

  constructor(opened: OpenDatabase, options: ResolvedScrubOptions) {
    const { clock, scheduler } = opened.engines.vfs
    this.#opened = opened
    this.#options = options
    this.#clock = clock
    this.#scheduler = scheduler
  }

  /** Begins the first pass. */
  start(): void {
    this.#wait(WAIT_MS_MIN)
  }

  cancel(): void {
    this.#isCancelled = true
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    this.#end()
  }

  stats(): ScrubStats {
    return {
      passCount: this.#passCount,
      isRunning: this.#steps !== undefined,
      byteCount: this.#byteCount + (this.#sink?.byteCount ?? 0),
      findingCount: this.#findingCount,
    }
  }

  #wait(delayMs: number): void {
    if (this.#isCancelled) return
    this.#scheduled = this.#scheduler.after(Math.max(WAIT_MS_MIN, Math.min(WAIT_MS_MAX, delayMs)), () => {
      this.#scheduled = undefined
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    if (this.#steps === undefined) {
      const dueAtMs = this.#startedAtMs + this.#options.intervalMs
      if (this.#passCount > 0 && this.#clock.monotonic() < dueAtMs) {
        this.#wait(dueAtMs - this.#clock.monotonic())
        return
      }
      this.#begin()
    }
    try {
      const byteCount = await this.#slice()
      if (byteCount >= 0) this.#wait((byteCount * 1000) / this.#options.bytesPerSecond)
    } catch (error) {
      this.#fail(error)
    }
  }

  #begin(): void {
    this.#startedAtMs = this.#clock.monotonic()
    const storeOptions = {
      rebuild: !this.#opened.options.readOnly,
      pinMs: PIN_MS,
      now: () => this.#clock.monotonic(),
    }
    const options = { onProgress: undefined, onLocation: undefined, signal: undefined }
    this.#steps = verifySteps(this.#opened, options, storeOptions, (sink) => {
      this.#sink = sink
    })
  }

  /** Runs steps for a slice. Returns the bytes that they have checked; -1 when the pass has ended, or was cancelled. */
  async #slice(): Promise<number> {
    const endMs = this.#clock.monotonic() + SLICE_MS
    const before = this.#sink?.byteCount ?? 0
    const budget = Math.max(1, (this.#options.bytesPerSecond * SLICE_MS) / 1000)
    for (;;) {
      const step = this.#steps?.next()
      if (step === undefined) return -1
      if (step.done === true) {
        this.#complete(step.value)
        return -1
      }
      if (step.value === 'settled') await this.#opened.slicedCheckpoint.idle()
      const byteCount = (this.#sink?.byteCount ?? 0) - before
      if (byteCount >= budget || this.#clock.monotonic() >= endMs) return byteCount
    }
  }

  #complete(report: VerifyReport): void {
    this.#end()
    this.#passCount++
    this.#findingCount += report.findingCount
    this.#opened.events.emit('scrub', { report })
    void this.#rebuild(report).then(() => {
      this.#wait(this.#options.intervalMs)
    })
  }

  /**
   * Writes files anew whose content is in memory, and makes a checkpoint if a store has a fault that its next checkpoint corrects, even if
   * nothing else has changed.
   */
  async #rebuild(report: VerifyReport): Promise<void> {
    const { health, options, slicedCheckpoint, space } = this.#opened
    if (
      options.readOnly ||
      this.#isCancelled ||
      health.writeRefusal !== undefined ||
      !space.permitsCheckpoint
    )
      return
    const isDue = report.parts.some(
      ({ shape, findingCount, errorCount }) => shape?.kind === 'tree' && findingCount > errorCount,
    )
    try {
      rebuildFiles(this.#opened, report)
      if (!isDue) return
      await slicedCheckpoint.run({ ...AUTOMATIC_CHECKPOINT, force: true }, undefined)
    } catch {
      // The failure has poisoned the database and emitted an error event; or the database was closed.
    }
  }

  /** Ends a pass that cannot go on. The next one begins after the interval, unless the database has ended. */
  #fail(error: unknown): void {
    this.#end()
    const { health } = this.#opened
    if (this.#isCancelled || health.closed) return
    this.#opened.options.logger?.warn(`a scrub has ended early: ${String(error)}`)
    if (isLdbError(error, 'LDB_POISONED') || health.readRefusal !== undefined) return
    this.#passCount++
    this.#wait(this.#options.intervalMs)
  }

  /** Releases what the pass has pinned. */
  #end(): void {
    this.#byteCount += this.#sink?.byteCount ?? 0
    this.#sink = undefined
    const steps = this.#steps
    this.#steps = undefined
    steps?.return(undefined as never)
  }
}

/** Starts the scrubber of a database, if its options ask for one. */
export function startScrub(opened: OpenDatabase): void {
  const { scrub } = opened.options
  if (scrub === undefined || opened.log.isVolatile) return
  const scrubber = new Scrubber(opened, scrub)
  opened.scrub = scrubber
  scrubber.start()
}
