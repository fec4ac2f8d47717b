import { assert } from '@ldb/base'
import { PendingFreeList, passOn, spanOf } from './pending-free-list.js'
import type { HeldSpan } from './pending-free-list.js'
import { SLICE_SPANS } from './time-slices.js'

/** Fewer pages than this are not looked through for those that only a younger snapshot reached. */
const SCAN_MIN = 64
/** Held pages that each page given up looks at, so that what a snapshot has left behind is looked through in the end. */
const LOOKS_AT_GIVING_UP = 4

/**
 * Holds pages back until nobody reaches them.
 *
 * @remarks A snapshot or checkpoint of epoch *e* reaches the pages with made ≤ *e* < freed, and no others. So a page may be
 * used again when no open snapshot and not the durable checkpoint lies in that span (B1). A page given up in
 * the epoch in which it was made was never seen by anybody and is free at once.
 *
 * Nothing looks at all held pages at once: there may be millions when a long snapshot ends.
 * @internal
 */
export class Reclaim {
  readonly #release: (page: number, count: number) => void
  /** Open snapshots by epoch, the oldest first: an epoch that is pinned is never below one that was pinned before. */
  readonly #pins = new Map<number, number>()
  /** Reached by the checkpoint that was frozen last: nothing else matters until there is a newer one. */
  #heldByCheckpoint = new PendingFreeList()
  /** Reached by the durable checkpoint only, and given up before the one was frozen that is to become durable. */
  #leaving: HeldSpan = { list: new PendingFreeList(), next: 0, end: 0 }
  /** Reached by snapshots alone. */
  #heldBySnapshots = new PendingFreeList()
  /** Held by snapshots of which some have gone: what is left to be looked at. */
  readonly #sifting: HeldSpan[] = []
  /** Length of `#heldBySnapshots` from which looking through it pays again. */
  #scanAt = SCAN_MIN
  /** Newest epoch that a checkpoint has frozen, be it durable yet or not. */
  #checkpointEpoch: number
  #heldCount = 0

  /** @param release - called with pages that may be used again. */
  constructor(durableEpoch: number, release: (page: number, count: number) => void) {
    this.#checkpointEpoch = durableEpoch
    this.#release = release
  }

  /** Pages that are held back. */
  get heldCount(): number {
    return this.#heldCount
  }

  /** Open snapshots. */
  get pinCount(): number {
    let count = 0
    for (const pins of this.#pins.values()) count += pins
    return count
  }

  /** True while a snapshot is open. */
  get isPinned(): boolean {
    return this.#pins.size > 0
  }

  /** Epoch of the oldest open snapshot; `Infinity` when none is open. */
  get oldestPin(): number {
    for (const epoch of this.#pins.keys()) return epoch
    return Infinity
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
    // The oldest snapshot holds by far the most. What only a younger one held is looked for when the held pages have
    // doubled, so that pages do not pile up behind one long reader and each is looked at a few times only.
    if (isOldest || this.#heldBySnapshots.length >= this.#scanAt) this.#beginSifting()
    this.sift(SLICE_SPANS)
  }

  /** Notes pages that the present tree no longer reaches. */
  retire(page: number, count: number, made: number, freed: number): void {
    if (made === freed) {
      this.#release(page, count)
      return
    }
    assert(made < freed, 'pages are given up after they were made')
    this.#heldCount += count
    if (made <= this.#checkpointEpoch) this.#heldByCheckpoint.push(page, count, made, freed)
    else this.#holdOrRelease(page, count, made, freed)
    if (this.#sifting.length > 0) this.sift(LOOKS_AT_GIVING_UP)
  }

  /**
   * Notes that a checkpoint of `epoch` is being made: what it reaches is held as what the durable one reaches.
   *
   * @returns what is held at this moment: the checkpoint does not reach it, and it will be free once that is durable.
   */
  freeze(epoch: number): HeldSpan[] {
    assert(this.#leaving.next === this.#leaving.end, 'one checkpoint is made at a time')
    this.#checkpointEpoch = epoch
    this.#leaving = spanOf(this.#heldByCheckpoint)
    this.#heldByCheckpoint = new PendingFreeList()
    return this.#spans()
  }

  /**
   * Once the checkpoint of `epoch` is durable: what only the one before it reached becomes free.
   *
   * @param looks - held pages that are looked at, at most.
   * @returns true when all were; until then, it is to be called again.
   */
  advance(epoch: number, looks = Infinity): boolean {
    assert(epoch === this.#checkpointEpoch, 'a checkpoint is frozen before it is durable')
    const leaving = this.#leaving
    passOn(leaving, looks, this.#holdOrRelease)
    return leaving.next === leaving.end
  }

  /**
   * Looks through what snapshots that have gone may have held.
   *
   * @param looks - held pages that are looked at, at most.
   * @returns true when nothing is left to be looked through.
   */
  sift(looks = Infinity): boolean {
    if (this.#sifting.length === 0) return true
    let left = looks
    for (let span = this.#sifting[0]; span !== undefined && left > 0; span = this.#sifting[0]) {
      left -= passOn(span, left, this.#holdOrRelease)
      if (span.next === span.end) this.#sifting.shift()
    }
    if (this.#sifting.length > 0) return false
    this.#scanAt = Math.max(SCAN_MIN, this.#heldBySnapshots.length * 2)
    return true
  }

  /** Calls `visit` for all pages that are held back: a new checkpoint does not reach them. */
  forEachHeld(visit: (page: number, count: number) => void): void {
    for (const span of this.#spans()) passOn(span, Infinity, visit)
  }

  /** All that is held now, as spans of their own. */
  #spans(): HeldSpan[] {
    const lists = [this.#heldByCheckpoint, this.#heldBySnapshots]
    return [this.#leaving, ...this.#sifting, ...lists.map(spanOf)].map((span) => ({ ...span }))
  }

  #beginSifting(): void {
    if (this.#heldBySnapshots.length === 0) return
    this.#sifting.push(spanOf(this.#heldBySnapshots))
    this.#heldBySnapshots = new PendingFreeList()
  }

  readonly #holdOrRelease = (page: number, count: number, made: number, freed: number): void => {
    if (this.#isReached(made, freed)) {
      this.#heldBySnapshots.push(page, count, made, freed)
      return
    }
    this.#heldCount -= count
    this.#release(page, count)
  }

  #isReached(made: number, freed: number): boolean {
    for (const epoch of this.#pins.keys()) if (made <= epoch && epoch < freed) return true
    return false
  }
}
