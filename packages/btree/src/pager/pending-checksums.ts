import { slotCount } from '../page/page.js'
import type { PageMemory } from '../page/memory.js'
import { childOf, setChildChecksum } from '../page/record.js'
import { ChecksumTable } from './checksum-table.js'

/** Checksum under which a page was written since its parents last recorded one. @internal */
export interface PendingChecksum {
  readonly low: number
  readonly high: number
}

/** A settling that has come to its end. */
interface ChecksumPropagation {
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
export class PendingChecksums {
  /** The mark of a page is twice the time of its writing, and 1 more when it is settled. */
  readonly #table = new ChecksumTable()
  /** Grows with each settling begun and ended. */
  #time = 0
  #begunTime = 0
  /** When the newest of the pages was written. */
  #newestTime = 0
  #frozenEpoch = -1
  /** True when a page came to the newest tree since the tree was frozen, by a copy or new: settling sees neither it nor its parent. */
  #hasNewPage = false
  readonly #settlings: ChecksumPropagation[] = []
  /** Pages written before this are thrown out by the sweep that is under way; 0 when none is. */
  #sweepTime = 0
  /** Pages written before this were thrown out. */
  #sweptTime = 0

  /** Returns what a page was written as, until the next call; `undefined` when its parents know. */
  get(pageNumber: number): PendingChecksum | undefined {
    return this.#table.find(pageNumber) ? this.#table : undefined
  }

  /** Reports whether a page was written before all pages below it were known to it. */
  isUnpropagated(pageNumber: number): boolean {
    return this.#table.find(pageNumber) && (this.#table.mark & 1) === 0
  }

  /** Notes that a page was written; when it is settled, it records the checksums of all pages below it. */
  set(pageNumber: number, low: number, high: number, isSettled: boolean): void {
    this.#newestTime = this.#time
    this.#table.set(pageNumber, low, high, this.#time * 2 + (isSettled ? 1 : 0))
  }

  /** Forgets a page that is in use no more. */
  delete(pageNumber: number): void {
    this.#table.delete(pageNumber)
  }

  /** Newest epoch of the frozen tree, while that is written down; -1 otherwise. What of it is in memory alone must stay there. */
  get frozenEpoch(): number {
    return this.#frozenEpoch
  }

  /** Notes that the tree of an epoch is about to be written down. */
  beginPropagation(frozenEpoch: number): void {
    this.#time += 1
    this.#frozenEpoch = frozenEpoch
    this.#begunTime = this.#time
    this.#hasNewPage = false
  }

  /** Notes that a page was made or copied, and so is in no tree that was frozen before: a branch, or a leaf that is the root. */
  noteNewPage(): void {
    this.#hasNewPage = true
  }

  /**
   * Lets a branch know all that was written, if it has children from a page of the epoch `made` which may still have to be settled,
   * as its copy or by a merge: settling will not see it.
   */
  recordIn(memory: PageMemory, branch: number, made: number): void {
    if (made > this.#frozenEpoch) return
    const count = slotCount(memory, branch)
    for (let slot = 0; slot < count; slot += 1) {
      const child = this.get(childOf(memory, branch, slot))
      if (child !== undefined) setChildChecksum(memory, branch, slot, child.low, child.high)
    }
  }

  /** Notes that the frozen tree is settled; `epoch` is the present one. */
  endPropagation(epoch: number): void {
    this.#time += 1
    this.#frozenEpoch = -1
    this.#settlings.push({ time: this.#hasNewPage ? this.#begunTime : this.#time, epoch })
  }

  /**
   * Forgets pages whose checksums all parents record.
   *
   * @param oldestPin - epoch of the oldest open snapshot; `Infinity` when none is open.
   * @param looks - pages to look at, at most.
   * @returns true when none is left that can be forgotten.
   */
  forget(oldestPin: number, looks: number): boolean {
    if (this.#sweepTime === 0) {
      const settledTime = this.#settledTime(oldestPin)
      if (settledTime <= this.#sweptTime) return true
      if (this.#newestTime < settledTime) {
        this.#table.clear()
        this.#sweptTime = settledTime
        return true
      }
      this.#sweepTime = settledTime
      this.#table.beginSweep()
    }
    if (!this.#table.sweep(this.#sweepTime * 2, looks)) return false
    this.#sweptTime = this.#sweepTime
    this.#sweepTime = 0
    return true
  }

  /** What was written before is recorded by every parent that somebody reaches. */
  #settledTime(oldestPin: number): number {
    const settlings = this.#settlings
    while (settlings.length > 1 && (settlings[1] as ChecksumPropagation).epoch < oldestPin) settlings.shift()
    const [settling] = settlings
    return settling === undefined || settling.epoch >= oldestPin ? 0 : settling.time
  }
}
