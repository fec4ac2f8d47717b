import { slotCount } from './page.js'
import type { PageMemory } from './page-memory.js'
import { childOf, setChildChecksum } from './record.js'

/** Checksum under which a page was written since its parents last recorded one. @internal */
export interface WrittenPage {
  readonly low: number
  readonly high: number
  /** True when the page itself records the checksums of all below it: nothing has to be looked for there. */
  readonly isSettled: boolean
  /** When it was written: grows with each settling begun and ended. */
  readonly time: number
}

/** A settling that has come to its end. */
interface Settling {
  /** What was written before is recorded by every parent in the newest tree. */
  readonly time: number
  /** Epoch at its end: a snapshot of a later one reaches no parent that it has not reached. */
  readonly epoch: number
}

/**
 * Pages that were written down, and of which some parent may still record an older checksum.
 *
 * @remarks A checkpoint settles the tree that it has frozen: each branch of it records its children. What has been written when
 * it begins is then recorded in the newest tree, too, for a branch that is copied meanwhile takes along what is known. What is
 * written while it runs may have been copied around: the next one sees to it. Snapshots that were open meanwhile may reach
 * branches that record older checksums; as long as they are open, nothing is forgotten.
 * @internal
 */
export class WrittenPages {
  /** In the order of their writing. */
  readonly #pages = new Map<number, WrittenPage>()
  #time = 0
  #begunTime = 0
  #frozenEpoch = -1
  /** True when a branch of the frozen tree was copied since it was frozen. */
  #wasCopied = false
  /** When the newest of them was written. */
  #newestTime = 0
  readonly #settlings: Settling[] = []

  /** Pages that are known. */
  get size(): number {
    return this.#pages.size
  }

  get(pageNumber: number): WrittenPage | undefined {
    return this.#pages.get(pageNumber)
  }

  /** Notes that a page was written. */
  set(pageNumber: number, low: number, high: number, isSettled: boolean): void {
    this.#newestTime = this.#time
    this.#pages.delete(pageNumber)
    this.#pages.set(pageNumber, { low, high, isSettled, time: this.#time })
  }

  /** Forgets a page that is in use no more. */
  delete(pageNumber: number): void {
    this.#pages.delete(pageNumber)
  }

  /** Newest epoch of the frozen tree, while that is written down; -1 otherwise. What of it is in memory alone must stay there. */
  get frozenEpoch(): number {
    return this.#frozenEpoch
  }

  /** Notes that the tree of an epoch is about to be written down. */
  beginSettling(frozenEpoch: number): void {
    this.#time += 1
    this.#frozenEpoch = frozenEpoch
    this.#begunTime = this.#time
    this.#wasCopied = false
  }

  /** Lets the copy of a branch that may still have to be settled know all that was written: settling will not see the copy. */
  recordIn(memory: PageMemory, branch: number): void {
    this.#wasCopied = true
    const count = slotCount(memory, branch)
    for (let slot = 0; slot < count; slot += 1) {
      const child = this.#pages.get(childOf(memory, branch, slot))
      if (child !== undefined) setChildChecksum(memory, branch, slot, child.low, child.high)
    }
  }

  /** Notes that the frozen tree is settled; `epoch` is the present one. */
  endSettling(epoch: number): void {
    this.#time += 1
    this.#frozenEpoch = -1
    this.#settlings.push({ time: this.#wasCopied ? this.#begunTime : this.#time, epoch })
  }

  /**
   * Forgets pages whose checksums all parents record.
   *
   * @param oldestPin - epoch of the oldest open snapshot; `Infinity` when none is open.
   * @param most - pages to forget at most.
   * @returns true when none is left that can be forgotten.
   */
  forget(oldestPin: number, most: number): boolean {
    const settlings = this.#settlings
    while (settlings.length > 1 && (settlings[1] as Settling).epoch < oldestPin) settlings.shift()
    const [settling] = settlings
    if (settling === undefined || settling.epoch >= oldestPin) return true
    if (this.#newestTime < settling.time) {
      this.#pages.clear()
      return true
    }
    let left = most
    for (const [pageNumber, { time }] of this.#pages) {
      if (time >= settling.time) return true
      if (left === 0) return false
      left -= 1
      this.#pages.delete(pageNumber)
    }
    return true
  }
}
