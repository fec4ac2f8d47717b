import type { Policy } from './policy.js'

/**
 * A quarter of the frames for newcomers, in order of arrival; what comes back soon after it left them goes to the others, where
 * the least recently used makes room (2Q).
 *
 * @see Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", 1994
 */
export class TwoQueues implements Policy {
  readonly #frameCount: number
  readonly #newcomers = new Set<number>()
  readonly #residents = new Set<number>()
  readonly #gone = new Set<number>()

  constructor(frameCount: number) {
    this.#frameCount = frameCount
  }

  use(page: number): boolean {
    if (this.#residents.delete(page)) {
      this.#residents.add(page)
      return true
    }
    if (this.#newcomers.has(page)) return true
    if (this.#newcomers.size + this.#residents.size >= this.#frameCount) this.#makeRoom()
    if (this.#gone.delete(page)) this.#residents.add(page)
    else this.#newcomers.add(page)
    return false
  }

  #makeRoom(): void {
    if (this.#newcomers.size <= this.#frameCount / 4 && this.#residents.size > 0) {
      takeOldest(this.#residents)
      return
    }
    this.#gone.add(takeOldest(this.#newcomers))
    if (this.#gone.size > this.#frameCount / 2) takeOldest(this.#gone)
  }
}

function takeOldest(pages: Set<number>): number {
  for (const page of pages) {
    pages.delete(page)
    return page
  }
  throw new Error('there is nothing to take')
}
