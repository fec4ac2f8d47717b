import { assert } from '@ldb/base'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { compareEntries, Entry } from '../entry/entry.js'

const NO_ENTRY = new Entry()

/**
 * Merges cursors whose entries all have different stamps.
 *
 * @remarks A binary heap over the cursors by their current entries. A walk has one direction from its seek on: the children of a
 * forward walk are at or behind the current entry, those of a backward walk at or before it. To turn, the owner seeks again. Entries are
 * compared by their heads, six bytes behind a prefix that all keys share, and by all of their bytes only where these are equal.
 */
export class MergingCursor implements EntryCursor {
  readonly #children: readonly EntryCursor[]
  /** Length of a common prefix of the keys of all children; -1 when no heads are used. */
  readonly #prefixBytes: number
  /** The valid children; the one with the current entry first. */
  readonly #heap: EntryCursor[] = []
  /** Heads of their entries. */
  readonly #heads: Float64Array
  /** 1 in a forward walk, -1 in a backward walk. */
  #direction = 1

  /** @param prefixBytes - length of a common prefix of the keys of all children, if it is known. */
  constructor(children: readonly EntryCursor[], prefixBytes = -1) {
    this.#children = children
    this.#prefixBytes = prefixBytes
    this.#heads = new Float64Array(children.length)
  }

  /** The current entry: that of a child. */
  get entry(): Entry {
    return this.#heap[0]?.entry ?? NO_ENTRY
  }

  get isValid(): boolean {
    return this.#heap.length > 0
  }

  first(): void {
    for (const child of this.#children) child.first()
    this.#build(1)
  }

  last(): void {
    for (const child of this.#children) child.last()
    this.#build(-1)
  }

  seek(key: Uint8Array, keyBytes: number, stamp: number): void {
    for (const child of this.#children) child.seek(key, keyBytes, stamp)
    this.#build(1)
  }

  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void {
    for (const child of this.#children) child.seekBackward(key, keyBytes, stamp)
    this.#build(-1)
  }

  next(): void {
    assert(this.#direction === 1, 'a backward walk does not turn')
    this.#heap[0]!.next()
    this.#restoreTop()
  }

  previous(): void {
    assert(this.#direction === -1, 'a forward walk does not turn')
    this.#heap[0]!.previous()
    this.#restoreTop()
  }

  release(): void {
    this.#heap.length = 0
    for (const child of this.#children) child.release()
  }

  #build(direction: number): void {
    const heap = this.#heap
    this.#direction = direction
    heap.length = 0
    for (const child of this.#children) {
      if (!child.isValid) continue
      this.#heads[heap.length] = this.#headOf(child)
      heap.push(child)
    }
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index)
  }

  /** Restores the order after the first child has moved. */
  #restoreTop(): void {
    const heap = this.#heap
    const [top] = heap
    if (top!.isValid) this.#heads[0] = this.#headOf(top!)
    else {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
      this.#heads[0] = this.#heads[heap.length]!
    }
    this.#siftDown(0)
  }

  #siftDown(start: number): void {
    const heap = this.#heap
    const heads = this.#heads
    const moved = heap[start]!
    const head = heads[start]!
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (
        child + 1 < heap.length &&
        this.#isBefore(heads[child + 1]!, heap[child + 1]!, heads[child]!, heap[child]!)
      )
        child++
      if (!this.#isBefore(heads[child]!, heap[child]!, head, moved)) break
      heap[index] = heap[child]!
      heads[index] = heads[child]!
      index = child
    }
    heap[index] = moved
    heads[index] = head
  }

  #isBefore(headA: number, a: EntryCursor, headB: number, b: EntryCursor): boolean {
    const order = headA === headB ? compareEntries(a.entry, b.entry) : headA - headB
    return order * this.#direction < 0
  }

  #headOf(child: EntryCursor): number {
    if (this.#prefixBytes < 0) return 0
    const { keyBuffer, keyStart, keyEnd } = child.entry
    const start = keyStart + this.#prefixBytes
    if (start + 6 <= keyEnd) {
      const high = (keyBuffer[start]! << 16) | (keyBuffer[start + 1]! << 8) | keyBuffer[start + 2]!
      const low = (keyBuffer[start + 3]! << 16) | (keyBuffer[start + 4]! << 8) | keyBuffer[start + 5]!
      return high * 2 ** 24 + low
    }
    let head = 0
    for (let index = start; index < start + 6; index++)
      head = head * 256 + (index < keyEnd ? keyBuffer[index]! : 0)
    return head
  }
}
