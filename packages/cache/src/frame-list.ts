/**
 * Frames in order of arrival, in one of several lists that share their links: each list is a ring of its own.
 *
 * @internal
 */
export class FrameList {
  readonly #next: Int32Array
  readonly #previous: Int32Array
  #oldest = -1
  #count = 0

  constructor(next: Int32Array, previous: Int32Array) {
    this.#next = next
    this.#previous = previous
  }

  get count(): number {
    return this.#count
  }

  /** Returns the frame that came first; the list must not be empty. */
  get oldest(): number {
    return this.#oldest
  }

  /** Adds a frame that is in no list, as the newest. */
  add(frame: number): void {
    const oldest = this.#count === 0 ? frame : this.#oldest
    const newest = this.#count === 0 ? frame : (this.#previous[oldest] as number)
    this.#next[newest] = frame
    this.#previous[frame] = newest
    this.#next[frame] = oldest
    this.#previous[oldest] = frame
    this.#oldest = oldest
    this.#count += 1
  }

  /** Takes a frame out, which must be in this list. */
  remove(frame: number): void {
    const next = this.#next[frame] as number
    const previous = this.#previous[frame] as number
    this.#next[previous] = next
    this.#previous[next] = previous
    if (frame === this.#oldest) this.#oldest = next
    this.#count -= 1
  }

  /** Makes a frame of this list the newest: of the oldest, nothing moves but where the ring begins. */
  renew(frame: number): void {
    if (frame === this.#oldest) {
      this.#oldest = this.#next[frame] as number
      return
    }
    this.remove(frame)
    this.add(frame)
  }
}
