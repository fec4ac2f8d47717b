import { isLdbError, ResumableTask } from '@ldb/base'
import type { SyncPoll, Syncable } from '@ldb/base'
import type { ScheduledTask } from '@ldb/vfs'
import type { CheckpointOptions } from '../commit/checkpoint-options.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import { closedError } from '../health/health.js'
import type { BackgroundRenewal, RenewalStats } from '../maintenance/background-renewal.js'
import type { OpenDatabase } from '../open/open-database.js'
import { RenewalProgress } from './progress.js'
import { renewalSteps } from './renewal-steps.js'
import type { RenewalOutcome, RenewalParts } from './renewal-steps.js'

/** Bytes that are rewritten in a second in the background, on average, unless the caller says otherwise. */
const BYTES_PER_SECOND = 32 << 20
/** Wait before the background begins: a process that opens a database for a moment renews nothing. */
const START_WAIT_MS = 1000
/** Bounds of the wait after a renewal that could not end, which doubles. */
const RETRY_WAIT_MS_MIN = 1000
const RETRY_WAIT_MS_MAX = 600_000

/**
 * Renews the data keys of a database: in the background, or for a caller that waits. It begins when the key file has older data keys, after a
 * rotation or after an open, and ends when they are removed.
 */
class KeyRenewalTask implements BackgroundRenewal {
  readonly #opened: OpenDatabase
  readonly #keys: DatabaseKeys
  readonly #progress = new RenewalProgress()
  #task: ResumableTask | undefined = undefined
  #outcome: RenewalOutcome = { removedKeyIds: [], obstacle: undefined }
  #scheduled: ScheduledTask | undefined = undefined
  /** Ends the wait between two rounds. */
  #endWait: (() => void) | undefined = undefined
  #retryMs = RETRY_WAIT_MS_MIN
  #bytesPerSecond = BYTES_PER_SECOND
  #isPaced = true
  #isCancelled = false

  constructor(opened: OpenDatabase, keys: DatabaseKeys) {
    this.#opened = opened
    this.#keys = keys
  }

  start(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond !== undefined) this.#bytesPerSecond = bytesPerSecond
    this.#retryMs = RETRY_WAIT_MS_MIN
    this.#schedule(START_WAIT_MS)
  }

  runNow(): RenewalStats {
    this.#isPaced = false
    try {
      this.#begin().sync()
    } finally {
      this.#isPaced = true
    }
    this.#ended()
    return this.stats()
  }

  async run(): Promise<RenewalStats> {
    this.#isPaced = false
    this.#endWait?.()
    try {
      await this.#begin().syncAsync()
    } finally {
      this.#isPaced = true
    }
    this.#ended()
    return this.stats()
  }

  cancel(): void {
    this.#isCancelled = true
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    this.#task?.abort(closedError())
    this.#task = undefined
    this.#endWait?.()
  }

  stats(): RenewalStats {
    const progress = this.#progress
    const of = (part: 'doneOf' | 'leftOf'): RenewalStats['done'] => ({
      stores: progress[part]('stores'),
      blobs: progress[part]('blobs'),
      log: progress[part]('log'),
      catalog: progress[part]('catalog'),
    })
    return {
      isRunning: this.#task?.isEnded === false || this.#scheduled !== undefined,
      done: of('doneOf'),
      left: of('leftOf'),
      obstacle: this.#outcome.obstacle,
    }
  }

  #schedule(waitMs: number): void {
    const { health, engines } = this.#opened
    if (this.#isCancelled || this.#scheduled !== undefined || this.#task?.isEnded === false) return
    if (health.writeRefusal !== undefined || this.#keys.olderIds.length === 0) return
    this.#scheduled = engines.vfs.scheduler.after(waitMs, () => {
      this.#scheduled = undefined
      void this.#runInBackground()
    })
  }

  async #runInBackground(): Promise<void> {
    try {
      await this.#begin().syncAsync()
    } catch (error) {
      this.#noteFailure(error)
    }
    this.#ended()
    this.#schedule(this.#retryMs)
    this.#retryMs = Math.min(RETRY_WAIT_MS_MAX, 2 * this.#retryMs)
  }

  /** Returns the renewal in progress, or begins one. */
  #begin(): ResumableTask {
    if (this.#task?.isEnded === false) return this.#task
    const { gate, pipeline, checkpointer, slicedCheckpoint } = this.#opened
    const slice: Syncable = { sync: () => undefined, syncAsync: () => gate.yieldThread() }
    const parts: RenewalParts = {
      opened: this.#opened,
      keys: this.#keys,
      progress: this.#progress,
      timeSlice: slice,
      pace: (byteCount) => this.#pause(byteCount),
      checkpoint: (options: CheckpointOptions) => ({
        sync: () => {
          checkpointer.run(pipeline, options)
        },
        syncAsync: () => slicedCheckpoint.run(options, undefined),
      }),
    }
    this.#outcome = { removedKeyIds: [], obstacle: undefined }
    this.#task = new ResumableTask(renewalSteps(parts, this.#outcome))
    return this.#task
  }

  /** Waits until the rewritten bytes are within the budget of the background. */
  #pause(byteCount: number): Syncable {
    const waitMs = (byteCount * 1000) / this.#bytesPerSecond
    const wait = (): Promise<void> =>
      new Promise((resolve) => {
        if (!this.#isPaced || this.#isCancelled) {
          resolve()
          return
        }
        const timer = this.#opened.engines.vfs.scheduler.after(waitMs, () => this.#endWait?.())
        this.#endWait = (): void => {
          this.#endWait = undefined
          timer.cancel()
          resolve()
        }
      })
    return { sync: () => undefined, syncAsync: wait, beginSync: (): SyncPoll => () => true }
  }

  /** Reports a renewal that has removed keys, once. */
  #ended(): void {
    if (this.#keys.olderIds.length === 0) {
      this.#scheduled?.cancel()
      this.#scheduled = undefined
    }
    const { removedKeyIds } = this.#outcome
    if (removedKeyIds.length === 0) return
    this.#outcome = { removedKeyIds: [], obstacle: undefined }
    const { events, options } = this.#opened
    const { unitCount, byteCount } = this.#progress.doneTotal
    options.logger?.info(`the data keys ${removedKeyIds.join(', ')} were replaced and removed`)
    events.emit('renewal', { removedKeyIds, unitCount, byteCount })
  }

  /** A failure loses nothing: the keys stay. */
  #noteFailure(error: unknown): void {
    if (this.#isCancelled || this.#opened.health.writeRefusal !== undefined) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#outcome.obstacle = reason
    this.#opened.options.logger?.warn(`the data keys could not be renewed: ${reason}`)
    if (!isLdbError(error)) throw error
  }
}

/** Makes the renewal of an encrypted database, and starts it when the key file has older data keys. */
export function startRenewal(opened: OpenDatabase): void {
  const { keys } = opened.engines
  if (keys === undefined || opened.options.readOnly) return
  opened.renewal = new KeyRenewalTask(opened, keys)
  opened.renewal.start(undefined)
}
