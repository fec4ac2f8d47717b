import type { Clock, ScheduledTask, Scheduler } from '@ldb/vfs'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import { KeyspaceSweep } from './keyspace-sweep.js'

/** Bounds of the wait for the next slice, in milliseconds. The upper one bounds how late a clock that was set forward is noticed. */
const WAIT_MS_MIN = 10
const WAIT_MS_MAX = 1000
/** Delay of a slice from which on the program counts as one that does not yield to the event loop. */
const OVERDUE_MS = 50
/** Duration of work after which the event loop runs. */
const SLICE_MS = 1
/** Commits of removed entries that may be in flight. */
const REMOVALS_MAX = 2

/**
 * Removes expired entries in the background, in time slices of about a millisecond, as fast as they expire.
 *
 * (X3) It removes only entries that are still expired when the commit is logged, commits in flight included: an entry that was
 * rewritten stays. The removed entries were absent from every read already, so no reader waits for the commit.
 *
 * While no entry is known to expire, it does nothing. A program that commits synchronously and does not yield to the event
 * loop performs the slices after its commits, in at most half of its time.
 */
export class ExpirySweep {
  readonly #state: DatabaseState
  readonly #pipeline: CommitPipeline
  readonly #gate: ReadGate
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #sweeps: Map<KeyspaceStore, KeyspaceSweep> = new Map()
  #scheduled: ScheduledTask | undefined = undefined
  #isRunning = false
  #isCancelled = false
  /** Time of the wall clock up to which the scheduled slice waits. */
  #scheduledFor = Infinity
  /** Time of the monotonic clock from which synchronous commits perform slices. */
  #overdueAtMs = Infinity
  #isInCommit = false

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

  /** Schedules the next slice, if entries of some keyspace may expire. */
  schedule(waitMsMin: number = WAIT_MS_MIN): void {
    if (this.#isRunning || this.#isCancelled || this.#state.health.writeRefusal !== undefined) return
    let delayMs = Infinity
    for (const sweep of this.#liveSweeps()) delayMs = Math.min(delayMs, sweep.delayMs())
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    this.#scheduledFor = Infinity
    this.#overdueAtMs = Infinity
    if (delayMs === Infinity) return
    const waitMs = Math.min(WAIT_MS_MAX, Math.max(waitMsMin, delayMs))
    this.#scheduledFor = this.#clock.now() + waitMs
    this.#overdueAtMs = this.#clock.monotonic() + waitMs + OVERDUE_MS
    this.#scheduled = this.#scheduler.after(waitMs, () => {
      this.#scheduled = undefined
      void this.#run()
    })
  }

  /** Cancels the next slice. */
  cancel(): void {
    this.#isCancelled = true
    this.#scheduled?.cancel()
    this.#scheduled = undefined
    this.#overdueAtMs = Infinity
  }

  /**
   * Called after each commit of the synchronous API. Performs a slice when the program has not yielded to the event loop since one was
   * due.
   */
  afterCommit(): void {
    if (this.#overdueAtMs === Infinity || this.#isInCommit) return
    const startedAtMs = this.#clock.monotonic()
    if (startedAtMs < this.#overdueAtMs) return
    this.#isInCommit = true
    try {
      const isDue = this.#sliceInCommit()
      const endedAtMs = this.#clock.monotonic()
      this.#overdueAtMs = isDue ? 2 * endedAtMs - startedAtMs : endedAtMs + WAIT_MS_MIN
    } catch {
      // A failed read is repeated by the next walk; a failed write has poisoned the database.
      this.#overdueAtMs = startedAtMs + WAIT_MS_MAX
    }
    this.#isInCommit = false
  }

  /** Returns the sweeps of the keyspaces whose entries may expire. */
  #liveSweeps(): KeyspaceSweep[] {
    for (const keyspace of this.#sweeps.keys()) if (keyspace.dropped) this.#sweeps.delete(keyspace)
    for (const keyspace of this.#state.keyspaces) {
      const { expiry } = keyspace
      if (expiry === undefined || this.#sweeps.has(keyspace)) continue
      this.#sweeps.set(keyspace, new KeyspaceSweep(keyspace, expiry, this.#clock))
      expiry.times.onEarlier(() => {
        if (expiry.times.earliest < this.#scheduledFor) this.schedule()
      })
    }
    return [...this.#sweeps.values()]
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let waitMs = WAIT_MS_MIN
    try {
      const removals: Promise<void>[] = []
      let sliceEndMs = this.#clock.monotonic() + SLICE_MS
      for (let sweep = this.#dueSweep(); sweep !== undefined; sweep = this.#dueSweep()) {
        this.#overdueAtMs = this.#clock.monotonic() + OVERDUE_MS
        const expiredKeys = await this.#collect(sweep)
        if (expiredKeys.length > 0 && !this.#isOver(sweep.keyspace)) {
          removals.push(this.#remove(sweep.keyspace, expiredKeys))
        }
        if (removals.length >= REMOVALS_MAX) await removals.shift()
        if (this.#clock.monotonic() < sliceEndMs) continue
        await this.#gate.yieldThread()
        sliceEndMs = this.#clock.monotonic() + SLICE_MS
      }
      await Promise.all(removals)
    } catch {
      // A failed read is repeated by the next walk; a failed write has poisoned the database.
      waitMs = WAIT_MS_MAX
    }
    this.#isRunning = false
    this.schedule(waitMs)
  }

  /** Collects the keys of expired entries of one slice, and loads missing pages off the thread. */
  async #collect(sweep: KeyspaceSweep): Promise<readonly Uint8Array[]> {
    const slice = sweep.beginSlice()
    const step = (): void => {
      slice.step()
    }
    try {
      await this.#gate.read(step, () => {
        this.#state.health.assertReadable()
      })
    } finally {
      slice.close()
    }
    sweep.endSlice(slice)
    return slice.expiredKeys
  }

  #isOver(keyspace: KeyspaceStore): boolean {
    return keyspace.dropped || this.#isCancelled || this.#state.health.writeRefusal !== undefined
  }

  /** Returns a sweep of which a slice is due. */
  #dueSweep(): KeyspaceSweep | undefined {
    return this.#liveSweeps().find((sweep) => !this.#isOver(sweep.keyspace) && sweep.delayMs() === 0)
  }

  /** Performs a slice of a sweep that is due. Returns false when none is. */
  #sliceInCommit(): boolean {
    const sweep = this.#dueSweep()
    if (sweep === undefined) return false
    this.#pipeline.drain()
    const slice = sweep.beginSlice()
    try {
      slice.step()
    } finally {
      slice.close()
    }
    sweep.endSlice(slice)
    const { expiredKeys } = slice
    if (expiredKeys.length === 0) return true
    const batch = this.#pipeline.batches.take()
    try {
      for (const key of expiredKeys) batch.expire(sweep.keyspace.descriptor.id, key)
      this.#pipeline.commit(batch, 'none')
    } finally {
      this.#pipeline.batches.release(batch)
    }
    return true
  }

  /**
   * Commits the removal of the keys whose entries are still expired (X3). Never rejects: after a failed read, they stay until the next
   * walk, and a failed write has poisoned the database.
   */
  #remove(keyspace: KeyspaceStore, keys: readonly Uint8Array[]): Promise<void> {
    const commits = this.#pipeline.async
    const { id } = keyspace.descriptor
    return new Promise((resolve) => {
      const end = (): void => {
        resolve()
      }
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
            commits.append(batch, 'none', end, end)
          } catch {
            end()
          }
          return undefined
        },
      })
    })
  }
}
