import { assert } from '@ldb/base'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { compareEntries, Entry } from '../entry/entry.js'

const NO_ENTRY = new Entry()

/**
 * Merges cursors whose entries all have different stamps.
 *
 * @remarks A binary heap over the cursors by their current entries. A walk has one direction from its seek on: the children of a
 * forward walk are at or behind the current entry, those of a backward walk at or before it. To turn, the owner seeks again.
 */
export class MergingCursor implements EntryCursor {
  readonly #children: readonly EntryCursor[]
  /** The valid children; the one with the current entry first. */
  readonly #heap: EntryCursor[] = []
  /** 1 in a forward walk, -1 in a backward walk. */
  #direction = 1

  constructor(children: readonly EntryCursor[]) {
    this.#children = children
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

  #build(direction: number): void {
    const heap = this.#heap
    this.#direction = direction
    heap.length = 0
    for (const child of this.#children) if (child.isValid) heap.push(child)
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index)
  }

  /** Restores the order after the first child has moved. */
  #restoreTop(): void {
    const heap = this.#heap
    if (!heap[0]!.isValid) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    }
    this.#siftDown(0)
  }

  #siftDown(start: number): void {
    const heap = this.#heap
    const moved = heap[start]!
    let index = start
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!this.#isBefore(heap[child]!, moved)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = moved
  }

  #isBefore(a: EntryCursor, b: EntryCursor): boolean {
    return compareEntries(a.entry, b.entry) * this.#direction < 0
  }
}
