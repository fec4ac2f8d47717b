import { assert } from '@ldb/base'
import { drainSpan, PendingFreeList, spanOf } from './pending-free-list.js'
import type { PendingSpan } from './pending-free-list.js'
import { SLICE_SPANS } from './time-slices.js'

/** Shorter lists are not swept for pages that only a younger snapshot reached. */
const SWEEP_MIN = 64
/** Entries that each retirement sweeps, so that a sweep ends even when nothing else continues it. */
const SWEEP_PER_RETIREMENT = 4

/**
 * Delays the reuse of retired pages until nothing reaches them any more.
 *
 * @remarks A snapshot or checkpoint of epoch *e* reaches the pages with birth epoch ≤ *e* < death epoch, and no others. A page
 * is free when neither an open snapshot nor the durable checkpoint is in that range (B1). A page that is retired in its
 * birth epoch is free at once, because nothing else has reached it.
 *
 * The lists may have millions of entries when a long snapshot ends. They are swept a part at a time, never at once.
 * @internal
 */
export class Reclaim {
  readonly #release: (page: number, count: number) => void
  /** Number of open snapshots and held checkpoints by epoch. */
  readonly #pins = new Map<number, number>()
  /** Pages that the last frozen checkpoint reaches: they wait for a newer one, whatever snapshots are open. */
  #reachedByCheckpoint = new PendingFreeList()
  /** Pages that only the durable checkpoint reaches: retired before the checkpoint was frozen that is to replace it. */
  #reachedByPrevious: PendingSpan = { list: new PendingFreeList(), next: 0, end: 0 }
  /** Pages that only snapshots reach. */
  #reachedBySnapshots = new PendingFreeList()
  /** Former lists of pages that only snapshots reached, some of which have been released: the reclaim sweep. */
  readonly #sweeping: PendingSpan[] = []
  /** Length of the list of snapshots' pages from which the next sweep pays. */
  #sweepAt = SWEEP_MIN
  /** Epoch of the last frozen checkpoint, durable or not. */
  #checkpointEpoch: number
  #pendingCount = 0

  /** @param release - called with pages that are free. */
  constructor(durableEpoch: number, release: (page: number, count: number) => void) {
    this.#checkpointEpoch = durableEpoch
    this.#release = release
  }

  /** Number of retired pages that are not free yet. */
  get pendingCount(): number {
    return this.#pendingCount
  }

  /** Number of open snapshots. */
  get pinCount(): number {
    let count = 0
    for (const pins of this.#pins.values()) count += pins
    return count
  }

  /** Reports whether a snapshot is open. */
  get isPinned(): boolean {
    return this.#pins.size > 0
  }

  /** Epoch of the oldest open snapshot; `Infinity` when none is open. */
  get oldestPin(): number {
    let oldest = Infinity
    for (const epoch of this.#pins.keys()) oldest = Math.min(oldest, epoch)
    return oldest
  }

  pin(epoch: number): void {
    this.#pins.set(epoch, (this.#pins.get(epoch) ?? 0) + 1)
  }

  unpin(epoch: number): void {
    const count = this.#pins.get(epoch)
    assert(count !== undefined, 'unpin follows a pin')
    if (count > 1) {
      this.#pins.set(epoch, count - 1)
      return
    }
    const isOldest = this.oldestPin === epoch
    this.#pins.delete(epoch)
    // The oldest snapshot reaches by far the most pages. Those of younger ones are swept when the list has doubled: so they
    // do not accumulate behind one long reader, and the sweeps process each entry a few times only.
    if (isOldest || this.#reachedBySnapshots.length >= this.#sweepAt) this.#beginSweep()
    this.sweep(SLICE_SPANS)
  }

  /** Retires pages: the present tree no longer reaches them. */
  retire(page: number, count: number, birthEpoch: number, deathEpoch: number): void {
    if (birthEpoch === deathEpoch) {
      this.#release(page, count)
      return
    }
    assert(birthEpoch < deathEpoch, 'the birth epoch of retired pages is not above the death epoch')
    this.#pendingCount += count
    if (birthEpoch <= this.#checkpointEpoch) {
      this.#reachedByCheckpoint.push(page, count, birthEpoch, deathEpoch)
    } else this.#keepOrRelease(page, count, birthEpoch, deathEpoch)
    if (this.#sweeping.length > 0) this.sweep(SWEEP_PER_RETIREMENT)
  }

  /**
   * Begins the checkpoint of `epoch`: the pages that it reaches stay pending until a later checkpoint.
   *
   * @returns the pages that are pending now. The checkpoint does not reach them: they are free once it is durable.
   */
  freeze(epoch: number): PendingSpan[] {
    assert(
      this.#reachedByPrevious.next === this.#reachedByPrevious.end,
      'the previous checkpoint is complete before the next one is frozen',
    )
    this.#checkpointEpoch = epoch
    this.#reachedByPrevious = spanOf(this.#reachedByCheckpoint)
    this.#reachedByCheckpoint = new PendingFreeList()
    return this.#spans()
  }

  /**
   * Releases pages that only the previous checkpoint reached. Called when the checkpoint of `epoch` is durable.
   *
   * @param budget - entries to process, at most.
   * @returns false when entries remain: the caller calls again.
   */
  advance(epoch: number, budget = Infinity): boolean {
    assert(epoch === this.#checkpointEpoch, 'a checkpoint is frozen before it is durable')
    const previous = this.#reachedByPrevious
    drainSpan(previous, budget, this.#keepOrRelease)
    return previous.next === previous.end
  }

  /**
   * Continues the reclaim sweep, which releases pages that only released snapshots reached.
   *
   * @param budget - entries to process, at most.
   * @returns true when the sweep is complete.
   */
  sweep(budget = Infinity): boolean {
    if (this.#sweeping.length === 0) return true
    let left = budget
    for (let span = this.#sweeping[0]; span !== undefined && left > 0; span = this.#sweeping[0]) {
      left -= drainSpan(span, left, this.#keepOrRelease)
      if (span.next === span.end) this.#sweeping.shift()
    }
    if (this.#sweeping.length > 0) return false
    this.#sweepAt = Math.max(SWEEP_MIN, this.#reachedBySnapshots.length * 2)
    return true
  }

  /** Calls `visit` with all pending pages. */
  forEachPending(visit: (page: number, count: number) => void): void {
    for (const span of this.#spans()) drainSpan(span, Infinity, visit)
  }

  /** Returns all pending entries, as copies of the spans. */
  #spans(): PendingSpan[] {
    const lists = [this.#reachedByCheckpoint, this.#reachedBySnapshots]
    return [this.#reachedByPrevious, ...this.#sweeping, ...lists.map(spanOf)].map((span) => ({ ...span }))
  }

  #beginSweep(): void {
    if (this.#reachedBySnapshots.length === 0) return
    this.#sweeping.push(spanOf(this.#reachedBySnapshots))
    this.#reachedBySnapshots = new PendingFreeList()
  }

  readonly #keepOrRelease = (page: number, count: number, birthEpoch: number, deathEpoch: number): void => {
    if (this.#isReachedBySnapshot(birthEpoch, deathEpoch)) {
      this.#reachedBySnapshots.push(page, count, birthEpoch, deathEpoch)
      return
    }
    this.#pendingCount -= count
    this.#release(page, count)
  }

  #isReachedBySnapshot(birthEpoch: number, deathEpoch: number): boolean {
    for (const epoch of this.#pins.keys()) if (birthEpoch <= epoch && epoch < deathEpoch) return true
    return false
  }
}
