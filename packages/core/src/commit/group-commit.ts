import { LdbError } from '@ldb/base'
import type { AcknowledgedCommits } from '../keyspace/acknowledged-commits.js'
import type { CommitQueue, PendingCommit } from '../keyspace/commit-queue.js'
import type { BackgroundSync } from '../log/background-sync.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { BackgroundCheckpoint } from './background-checkpoint.js'
import type { BatchPool } from './batch-pool.js'
import type { OpenCompletion } from './completion.js'
import { unknownOutcome } from './failure.js'
import { GroupPrefetch } from './prefetch.js'
import type { DatabaseState } from './state.js'

/** Microtask rounds in which callers that continue immediately may still join a group. */
const GATHER_ROUNDS = 4
/** Commits that become visible together. */
const GROUP_COMMITS_MAX = 64

/** Makes logged commits visible. */
export interface CommitApplier {
  /** Number of the newest visible commit. */
  readonly seq: number
  /** Applies logged commits together; each is as durable as requested. Entries without a batch are skipped. */
  applyLogged(group: readonly PendingCommit[], areAcknowledged: boolean): void
}

/** The queues and buffers that group commit shares with the callers of commits. */
export interface QueuedCommits {
  readonly queue: CommitQueue
  readonly batches: BatchPool
  readonly completions: OpenCompletion
}

/**
 * Group commit: syncs queued commits together, and makes them visible in order.
 *
 * All commits that are queued while a sync runs share the next one. (C3) When a write or sync of the log fails, every queued
 * commit is rejected with an unknown outcome.
 */
export class GroupCommit {
  readonly #state: DatabaseState
  readonly #queued: QueuedCommits
  readonly #applier: CommitApplier
  readonly #gate: ReadGate
  readonly #background: BackgroundCheckpoint
  readonly #backgroundSync: BackgroundSync
  readonly #onIdle: () => void
  readonly #prefetch: GroupPrefetch
  readonly #acknowledged: AcknowledgedCommits
  #isRunning = false

  /** @param onIdle - called when no commit is queued any more. */
  constructor(
    state: DatabaseState,
    queued: QueuedCommits,
    applier: CommitApplier,
    gate: ReadGate,
    background: BackgroundCheckpoint,
    backgroundSync: BackgroundSync,
    onIdle: () => void,
  ) {
    this.#state = state
    this.#queued = queued
    this.#applier = applier
    this.#gate = gate
    this.#background = background
    this.#backgroundSync = backgroundSync
    this.#onIdle = onIdle
    this.#prefetch = new GroupPrefetch(queued.queue, state.keyspaces, gate)
    this.#acknowledged = state.keyspaces.acknowledged
    this.#acknowledged.bind(
      (commits) => {
        this.#applyAcknowledged(commits)
      },
      () => {
        state.health.assertReadable()
      },
    )
  }

  /** True while groups are committed in the background. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Commits queued entries in the background, until the queue is empty. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  /** Makes all queued commits durable as requested, and visible, before it returns. Failures reject the commits, and poison. */
  drain(): void {
    this.#acknowledged.applyDeferred()
    const { queue } = this.#queued
    const { log } = this.#state
    const last = queue.last
    if (last === undefined) return
    try {
      if (queue.wantsFlush) {
        log.flush()
        queue.noteFlushed(last.seq)
        if (!queue.wantsSync) this.#backgroundSync.noteAppended()
      }
      if (queue.wantsSync) {
        log.sync()
        queue.noteSynced(last.seq)
      }
    } catch (error) {
      this.fail(error)
      return
    }
    for (let group = this.#takeReady(); group.length > 0; group = this.#takeReady())
      this.#applyThenAcknowledge(group)
  }

  /** Poisons the database, and rejects every queued commit: whether it is in the log is unknown (C3). */
  fail(error: unknown): void {
    this.#state.health.fail(error, false)
    this.#rejectAll(error)
  }

  async #run(): Promise<void> {
    const prepared = this.#background.beforeGroups()
    if (prepared !== undefined) await prepared
    for (;;) {
      for (let round = 0; round < GATHER_ROUNDS; round++) await Promise.resolve()
      if (this.#queued.queue.length === 0) break
      await this.#commitGroup()
      if (this.#gate.isSliceOver) await this.#gate.yieldThread()
      const throttled = this.#background.afterGroup()
      if (throttled !== undefined) await throttled
    }
    this.#isRunning = false
    // No further sync follows during which they could be applied.
    this.#acknowledged.applyDeferred()
    this.#onIdle()
  }

  /** Makes all currently queued commits durable as requested, then visible. */
  async #commitGroup(): Promise<void> {
    const { queue, completions } = this.#queued
    const { log } = this.#state
    const last = queue.last
    if (last === undefined) return
    // Callers that arrive from now on join the next group.
    completions.close()
    try {
      // A commit at `none` waits only for the commits before it.
      const wantsSync = queue.wantsSync
      const logged = wantsSync ? log.syncAsync() : queue.wantsFlush ? log.flushAsync() : undefined
      // The sync is submitted one microtask round later. While the device works, the previous group is applied.
      await Promise.resolve()
      this.#acknowledged.applyDeferred()
      const prefetched = this.#prefetch.run(this.#applier.seq)
      await logged
      await prefetched
      if (logged !== undefined) queue.noteFlushed(last.seq)
      if (wantsSync) queue.noteSynced(last.seq)
      else if (logged !== undefined) this.#backgroundSync.noteAppended()
    } catch (error) {
      this.fail(error)
      return
    }
    await this.#makeVisible(last.seq)
  }

  /**
   * Acknowledges the commits that are durable as requested. They are applied first where a page may have to be loaded.
   *
   * @param lastSeq - number of the last commit of the group.
   */
  async #makeVisible(lastSeq: number): Promise<void> {
    const { queue } = this.#queued
    for (;;) {
      const { first } = queue
      if (first !== undefined && first.seq <= lastSeq && !this.#prefetch.hasChecked(first.seq))
        await this.#prefetch.run(this.#applier.seq)
      const group = this.#takeReady()
      if (group.length === 0) return
      if (this.#prefetch.isWarm && this.#acknowledged.add(group))
        for (const { waiter } of group) waiter.resolve()
      else this.#applyThenAcknowledge(group)
      if (queue.length > 0 && this.#gate.isSliceOver) await this.#gate.yieldThread()
    }
  }

  #takeReady(): PendingCommit[] {
    return this.#queued.queue.takeReady(GROUP_COMMITS_MAX)
  }

  /**
   * Applies commits, and then acknowledges them. After a failure it is unknown which of them are in the stores: all are
   * rejected with the same error (C3), and all are in the log.
   */
  #applyThenAcknowledge(group: readonly PendingCommit[]): void {
    this.#acknowledged.applyDeferred()
    try {
      this.#apply(group, false)
    } catch (error) {
      for (const { waiter } of group) waiter.reject(error)
      this.#rejectAll(error)
      return
    }
    for (const { waiter } of group) waiter.resolve()
  }

  /** Applies acknowledged commits. They are in the log: a failure rejects only the commits behind them. */
  #applyAcknowledged(commits: readonly PendingCommit[]): void {
    try {
      this.#gate.allowBlocking(() => {
        this.#apply(commits, true)
      })
    } catch (error) {
      this.#rejectAll(error)
    }
  }

  #apply(commits: readonly PendingCommit[], areAcknowledged: boolean): void {
    this.#applier.applyLogged(commits, areAcknowledged)
    for (const { batch } of commits) if (batch !== undefined) this.#queued.batches.release(batch)
  }

  #rejectAll(cause: unknown): void {
    const { queue } = this.#queued
    for (let commit = queue.shift(); commit !== undefined; commit = queue.shift()) {
      commit.waiter.reject(
        cause instanceof LdbError && cause.code === 'LDB_COMMIT_UNKNOWN'
          ? cause
          : unknownOutcome('a write or sync failed while the commit was in flight', cause),
      )
    }
  }
}
