import { assert } from '@ldb/base'

/** Fewer pages than this are not looked through for those that only a younger snapshot reached. */
const SCAN_MIN = 64

/** Pages that are out of use but still seen by somebody. */
interface HeldPages {
  readonly page: number
  readonly count: number
  /** Epoch in which they were made. */
  readonly made: number
  /** Epoch in which they were given up. */
  readonly freed: number
}

/**
 * Holds pages back until nobody reaches them.
 *
 * @remarks A snapshot or checkpoint of epoch *e* reaches the pages with made ≤ *e* < freed, and no others. So a page may be
 * used again when no open snapshot and not the durable checkpoint lies in that span (B1). A page given up in
 * the epoch in which it was made was never seen by anybody and is free at once.
 * @internal
 */
export class Reclaim {
  readonly #release: (page: number, count: number) => void
  /** Open snapshots by epoch, the oldest first: an epoch that is pinned is never below one that was pinned before. */
  readonly #pins = new Map<number, number>()
  /** Reached by the durable checkpoint, or by one that is to become durable: nothing else matters until it is. */
  #heldByCheckpoint: HeldPages[] = []
  /** Reached by snapshots alone. */
  #heldBySnapshots: HeldPages[] = []
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
    const isOldest = this.#pins.keys().next().value === epoch
    this.#pins.delete(epoch)
    // The oldest snapshot holds by far the most. What only a younger one held is looked for when the held pages have
    // doubled, so that pages do not pile up behind one long reader and each is looked at a few times only.
    if (isOldest || this.#heldBySnapshots.length >= this.#scanAt) this.#releaseUnpinned()
  }

  /** Notes pages that the present tree no longer reaches. */
  giveUp(page: number, count: number, made: number, freed: number): void {
    if (made === freed) {
      this.#release(page, count)
      return
    }
    assert(made < freed, 'pages are given up after they were made')
    this.#heldCount += count
    const held = { page, count, made, freed }
    if (made <= this.#checkpointEpoch) this.#heldByCheckpoint.push(held)
    else if (this.#isPinned(held)) this.#heldBySnapshots.push(held)
    else this.#releaseHeld(held)
  }

  /** Notes that a checkpoint of `epoch` is being made: what it reaches is held as what the durable one reaches. */
  freeze(epoch: number): void {
    this.#checkpointEpoch = epoch
  }

  /** Notes that the checkpoint of `epoch` is durable: what only the one before it reached becomes free. */
  advance(epoch: number): void {
    assert(epoch === this.#checkpointEpoch, 'a checkpoint is frozen before it is durable')
    const held = this.#heldByCheckpoint
    this.#heldByCheckpoint = []
    for (const each of held) {
      if (each.made <= epoch && epoch < each.freed) this.#heldByCheckpoint.push(each)
      else if (this.#isPinned(each)) this.#heldBySnapshots.push(each)
      else this.#releaseHeld(each)
    }
  }

  /** Calls `visit` for all pages that are held back: a new checkpoint does not reach them. */
  forEachHeld(visit: (page: number, count: number) => void): void {
    for (const each of this.#heldByCheckpoint) visit(each.page, each.count)
    for (const each of this.#heldBySnapshots) visit(each.page, each.count)
  }

  #releaseUnpinned(): void {
    const held = this.#heldBySnapshots
    this.#heldBySnapshots = []
    for (const each of held) {
      if (this.#isPinned(each)) this.#heldBySnapshots.push(each)
      else this.#releaseHeld(each)
    }
    this.#scanAt = Math.max(SCAN_MIN, this.#heldBySnapshots.length * 2)
  }

  #releaseHeld(held: HeldPages): void {
    this.#heldCount -= held.count
    this.#release(held.page, held.count)
  }

  #isPinned(held: HeldPages): boolean {
    for (const epoch of this.#pins.keys()) if (held.made <= epoch && epoch < held.freed) return true
    return false
  }
}
