import type { Policy } from './policy.js'

/** Gives up what was not used for longest (LRU). */
export class LeastRecent implements Policy {
  readonly #frameCount: number
  /** In the order of their last use. */
  readonly #pages = new Set<number>()

  constructor(frameCount: number) {
    this.#frameCount = frameCount
  }

  use(page: number): boolean {
    const isThere = this.#pages.delete(page)
    this.#pages.add(page)
    if (this.#pages.size > this.#frameCount) for (const oldest of this.#pages) return this.#drop(oldest)
    return isThere
  }

  #drop(page: number): false {
    this.#pages.delete(page)
    return false
  }
}
