import { slotCount } from '../page/page.js'
import type { PageMemory } from '../page/memory.js'
import { childOf, setChildChecksum } from '../page/record.js'
import { ChecksumTable } from './checksum-table.js'

/** The checksum with which a page was last written. @internal */
export interface PendingChecksum {
  readonly low: number
  readonly high: number
}

/** A checksum propagation that has ended. */
interface EndedPropagation {
  /** Every parent in the newest tree records the checksums of the pages that were written before this time. */
  readonly time: number
  /** Epoch at its end. A snapshot of a later epoch reaches no parent that the propagation missed. */
  readonly epoch: number
}

/**
 * Checksums of written pages which some parent does not record yet.
 *
 * @remarks A checkpoint propagates checksums through the tree that it has frozen: each of its branches records its children. The
 * newest tree then records every page that was written before the propagation began, too, because a branch that is copied
 * meanwhile takes over the pending checksums. Pages that are written during the propagation may have been copied around it; the
 * next propagation records them. Snapshots that were open meanwhile may reach branches with older checksums; nothing is
 * dropped while they are open.
 *
 * Times count the beginnings and ends of propagations.
 * @internal
 */
export class PendingChecksums {
  /** The mark of a page is twice the time of its write, plus 1 when the page recorded the checksums of all pages below it. */
  readonly #table = new ChecksumTable()
  #time = 0
  /** Time at which the newest propagation began. */
  #begunTime = 0
  /** Time of the newest write. */
  #newestTime = 0
  #frozenEpoch = -1
  /** True when a page was allocated or copied since the tree was frozen: the propagation visits neither it nor its parent. */
  #hasNewPage = false
  readonly #ended: EndedPropagation[] = []
  /** The current sweep drops pages written before this time; 0 when no sweep runs. */
  #sweepTime = 0
  /** Pages written before this time are dropped. */
  #sweptTime = 0

  /** Returns the checksum of a page that some parent may not record, or undefined. The next call overwrites the result. */
  get(pageNumber: number): PendingChecksum | undefined {
    return this.#table.find(pageNumber) ? this.#table : undefined
  }

  /** Reports whether a page was written before it recorded the checksums of all pages below it. */
  isUnpropagated(pageNumber: number): boolean {
    return this.#table.find(pageNumber) && (this.#table.mark & 1) === 0
  }

  /**
   * Adds the checksum of a page that was written.
   *
   * @param isPropagated - true when the page records the checksums of all pages below it.
   */
  set(pageNumber: number, low: number, high: number, isPropagated: boolean): void {
    this.#newestTime = this.#time
    this.#table.set(pageNumber, low, high, this.#time * 2 + (isPropagated ? 1 : 0))
  }

  /** Removes a page that was freed. */
  delete(pageNumber: number): void {
    this.#table.delete(pageNumber)
  }

  /**
   * Returns the newest epoch of the frozen tree while a checkpoint writes it, and -1 otherwise. Pages of the frozen tree that
   * exist in memory alone must stay there.
   */
  get frozenEpoch(): number {
    return this.#frozenEpoch
  }

  /** Notes that the tree was frozen at the end of an epoch and its checksums will be propagated. */
  beginPropagation(frozenEpoch: number): void {
    this.#time += 1
    this.#frozenEpoch = frozenEpoch
    this.#begunTime = this.#time
    this.#hasNewPage = false
  }

  /** Notes that a page was allocated or copied and so belongs to no tree that was frozen before. */
  noteNewPage(): void {
    this.#hasNewPage = true
  }

  /**
   * Writes pending checksums into a branch that has received children of a frozen branch, by a copy or a merge: the propagation
   * will not visit it.
   *
   * @param birthEpoch - epoch of the page that the children are from. Nothing is done when that page is not frozen.
   */
  recordIn(memory: PageMemory, branch: number, birthEpoch: number): void {
    if (birthEpoch > this.#frozenEpoch) return
    const count = slotCount(memory, branch)
    for (let slot = 0; slot < count; slot += 1) {
      const child = this.get(childOf(memory, branch, slot))
      if (child !== undefined) setChildChecksum(memory, branch, slot, child.low, child.high)
    }
  }

  /** Notes the end of a propagation. `epoch` is the current epoch. */
  endPropagation(epoch: number): void {
    this.#time += 1
    this.#frozenEpoch = -1
    this.#ended.push({ time: this.#hasNewPage ? this.#begunTime : this.#time, epoch })
  }

  /**
   * Drops pages whose checksums all parents record.
   *
   * @param oldestPin - epoch of the oldest open snapshot; `Infinity` when none is open.
   * @param budget - table slots to examine, at most.
   * @returns true when no page is left that can be dropped.
   */
  forget(oldestPin: number, budget: number): boolean {
    if (this.#sweepTime === 0) {
      const recordedTime = this.#recordedTime(oldestPin)
      if (recordedTime <= this.#sweptTime) return true
      if (this.#newestTime < recordedTime) {
        this.#table.clear()
        this.#sweptTime = recordedTime
        return true
      }
      this.#sweepTime = recordedTime
      this.#table.beginSweep()
    }
    if (!this.#table.sweep(this.#sweepTime * 2, budget)) return false
    this.#sweptTime = this.#sweepTime
    this.#sweepTime = 0
    return true
  }

  /** Returns the time before which every reachable parent records all writes. */
  #recordedTime(oldestPin: number): number {
    const ended = this.#ended
    while (ended.length > 1 && (ended[1] as EndedPropagation).epoch < oldestPin) ended.shift()
    const [first] = ended
    return first === undefined || first.epoch >= oldestPin ? 0 : first.time
  }
}
