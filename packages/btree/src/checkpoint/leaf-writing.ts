import { pageEpoch, pageLevel } from '../page/page.js'
import type { Pages } from '../pager/pages.js'
import { writeDirty } from './page-writing.js'
import { FOUND_PAGES_MAX, SLICE_PAGES } from '../space/time-slices.js'

/**
 * Writes the changed leaves of the frozen tree down, a few at a time: to pages that nothing durable reaches, their checksums
 * noted until their parents record them. They do not change any more, so that each is written once.
 *
 * @internal
 */
export class LeafWriting {
  readonly #pages: Pages
  #found: Int32Array = new Int32Array(0)
  #next = 0

  constructor(pages: Pages) {
    this.#pages = pages
  }

  /** Writes some more; true when all are written. */
  run(): boolean {
    if (this.#next === this.#found.length) {
      this.#find()
      if (this.#found.length === 0) return true
    }
    const { memory, space } = this.#pages
    const turn: number[] = []
    while (turn.length < SLICE_PAGES && this.#next < this.#found.length) {
      const pageNumber = this.#found[this.#next] as number
      this.#next += 1
      const frame = space.peek(pageNumber)
      // It may have been written to make room, or given up, meanwhile.
      if (frame < 0 || !this.#isWanted(frame)) continue
      this.#pages.writeBack.updateChecksum(frame * memory.pageBytes)
      turn.push(pageNumber)
    }
    writeDirty(this.#pages, turn, false)
    return false
  }

  #find(): void {
    const { space } = this.#pages
    const found = new Int32Array(FOUND_PAGES_MAX)
    let count = 0
    space.forEach((pageNumber, frame) => {
      if (count === FOUND_PAGES_MAX || !this.#isWanted(frame)) return
      found[count] = pageNumber
      count += 1
    })
    this.#found = found.subarray(0, count).sort()
    this.#next = 0
  }

  #isWanted(frame: number): boolean {
    const { memory, space, pendingChecksums } = this.#pages
    if (!space.isDirty(frame)) return false
    const page = frame * memory.pageBytes
    return pageLevel(memory, page) === 0 && pageEpoch(memory, page) <= pendingChecksums.frozenEpoch
  }
}
