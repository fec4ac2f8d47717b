import type { Policy } from './policy.js'

/** LRU: evicts the least recently used page. */
export class Lru implements Policy {
  readonly #frameCount: number
  /** Pages from the least to the most recently used. */
  readonly #pages = new Set<number>()

  constructor(frameCount: number) {
    this.#frameCount = frameCount
  }

  access(page: number): boolean {
    const isHit = this.#pages.delete(page)
    this.#pages.add(page)
    if (this.#pages.size > this.#frameCount) for (const oldest of this.#pages) return this.#evict(oldest)
    return isHit
  }

  #evict(page: number): false {
    this.#pages.delete(page)
    return false
  }
}
