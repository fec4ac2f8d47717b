import type { CommitWaiter } from '../keyspace/commit-queue.js'
import type { Durability } from '../health/options.js'

/** Commits that share one: few enough that none waits long for the others to be applied. */
const COMMITS_MAX = 64

/**
 * One promise for commits that were called in a row and ask for the same: they become visible in a row, too.
 *
 * @remarks A promise of its own for each would cost a commit four objects, a tenth of its time where many share a sync.
 */
export class CommitCompletion implements CommitWaiter {
  readonly promise: Promise<void>
  readonly durability: Durability | undefined
  #resolve: () => void = nothing
  #reject: (error: unknown) => void = nothing
  #addedCount = 0
  #openCount = 0

  constructor(durability: Durability | undefined) {
    this.durability = durability
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** True when no other commit may be added. */
  get isClosed(): boolean {
    return this.#addedCount >= COMMITS_MAX || (this.#addedCount > 0 && this.#openCount === 0)
  }

  /** Lets one more commit wait for the promise. */
  add(): void {
    this.#addedCount++
    this.#openCount++
  }

  /** One of the commits is acknowledged; the promise is resolved with the last. */
  resolve(): void {
    if (--this.#openCount === 0) this.#resolve()
  }

  /** All that wait get `error`: those that became visible already are in the log with the others. */
  reject(error: unknown): void {
    this.#reject(error)
  }
}

function nothing(): void {
  // Stands in until the promise is made.
}
