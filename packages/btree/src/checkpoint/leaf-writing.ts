import { pageEpoch, pageLevel } from '../page/page.js'
import type { Pages } from '../pager/pages.js'
import { FOUND_PAGES_MAX, SLICE_PAGES, SLICE_SEARCHED } from '../space/time-slices.js'
import { writeDirty } from './page-writing.js'

/**
 * Writes the dirty leaves of the frozen tree, a few at a time, to pages that no durable checkpoint reaches. Their checksums are pending
 * until their parents record them. Frozen leaves do not change any more, and no leaf becomes one, so that one pass over the page numbers
 * finds all.
 *
 * @internal
 */
export class LeafWriting {
  readonly #pages: Pages
  /** Page numbers of dirty leaves, in ascending order. */
  #found: Int32Array = new Int32Array(0)
  #next = 0
  /** Page number from which the search for leaves continues; -1 at the end of the file. */
  #searchFrom = 0

  constructor(pages: Pages) {
    this.#pages = pages
  }

  /** Writes the next few leaves; returns true when all are written. */
  step(): boolean {
    if (this.#next === this.#found.length) {
      if (this.#searchFrom < 0) return true
      this.#find()
    }
    const { arenas, space } = this.#pages
    const batch: number[] = []
    while (batch.length < SLICE_PAGES && this.#next < this.#found.length) {
      const pageNumber = this.#found[this.#next] as number
      this.#next += 1
      const frame = space.peek(pageNumber)
      // The page may have been evicted or retired since it was found.
      if (frame < 0 || !this.#isFrozenDirtyLeaf(frame)) continue
      this.#pages.writeBack.updateChecksum(arenas.pageOf(frame))
      batch.push(pageNumber)
    }
    writeDirty(this.#pages, batch, false)
    return false
  }

  #find(): void {
    const { space } = this.#pages
    const found = new Int32Array(FOUND_PAGES_MAX)
    let count = 0
    this.#searchFrom = space.visitFrom(this.#searchFrom, SLICE_SEARCHED, (pageNumber, frame) => {
      if (count === FOUND_PAGES_MAX) return false
      if (!this.#isFrozenDirtyLeaf(frame)) return true
      found[count] = pageNumber
      count += 1
      return true
    })
    this.#found = found.subarray(0, count)
    this.#next = 0
  }

  #isFrozenDirtyLeaf(frame: number): boolean {
    const { arenas, space, pendingChecksums } = this.#pages
    if (!space.isDirty(frame)) return false
    const page = arenas.pageOf(frame)
    const memory = arenas.of(page)
    return pageLevel(memory, page) === 0 && pageEpoch(memory, page) <= pendingChecksums.frozenEpoch
  }
}
