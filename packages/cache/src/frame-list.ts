/**
 * A FIFO list of frames: a circular doubly linked list over link arrays that all lists of a cache share. A frame is in at
 * most one list.
 *
 * @internal
 */
export class FrameList {
  #next: Int32Array
  #previous: Int32Array
  #oldest = -1
  #count = 0

  constructor(next: Int32Array, previous: Int32Array) {
    this.#next = next
    this.#previous = previous
  }

  /** Replaces the link arrays by longer ones with the same links. */
  replaceLinks(next: Int32Array, previous: Int32Array): void {
    this.#next = next
    this.#previous = previous
  }

  get count(): number {
    return this.#count
  }

  /** The oldest frame. The list must not be empty. */
  get oldest(): number {
    return this.#oldest
  }

  /** Appends a frame, which must be in no list, as the newest. */
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

  /** Removes a frame, which must be in this list. */
  remove(frame: number): void {
    const next = this.#next[frame] as number
    const previous = this.#previous[frame] as number
    this.#next[previous] = next
    this.#previous[next] = previous
    if (frame === this.#oldest) this.#oldest = next
    this.#count -= 1
  }

  /** Moves a frame of this list to the newest position. For the oldest frame, only the head of the ring advances. */
  moveToNewest(frame: number): void {
    if (frame === this.#oldest) {
      this.#oldest = this.#next[frame] as number
      return
    }
    this.remove(frame)
    this.add(frame)
  }
}
