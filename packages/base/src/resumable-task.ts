import { assert } from './assert.js'

/**
 * Something whose changes can be brought to the device: a file, a directory, a log, or a piece of work that does so.
 *
 * @category Contracts
 */
export interface Syncable {
  /** Returns when all that was changed before is on the device. */
  sync(): void
  /** As `sync`, without blocking the thread. */
  syncAsync(): Promise<void>
}

/** Steps of a piece of work: between two of them, what was yielded has to be on the device. @category Contracts */
export type DeviceSteps = Generator<Syncable, void, void>

/**
 * Work that waits for the device between its steps. It is written once, as a generator, and carried on by whoever needs it:
 * off this thread by {@link ResumableTask.syncAsync}, or on it by {@link ResumableTask.sync}, which may come in between and
 * does what is left. Being a {@link Syncable} itself, it can be a step of other work.
 *
 * @category Contracts
 */
export class ResumableTask implements Syncable {
  readonly #steps: DeviceSteps
  #waiting: Syncable | undefined = undefined
  /** Counts what the work has got to, so that whoever waited sees that another one has carried it on. */
  #step = 0
  #isRunning = false
  #state: 'new' | 'begun' | 'done' | 'failed' = 'new'
  #failure: unknown = undefined
  #driving: Promise<void> | undefined = undefined

  /** @param steps - run up to its first wait by the first call of `sync` or `syncAsync`. */
  constructor(steps: DeviceSteps) {
    this.#steps = steps
  }

  /** True when it has come to its end, or failed. */
  get isEnded(): boolean {
    return this.#state === 'done' || this.#state === 'failed'
  }

  /**
   * Does all that is left on this thread.
   *
   * @throws what a step or a wait has thrown, every time; nothing is tried again.
   */
  sync(): void {
    if (this.#state === 'new') this.#advance()
    for (let waiting = this.#waiting; waiting !== undefined; waiting = this.#waiting) {
      const step = this.#step
      try {
        waiting.sync()
      } catch (error) {
        if (step !== this.#step) throw error
        this.#advance({ error })
      }
      if (step === this.#step) this.#advance()
    }
    this.#assertDone()
  }

  /** Does all that is left, and waits for the device off this thread; all who call share that. Rejects as `sync` throws. */
  syncAsync(): Promise<void> {
    this.#driving ??= this.#drive()
    return this.#driving
  }

  /** Ends it where it is, and lets go of what it holds; whoever waits gets `cause`. No effect when it has ended. */
  abandon(cause: unknown): void {
    if (this.isEnded) return
    assert(!this.#isRunning, 'a step does not end its own work')
    this.#end(cause)
    this.#steps.return()
  }

  async #drive(): Promise<void> {
    if (this.#state === 'new') this.#advance()
    for (let waiting = this.#waiting; waiting !== undefined; waiting = this.#waiting) {
      const step = this.#step
      try {
        await waiting.syncAsync()
      } catch (error) {
        // Another one has carried it on; that this wait has failed is still to be told.
        if (step !== this.#step) throw error
        this.#advance({ error })
      }
      if (step === this.#step) this.#advance()
    }
    this.#assertDone()
  }

  /** Runs the next step, or lets the work see that its wait has failed. */
  #advance(failed?: { readonly error: unknown }): void {
    assert(!this.#isRunning, 'a step does not carry its own work on')
    this.#state = 'begun'
    this.#waiting = undefined
    this.#step++
    this.#isRunning = true
    try {
      const next = failed === undefined ? this.#steps.next() : this.#steps.throw(failed.error)
      if (next.done === true) this.#state = 'done'
      else this.#waiting = next.value
    } catch (error) {
      this.#end(error)
    } finally {
      this.#isRunning = false
    }
  }

  #end(cause: unknown): void {
    this.#state = 'failed'
    this.#failure = cause
    this.#waiting = undefined
    this.#step++
  }

  #assertDone(): void {
    assert(!this.#isRunning, 'a step does not wait for its own work')
    if (this.#state === 'failed') throw this.#failure
  }
}
