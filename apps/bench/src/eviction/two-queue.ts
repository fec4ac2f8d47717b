import type { Policy } from './policy.js'

/**
 * 2Q: a FIFO queue of a quarter of the frames for new pages (A1in); a page that returns while its number is in the
 * ghost queue (A1out) enters the LRU queue (Am).
 *
 * @see Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", 1994
 */
export class TwoQueue implements Policy {
  readonly #frameCount: number
  readonly #a1In = new Set<number>()
  readonly #am = new Set<number>()
  readonly #a1Out = new Set<number>()

  constructor(frameCount: number) {
    this.#frameCount = frameCount
  }

  access(page: number): boolean {
    if (this.#am.delete(page)) {
      this.#am.add(page)
      return true
    }
    if (this.#a1In.has(page)) return true
    if (this.#a1In.size + this.#am.size >= this.#frameCount) this.#evict()
    if (this.#a1Out.delete(page)) this.#am.add(page)
    else this.#a1In.add(page)
    return false
  }

  #evict(): void {
    if (this.#a1In.size <= this.#frameCount / 4 && this.#am.size > 0) {
      removeOldest(this.#am)
      return
    }
    this.#a1Out.add(removeOldest(this.#a1In))
    if (this.#a1Out.size > this.#frameCount / 2) removeOldest(this.#a1Out)
  }
}

function removeOldest(pages: Set<number>): number {
  for (const page of pages) {
    pages.delete(page)
    return page
  }
  throw new Error('the queue is empty')
}
