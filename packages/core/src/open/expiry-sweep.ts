import { copyBytes } from '@ldb/base'
import type { Clock, Scheduled, Scheduler } from '@ldb/vfs'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { Health } from '../health/health.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { isExpired } from '../keyspace/expiry.js'

/** How often the sweep goes on, in milliseconds. */
const INTERVAL_MS = 1000
/** Entries of a keyspace that it looks at each time, and at once. */
const ENTRIES_MAX = 8192
const SLICE_ENTRIES = 512

/** What the sweep works with. */
export interface SweepParts {
  readonly health: Health
  readonly keyspaces: KeyspaceTable
  readonly pipeline: CommitPipeline
  readonly gate: ReadGate
  readonly clock: Clock
  readonly scheduler: Scheduler
}

/**
 * Removes expired entries in the background, a part of each keyspace at a time, round and round.
 *
 * (X3) It only removes what is expired still when the commit is logged, commits in flight included: an entry that was written
 * anew stays. What it removes was absent for everybody already, so nothing waits for it.
 */
export class ExpirySweep {
  readonly #parts: SweepParts
  /** Where it goes on in each keyspace. */
  readonly #places: Map<KeyspaceStore, Uint8Array> = new Map()
  #planned: Scheduled | undefined = undefined
  #running = false

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  /** Makes sure that the sweep goes on, when there is a keyspace for it. */
  plan(): void {
    const { health, keyspaces, scheduler } = this.#parts
    if (this.#planned !== undefined || this.#running || health.writeRefusal !== undefined) return
    if (![...keyspaces].some(({ expiry }) => expiry !== undefined)) return
    this.#planned = scheduler.after(INTERVAL_MS, () => {
      this.#planned = undefined
      void this.#run()
    })
  }

  /** Ends it. */
  cancel(): void {
    this.#planned?.cancel()
    this.#planned = undefined
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (const keyspace of [...this.#parts.keyspaces]) {
        if (keyspace.expiry !== undefined) await this.#sweep(keyspace)
      }
    } catch {
      // What could not be read or written is met again by others, or by the next round; a failed write has poisoned.
    }
    this.#running = false
    this.plan()
  }

  async #sweep(keyspace: KeyspaceStore): Promise<void> {
    const { gate } = this.#parts
    for (let looked = 0; looked < ENTRIES_MAX; looked += SLICE_ENTRIES) {
      if (this.#isOver(keyspace)) return
      const dead: Uint8Array[] = []
      const place = await this.#collect(keyspace, dead)
      if (dead.length > 0 && !this.#isOver(keyspace)) await this.#remove(keyspace, dead)
      if (place === undefined) {
        this.#places.delete(keyspace)
        return
      }
      this.#places.set(keyspace, place)
      if (gate.isSliceOver) await gate.yieldThread()
    }
  }

  #isOver(keyspace: KeyspaceStore): boolean {
    return keyspace.dropped || this.#parts.health.writeRefusal !== undefined
  }

  /** Gathers keys of expired entries from where it was; gives where it is then, `undefined` at the end. */
  async #collect(keyspace: KeyspaceStore, dead: Uint8Array[]): Promise<Uint8Array | undefined> {
    const nowMs = this.#parts.clock.now()
    const view = keyspace.sealedStore.snapshot()
    const cursor = new RetryableCursor(view.cursor())
    const from = this.#places.get(keyspace)
    let found = false
    let isMoved = false
    let left = SLICE_ENTRIES
    let place: Uint8Array | undefined
    const step = (): void => {
      for (; left > 0; left--) {
        if (!isMoved)
          found =
            place === undefined && from !== undefined
              ? cursor.seek(from, from.length)
              : this.#go(cursor, place)
        isMoved = true
        if (!found) return
        const expired = isExpired(cursor.cursor.value, nowMs)
        place = copyBytes(cursor.cursor.key)
        if (expired) dead.push(place)
        isMoved = false
      }
    }
    try {
      await this.#parts.gate.read(step, () => {
        this.#parts.health.assertReadable()
      })
    } finally {
      cursor.cursor.close()
      view.release()
    }
    return found ? place : undefined
  }

  #go(cursor: RetryableCursor, place: Uint8Array | undefined): boolean {
    return place === undefined ? cursor.first() : cursor.next()
  }

  /** Commits the removal of those that are expired still (X3). */
  #remove(keyspace: KeyspaceStore, keys: readonly Uint8Array[]): Promise<void> {
    const commits = this.#parts.pipeline.async
    const { id } = keyspace.descriptor
    return new Promise((resolve, reject) => {
      commits.submit({
        run: (mayWait) => {
          const batch = commits.takeBatch()
          const fill = (): void => {
            for (const key of keys) {
              // Absent to everybody, and there in the store: that is one to remove.
              if (commits.valueOf(keyspace, key, key.length) === undefined && keyspace.sealedStore.has(key)) {
                batch.expire(id, key)
              }
            }
          }
          try {
            if (mayWait) fill()
            else if (this.#parts.gate.attempt(fill) === READ_MISS) return READ_MISS
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
