import { compareByteRanges } from '@ldb/base'
import { compareEntries } from '../entry/entry.js'
import type { Entry } from '../entry/entry.js'
import { keyHead48 } from './key-head-48.js'
import type { MergeSource } from './merge-source.js'
import type { TableRun } from './table-run.js'

/**
 * Merges runs whose entries all have different stamps.
 *
 * @remarks A binary heap over the runs by the heads of their current keys: six bytes behind a prefix that all keys share. All bytes are
 * compared only where these are equal.
 */
export class RunMerge implements MergeSource {
  isNewKey = true
  readonly #runs: readonly TableRun[]
  readonly #prefixBytes: number
  /** The valid runs; the one with the current entry first. */
  readonly #heap: TableRun[] = []
  /** Heads of their keys. */
  readonly #heads: Float64Array

  /** @param prefixBytes - length of a common prefix of the keys of all runs. */
  constructor(runs: readonly TableRun[], prefixBytes: number) {
    this.#runs = runs
    this.#prefixBytes = prefixBytes
    this.#heads = new Float64Array(runs.length)
  }

  get isValid(): boolean {
    return this.#heap.length > 0
  }

  get entry(): Entry {
    return this.#heap[0]!.entry
  }

  first(beforeReuse: () => void): void {
    const heap = this.#heap
    for (const run of this.#runs) {
      run.first(beforeReuse)
      if (!run.isValid) continue
      this.#heads[heap.length] = this.#headOf(run.entry)
      heap.push(run)
    }
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index)
  }

  next(): void {
    const heap = this.#heap
    const heads = this.#heads
    const moved = heap[0]!
    const previousHead = heads[0]!
    const { entry } = moved
    const previousStamp = entry.stamp
    moved.next()
    if (moved.isValid) heads[0] = this.#headOf(entry)
    else {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
      heads[0] = heads[heap.length]!
    }
    this.#siftDown(0)
    if (heads[0]! > previousHead) this.isNewKey = true
    else this.#compareToPrevious(moved, previousHead, previousStamp)
  }

  /** Sets `isNewKey` where the head does not decide, and checks that the entries of the merge ascend. */
  #compareToPrevious(moved: TableRun, previousHead: number, previousStamp: number): void {
    const top = this.#heap[0]!
    const { keyBuffer, keyStart, keyEnd, stamp } = top.entry
    const { previousKey, previousKeyBytes } = moved
    const order =
      this.#heads[0]! < previousHead
        ? -1
        : compareByteRanges(keyBuffer, keyStart, keyEnd, previousKey, 0, previousKeyBytes)
    // A table whose entries lie outside its bounds would be merged into others that are out of order.
    if (order < 0 || (order === 0 && stamp >= previousStamp)) throw top.fault()
    this.isNewKey = order > 0
  }

  #siftDown(start: number): void {
    const heap = this.#heap
    const heads = this.#heads
    const moved = heap[start]!
    const head = heads[start]!
    const count = heap.length
    let index = start
    for (let child = 2 * index + 1; child < count; child = 2 * index + 1) {
      if (child + 1 < count && this.#isBefore(child + 1, heads[child]!, heap[child]!)) child++
      if (!this.#isBefore(child, head, moved)) break
      heap[index] = heap[child]!
      heads[index] = heads[child]!
      index = child
    }
    heap[index] = moved
    heads[index] = head
  }

  /** Reports whether the entry at a place of the heap is before that of a run. */
  #isBefore(index: number, head: number, run: TableRun): boolean {
    const own = this.#heads[index]!
    return own === head ? compareEntries(this.#heap[index]!.entry, run.entry) < 0 : own < head
  }

  #headOf({ keyBuffer, keyEnd }: Entry): number {
    return keyHead48(keyBuffer, this.#prefixBytes, keyEnd)
  }
}
