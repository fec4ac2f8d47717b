import type { CommitWaiter } from '../keyspace/commit-queue.js'
import type { Durability } from '../health/options.js'

/** Commits that share one completion: few, so that the first does not wait long for the last. */
const COMMITS_MAX = 64

/**
 * One promise for consecutive commits of the same durability, which become visible one after the other.
 *
 * @remarks A promise for each commit would cost four objects, a tenth of the time of a commit where many share a sync.
 */
export class CommitCompletion implements CommitWaiter {
  readonly promise: Promise<void>
  readonly durability: Durability | undefined
  #resolve: () => void = nothing
  #reject: (error: unknown) => void = nothing
  #addedCount = 0
  #pendingCount = 0

  constructor(durability: Durability | undefined) {
    this.durability = durability
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** True when no other commit may be added. */
  get isClosed(): boolean {
    return this.#addedCount >= COMMITS_MAX || (this.#addedCount > 0 && this.#pendingCount === 0)
  }

  /** Adds a commit. @param isPart - it was added to the last pending commit, and is acknowledged with it. */
  add(isPart = false): void {
    this.#addedCount++
    if (!isPart) this.#pendingCount++
  }

  /** Acknowledges one pending commit. The promise resolves with the last of them. */
  resolve(): void {
    if (--this.#pendingCount === 0) this.#resolve()
  }

  /** Rejects the promise for all commits, also for those that are visible already: they are in the log with the others. */
  reject(error: unknown): void {
    this.#reject(error)
  }
}

/** The completion that the next commit may join. */
export class OpenCompletion {
  #current: CommitCompletion | undefined = undefined

  /** Returns the completion for a commit of this durability. The commit joins it with `join`. */
  forDurability(durability: Durability | undefined): CommitCompletion {
    const current = this.#current
    if (current !== undefined && !current.isClosed && current.durability === durability) return current
    return new CommitCompletion(durability)
  }

  /** Adds a queued commit to its completion, which later commits may join. @param isPart - as in `CommitCompletion.add`. */
  join(completion: CommitCompletion, isPart: boolean): Promise<void> {
    completion.add(isPart)
    this.#current = completion
    return completion.promise
  }

  /** Makes later commits begin a new completion. */
  close(): void {
    this.#current = undefined
  }
}

function nothing(): void {
  // Replaced by the executor of the promise.
}
