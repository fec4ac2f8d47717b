import type { PendingCommit } from './async-commit-queue.js'

/** Commits that may wait, and their bytes: few enough that whoever looks first does not wait long. */
const COMMITS_MAX = 1024
const BYTES_MAX = 1 << 20

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
  #byteCount = 0
  #apply: (run: readonly PendingCommit[]) => void = nothing
  #check: () => void = nothing

  /**
   * @param apply - brings commits into the stores; never throws.
   * @param check - throws when that has failed.
   */
  whenLookedAt(apply: (run: readonly PendingCommit[]) => void, check: () => void): void {
    this.#apply = apply
    this.#check = check
  }

  /** Number of the newest; `undefined` when there is none. */
  get newestSeq(): number | undefined {
    return this.#commits.at(-1)?.seq
  }

  /** True when no more should be added. */
  get isFull(): boolean {
    return this.#commits.length >= COMMITS_MAX || this.#byteCount >= BYTES_MAX
  }

  /** Takes commits that follow on those that it has. */
  add(run: readonly PendingCommit[]): void {
    for (const commit of run) {
      this.#commits.push(commit)
      this.#byteCount += commit.batch?.byteLength ?? 0
    }
    this.isWaiting = true
  }

  /** Brings all of them into the stores. */
  enter(): void {
    if (!this.isWaiting) return
    const run = this.#commits
    this.#commits = []
    this.#byteCount = 0
    this.isWaiting = false
    this.#apply(run)
  }

  /** As `enter`, for somebody who is going to look. @throws {@link LdbError} LDB_POISONED when it fails. */
  look(): void {
    if (!this.isWaiting) return
    this.enter()
    this.#check()
  }
}

function nothing(): void {
  // Stands in while there are no commits.
}
