import type { Policy } from './policy.js'

const USES_MAX = 3

/**
 * S3-FIFO: a small queue of a tenth of the frames for new pages, a main queue for pages that were used again or
 * returned soon, and a ghost queue of the page numbers that the small queue evicted.
 *
 * @see Yang et al., "FIFO queues are all you need for cache eviction", 2023
 */
export class S3Fifo implements Policy {
  readonly #smallMax: number
  readonly #frameCount: number
  /** Access counters of the pages of each queue, in insertion order. */
  readonly #small = new Map<number, number>()
  readonly #main = new Map<number, number>()
  readonly #ghost = new Set<number>()

  constructor(frameCount: number) {
    this.#frameCount = frameCount
    this.#smallMax = Math.max(1, Math.floor(frameCount / 10))
  }

  access(page: number): boolean {
    for (const queue of [this.#small, this.#main]) {
      const uses = queue.get(page)
      if (uses === undefined) continue
      queue.set(page, Math.min(USES_MAX, uses + 1))
      return true
    }
    while (this.#small.size + this.#main.size >= this.#frameCount) this.#evictOrReinsert()
    if (this.#ghost.delete(page)) this.#main.set(page, 0)
    else this.#small.set(page, 0)
    return false
  }

  /** Removes the oldest page of a queue: evicts it, promotes it to the main queue, or reinserts it. */
  #evictOrReinsert(): void {
    const isSmall = this.#small.size > this.#smallMax || this.#main.size === 0
    const queue = isSmall ? this.#small : this.#main
    for (const [page, uses] of queue) {
      queue.delete(page)
      if (isSmall && uses > 1) this.#main.set(page, 0)
      else if (isSmall) this.#addGhost(page)
      else if (uses > 0) queue.set(page, uses - 1)
      return
    }
  }

  #addGhost(page: number): void {
    this.#ghost.add(page)
    if (this.#ghost.size <= this.#frameCount - this.#smallMax) return
    for (const oldest of this.#ghost) {
      this.#ghost.delete(oldest)
      return
    }
  }
}
