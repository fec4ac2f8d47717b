/**
 * Frames in order of arrival, in one of several lists that share their links: a ring for each list, through a place of its own
 * behind those of the frames.
 *
 * @internal
 */
export class FrameList {
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #head: number
  #count = 0

  /** @param head - the list's own place in the links. */
  constructor(next: Int32Array, previous: Int32Array, head: number) {
    this.#next = next
    this.#previous = previous
    this.#head = head
    next[head] = head
    previous[head] = head
  }

  get count(): number {
    return this.#count
  }

  /** Gives the frame that came first; the list must not be empty. */
  get oldest(): number {
    return this.#next[this.#head] as number
  }

  /** Adds a frame that is in no list, as the newest. */
  add(frame: number): void {
    const newest = this.#previous[this.#head] as number
    this.#next[newest] = frame
    this.#previous[frame] = newest
    this.#next[frame] = this.#head
    this.#previous[this.#head] = frame
    this.#count += 1
  }

  /** Takes a frame out, which must be in this list. */
  remove(frame: number): void {
    const next = this.#next[frame] as number
    const previous = this.#previous[frame] as number
    this.#next[previous] = next
    this.#previous[next] = previous
    this.#count -= 1
  }
}
