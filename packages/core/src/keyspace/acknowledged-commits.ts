import type { PendingCommit } from './commit-queue.js'

/** Commits that may wait: few enough that whoever looks first does not wait long. */
const COMMITS_MAX = 1024
/** A larger commit is applied before it is acknowledged: it may need room on the device, which may be full. */
const COMMIT_BYTES_MAX = 2048

/**
 * Commits that were acknowledged, and are not in the stores yet.
 *
 * (C11) Whoever looks at a store, or asks how far commits have come, has them brought in first: nobody can tell that they were
 * not there. They come in by themselves while the next sync runs, which is time that nobody else uses, or when there is no next
 * one.
 */
export class AcknowledgedCommits {
  /** True while there are any: then `look` comes before a store is touched. */
  isWaiting = false
  #commits: PendingCommit[] = []
  #apply: (run: readonly PendingCommit[]) => void = nothing
  #check: () => void = nothing

  /**
   * @param apply - brings commits into the stores; never throws.
   * @param check - throws when that has failed.
   */
  bind(apply: (run: readonly PendingCommit[]) => void, check: () => void): void {
    this.#apply = apply
    this.#check = check
  }

  /** Number of the newest; `undefined` when there is none. */
  get newestSeq(): number | undefined {
    return this.#commits.at(-1)?.seq
  }

  /** Takes commits that follow on those that it has; false when they should not wait. */
  add(run: readonly PendingCommit[]): boolean {
    if (this.#commits.length + run.length > COMMITS_MAX) return false
    for (const { batch } of run) if (batch !== undefined && batch.byteLength > COMMIT_BYTES_MAX) return false
    for (const commit of run) this.#commits.push(commit)
    this.isWaiting = true
    return true
  }

  /** Brings all of them into the stores. */
  applyDeferred(): void {
    if (!this.isWaiting) return
    const run = this.#commits
    this.#commits = []
    this.isWaiting = false
    this.#apply(run)
  }

  /** As `enter`, for somebody who is going to look. @throws {@link LdbError} LDB_POISONED when it fails. */
  applyBeforeRead(): void {
    if (!this.isWaiting) return
    this.applyDeferred()
    this.#check()
  }
}

function nothing(): void {
  // Stands in while there are no commits.
}
