import type { Policy } from './policy.js'

const USES_MAX = 3

/**
 * GCLOCK: each hit increments a counter of the frame; the clock hand decrements counters and evicts the first frame
 * whose counter is zero.
 */
export class GClock implements Policy {
  readonly #frameOf = new Map<number, number>()
  readonly #pages: Int32Array
  readonly #uses: Uint8Array
  #hand = 0

  constructor(frameCount: number) {
    this.#pages = new Int32Array(frameCount).fill(-1)
    this.#uses = new Uint8Array(frameCount)
  }

  access(page: number): boolean {
    const frame = this.#frameOf.get(page)
    if (frame !== undefined) {
      this.#uses[frame] = Math.min(USES_MAX, this.#uses[frame]! + 1)
      return true
    }
    const victim = this.#selectVictim()
    this.#frameOf.delete(this.#pages[victim]!)
    this.#frameOf.set(page, victim)
    this.#pages[victim] = page
    return false
  }

  #selectVictim(): number {
    for (;;) {
      const frame = this.#hand
      this.#hand = (frame + 1) % this.#pages.length
      if (this.#uses[frame] === 0) return frame
      this.#uses[frame] = this.#uses[frame]! - 1
    }
  }
}
