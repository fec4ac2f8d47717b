import type { PageSpace } from '@ldb/cache'
import type { PageArenas } from '../page/arenas.js'

/** The frames that one operation has pinned; it unpins them all at once. @internal */
export class FramePins {
  readonly #space: PageSpace
  readonly #arenas: PageArenas
  /** Pinned frames: the first `#count` entries. */
  readonly #frames: number[] = []
  #count = 0

  constructor(space: PageSpace, arenas: PageArenas) {
    this.#space = space
    this.#arenas = arenas
  }

  /** Pins the frame of the page at `page` until {@link FramePins.unpinAll}. Returns `page`. */
  pin(page: number): number {
    const frame = this.#arenas.frameOf(page)
    this.#space.pin(frame)
    this.#frames[this.#count] = frame
    this.#count += 1
    return page
  }

  /** Unpins every pinned frame. */
  unpinAll(): void {
    // The array keeps its length: assigning `length` is a runtime call.
    while (this.#count > 0) {
      this.#count -= 1
      this.#space.unpin(this.#frames[this.#count] as number)
    }
  }

  /** Removes all pins of one frame, whose page is about to be dropped. */
  unpinFrame(frame: number): void {
    for (let index = this.#count - 1; index >= 0; index -= 1) {
      if (this.#frames[index] !== frame) continue
      this.#count -= 1
      this.#frames[index] = this.#frames[this.#count] as number
      this.#space.unpin(frame)
    }
  }
}
