import { assert } from './assert.js'
import { optionalMember } from './own-options.js'

/**
 * Something whose changes can be made durable: a file, a directory, a log, or a task that syncs them.
 *
 * @category Contracts
 */
export interface Syncable {
  /** Makes all earlier changes durable. Blocks. */
  sync(): void
  /** Does the same as `sync` without blocking the thread. */
  syncAsync(): Promise<void>
  /**
   * Begins the same as `sync` off the thread, for a caller that does not yield to the event loop and polls the result. Absent where
   * that is impossible: such a caller then calls `sync`.
   */
  beginSync?(): SyncPoll
}

/**
 * Reports whether a sync that was begun is done, without waiting for it. Returns true from then on. Throws as `sync` does when the sync
 * has failed.
 *
 * @category Contracts
 */
export type SyncPoll = () => boolean

/** Steps of a {@link ResumableTask}: each yielded {@link Syncable} must be durable before the next step runs. @category Contracts */
export type TaskSteps = Generator<Syncable, void, void>

/**
 * A task that waits for a sync between its steps. Its steps are one generator, which runs asynchronously through
 * {@link ResumableTask.syncAsync}, blocking through {@link ResumableTask.sync}, or as far as possible without waiting through
 * {@link ResumableTask.poll}. A call of `sync` or `poll` while `syncAsync` waits runs the remaining steps at once. A task is a
 * {@link Syncable} itself, so a step of another task can yield it.
 *
 * @category Contracts
 */
export class ResumableTask implements Syncable {
  readonly #steps: TaskSteps
  #pendingSync: Syncable | undefined = undefined
  /** The poll of the pending sync, when it was begun by `poll`. */
  #pendingPoll: SyncPoll | undefined = undefined
  /** Number of steps run. A caller compares it after a wait to see whether another caller has resumed the task meanwhile. */
  #step = 0
  #isRunning = false
  #state: 'new' | 'started' | 'done' | 'failed' = 'new'
  #failure: unknown = undefined
  #asyncRun: Promise<void> | undefined = undefined

  /** @param steps - started by the first call of `sync` or `syncAsync`. */
  constructor(steps: TaskSteps) {
    this.#steps = steps
  }

  /** True when the task has completed, failed or was abandoned. */
  get isEnded(): boolean {
    return this.#state === 'done' || this.#state === 'failed'
  }

  /**
   * Runs all remaining steps and syncs, blocking.
   *
   * @throws the error of the step or sync that failed, on this and every later call; nothing is retried.
   */
  sync(): void {
    if (this.#state === 'new') this.#advance()
    for (let pending = this.#pendingSync; pending !== undefined; pending = this.#pendingSync) {
      const step = this.#step
      try {
        pending.sync()
      } catch (error) {
        if (step !== this.#step) throw error
        this.#advance({ error })
      }
      if (step === this.#step) this.#advance()
    }
    this.#assertDone()
  }

  /**
   * Runs the remaining steps up to one whose sync has to be waited for, and returns true when all have run. A sync that cannot be
   * begun off the thread blocks.
   *
   * @throws as `sync`.
   */
  poll(): boolean {
    if (this.#state === 'new') this.#advance()
    for (let pending = this.#pendingSync; pending !== undefined; pending = this.#pendingSync) {
      const step = this.#step
      try {
        this.#pendingPoll ??= beginSync(pending)
        if (!this.#pendingPoll()) return false
      } catch (error) {
        if (step !== this.#step) throw error
        this.#advance({ error })
      }
      if (step === this.#step) this.#advance()
    }
    this.#assertDone()
    return true
  }

  beginSync(): SyncPoll {
    return () => this.poll()
  }

  /** Runs all remaining steps and waits for their syncs without blocking. All callers share one run. Rejects as `sync` throws. */
  syncAsync(): Promise<void> {
    this.#asyncRun ??= this.#runAsync()
    return this.#asyncRun
  }

  /** Stops the task and runs the `finally` blocks of its steps; all callers fail with `cause`. No effect when it has ended. */
  abort(cause: unknown): void {
    if (this.isEnded) return
    assert(!this.#isRunning, 'a step must not abandon its own task')
    this.#fail(cause)
    this.#steps.return()
  }

  async #runAsync(): Promise<void> {
    if (this.#state === 'new') this.#advance()
    for (let pending = this.#pendingSync; pending !== undefined; pending = this.#pendingSync) {
      const step = this.#step
      try {
        await pending.syncAsync()
      } catch (error) {
        // Another caller has resumed the task meanwhile; the failure of this sync must still be reported.
        if (step !== this.#step) throw error
        this.#advance({ error })
      }
      if (step === this.#step) this.#advance()
    }
    this.#assertDone()
  }

  /** Runs the next step, or throws the error of a failed sync into the generator. */
  #advance(failed?: { readonly error: unknown }): void {
    assert(!this.#isRunning, 'a step must not resume its own task')
    this.#state = 'started'
    this.#pendingSync = undefined
    this.#pendingPoll = undefined
    this.#step++
    this.#isRunning = true
    try {
      const next = failed === undefined ? this.#steps.next() : this.#steps.throw(failed.error)
      if (next.done === true) this.#state = 'done'
      else this.#pendingSync = next.value
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isRunning = false
    }
  }

  #fail(cause: unknown): void {
    this.#state = 'failed'
    this.#failure = cause
    this.#pendingSync = undefined
    this.#pendingPoll = undefined
    this.#step++
  }

  #assertDone(): void {
    assert(!this.#isRunning, 'a step must not wait for its own task')
    if (this.#state === 'failed') throw this.#failure
  }
}

function beginSync(pending: Syncable): SyncPoll {
  const begin = optionalMember(pending, 'beginSync')
  if (begin !== undefined) return begin.call(pending)
  pending.sync()
  return isDone
}

function isDone(): boolean {
  return true
}
