/** A page used this often outlives that many rounds of the hand. */
const USES_MAX = 3

/**
 * Chooses which frame to give up: the CLOCK algorithm with a small use counter (GCLOCK).
 *
 * @remarks A page comes in with no use to its name and gains one per touch, up to three; the hand takes one away each
 * time it passes, and takes the first frame that has none. So a scan, which touches a page once, pushes out its
 * own pages before those that are used again and again.
 * @internal
 */
export class ClockHand {
  readonly #uses: Uint8Array
  #position = 0

  constructor(frameCount: number) {
    this.#uses = new Uint8Array(frameCount)
  }

  /** Notes a use of a page. */
  touch(frame: number): void {
    const uses = this.#uses[frame] as number
    if (uses < USES_MAX) this.#uses[frame] = uses + 1
  }

  /** Notes that a new page came into a frame. */
  place(frame: number): void {
    this.#uses[frame] = 0
  }

  /** Gives an unpinned frame, all of which must hold pages, or -1 when every one is pinned. */
  choose(pins: Int32Array): number {
    const uses = this.#uses
    const frameCount = uses.length
    for (let step = 0; step < frameCount * (USES_MAX + 1); step += 1) {
      const frame = this.#position
      this.#position = frame + 1 === frameCount ? 0 : frame + 1
      if (pins[frame] !== 0) continue
      const count = uses[frame] as number
      if (count === 0) return frame
      uses[frame] = count - 1
    }
    return -1
  }
}
