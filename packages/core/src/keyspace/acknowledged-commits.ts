import type { PendingCommit } from './commit-queue.js'

/** Commits that may be deferred: few, so that the read that applies them does not wait long. */
const COMMITS_MAX = 1024
/** A larger commit is applied before it is acknowledged: it may need space on the device, which may be full. */
const COMMIT_BYTES_MAX = 2048

/**
 * Commits that are acknowledged, and not yet applied to the stores.
 *
 * (C11) They are applied before each read of a store or of the newest commit number, so the delay is not observable. Otherwise
 * they are applied while the next sync runs, when the thread is idle, or at once when no sync follows.
 */
export class AcknowledgedCommits {
  /** True while there are any: call `applyBeforeRead` before reading a store. */
  isPending = false
  #commits: PendingCommit[] = []
  /** Number of commits, of which an entry may contain several. */
  #count = 0
  #apply: (commits: readonly PendingCommit[]) => void = nothing
  #assertReadable: () => void = nothing

  /**
   * Connects the commit queue, which applies the commits.
   *
   * @param apply - applies commits to the stores; never throws.
   * @param assertReadable - throws when an application has failed.
   */
  bind(apply: (commits: readonly PendingCommit[]) => void, assertReadable: () => void): void {
    this.#apply = apply
    this.#assertReadable = assertReadable
  }

  /** Number of the newest commit; `undefined` when there is none. */
  get newestSeq(): number | undefined {
    return this.#commits.at(-1)?.seq
  }

  /** Adds the next commits. Returns false, and adds none, when they must be applied before they are acknowledged. */
  add(group: readonly PendingCommit[]): boolean {
    let count = this.#count
    for (const { batch, commitCount } of group) {
      if (batch !== undefined && batch.byteLength > COMMIT_BYTES_MAX * commitCount) return false
      count += commitCount
    }
    if (count > COMMITS_MAX) return false
    this.#count = count
    for (const commit of group) this.#commits.push(commit)
    this.isPending = true
    return true
  }

  /** Applies all of them to the stores. */
  applyDeferred(): void {
    if (!this.isPending) return
    const commits = this.#commits
    this.#commits = []
    this.#count = 0
    this.isPending = false
    this.#apply(commits)
  }

  /** Applies all of them before a read. @throws {@link LdbError} LDB_POISONED when an application has failed. */
  applyBeforeRead(): void {
    if (!this.isPending) return
    this.applyDeferred()
    this.#assertReadable()
  }
}

function nothing(): void {
  // Replaced by `bind`. Before that there are no commits.
}
