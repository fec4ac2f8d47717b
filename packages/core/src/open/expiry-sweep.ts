import { copyBytes } from '@ldb/base'
import type { Clock, ScheduledTask, Scheduler } from '@ldb/vfs'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import { isExpired } from '../keyspace/expiry.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'

/** Interval between two sweeps, in milliseconds. */
const INTERVAL_MS = 1000
/** Entries of a keyspace that are checked in one sweep, and in one time slice. */
const ENTRIES_MAX = 8192
const SLICE_ENTRIES = 512

/**
 * Deletes expired entries in the background: each sweep checks a part of each keyspace, and wraps around at the end.
 *
 * (X3) It deletes only entries that are still expired when the commit is logged, commits in flight included: an entry that was
 * rewritten stays. The deleted entries were absent from every read already, so no reader waits for the commit.
 */
export class ExpirySweep {
  readonly #state: DatabaseState
  readonly #pipeline: CommitPipeline
  readonly #gate: ReadGate
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  /** By keyspace: the last checked key. */
  readonly #positions: Map<KeyspaceStore, Uint8Array> = new Map()
  #scheduled: ScheduledTask | undefined = undefined
  #running = false

  constructor(
    state: DatabaseState,
    pipeline: CommitPipeline,
    gate: ReadGate,
    environment: { readonly clock: Clock; readonly scheduler: Scheduler },
  ) {
    this.#state = state
    this.#pipeline = pipeline
    this.#gate = gate
    this.#clock = environment.clock
    this.#scheduler = environment.scheduler
  }

  /** Schedules the next sweep, if entries of some keyspace may expire. */
  schedule(): void {
    const { health, keyspaces } = this.#state
    if (this.#scheduled !== undefined || this.#running || health.writeRefusal !== undefined) return
    if (![...keyspaces].some(({ expiry }) => expiry !== undefined)) return
    this.#scheduled = this.#scheduler.after(INTERVAL_MS, () => {
      this.#scheduled = undefined
      void this.#run()
    })
  }

  /** Cancels the next sweep. */
  cancel(): void {
    this.#scheduled?.cancel()
    this.#scheduled = undefined
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (const keyspace of [...this.#state.keyspaces]) {
        if (keyspace.expiry !== undefined) await this.#sweep(keyspace)
      }
    } catch {
      // A failed read is repeated by the next sweep; a failed write has poisoned the database.
    }
    this.#running = false
    this.schedule()
  }

  async #sweep(keyspace: KeyspaceStore): Promise<void> {
    const gate = this.#gate
    for (let checkedCount = 0; checkedCount < ENTRIES_MAX; checkedCount += SLICE_ENTRIES) {
      if (this.#isOver(keyspace)) return
      const expiredKeys: Uint8Array[] = []
      const position = await this.#collect(keyspace, expiredKeys)
      if (expiredKeys.length > 0 && !this.#isOver(keyspace)) await this.#remove(keyspace, expiredKeys)
      if (position === undefined) {
        this.#positions.delete(keyspace)
        return
      }
      this.#positions.set(keyspace, position)
      if (gate.isSliceOver) await gate.yieldThread()
    }
  }

  #isOver(keyspace: KeyspaceStore): boolean {
    return keyspace.dropped || this.#state.health.writeRefusal !== undefined
  }

  /** Collects keys of expired entries from the last position on. Returns the new position; `undefined` at the end of the keyspace. */
  async #collect(keyspace: KeyspaceStore, expiredKeys: Uint8Array[]): Promise<Uint8Array | undefined> {
    const nowMs = this.#clock.now()
    const view = keyspace.rawStore.snapshot()
    const cursor = new RetryableCursor(view.cursor())
    const start = this.#positions.get(keyspace)
    let found = false
    let isMoved = false
    let left = SLICE_ENTRIES
    let position: Uint8Array | undefined
    // A step is retried after a missed page: its progress is in the variables above.
    const step = (): void => {
      for (; left > 0; left--) {
        if (!isMoved)
          found =
            position === undefined && start !== undefined
              ? cursor.seek(start, start.length)
              : position === undefined
                ? cursor.first()
                : cursor.next()
        isMoved = true
        if (!found) return
        const expired = isExpired(cursor.cursor.value, nowMs)
        position = copyBytes(cursor.cursor.key)
        if (expired) expiredKeys.push(position)
        isMoved = false
      }
    }
    try {
      await this.#gate.read(step, () => {
        this.#state.health.assertReadable()
      })
    } finally {
      cursor.cursor.close()
      view.release()
    }
    return found ? position : undefined
  }

  /** Commits the deletion of the keys whose entries are still expired (X3). */
  #remove(keyspace: KeyspaceStore, keys: readonly Uint8Array[]): Promise<void> {
    const commits = this.#pipeline.async
    const { id } = keyspace.descriptor
    return new Promise((resolve, reject) => {
      commits.submit({
        run: (mayBlock) => {
          const batch = commits.takeBatch()
          const fill = (): void => {
            for (const key of keys) {
              // Absent from reads, but present in the raw store: the entry is expired.
              if (commits.valueOf(keyspace, key, key.length) === undefined && keyspace.rawStore.has(key)) {
                batch.expire(id, key)
              }
            }
          }
          try {
            if (mayBlock) fill()
            else if (this.#gate.attempt(fill) === READ_MISS) return READ_MISS
            commits.append(batch, 'none', resolve, reject)
          } catch (error) {
            reject(error)
          }
          return undefined
        },
      })
    })
  }
}
