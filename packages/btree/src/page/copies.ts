import { PageMemory } from './memory.js'
import type { ExtentReader } from './memory.js'

/** Bytes of the buffers that hold copies, where pages are not larger. */
const BUFFER_BYTES = 65_536

/**
 * Copies of pages for cursors, several to a buffer: a buffer for each would cost more than the copying.
 *
 * @remarks No copy is written over unless whoever asked for it gives it back. So a cursor may hand out views of what
 * it copied, as the caller's own, at no further cost. Price: a view that is kept alive keeps 64 KiB alive.
 * @internal
 */
export class PageCopies {
  /** Holds the copy made last. */
  memory: PageMemory
  #used = 0

  constructor(pageBytes: number, runs: ExtentReader) {
    this.memory = makeBuffer(pageBytes, runs)
  }

  /** Copies the page at `page` of `source` and gives the offset of the copy in {@link PageCopies.memory}. */
  copy(source: PageMemory, page: number): number {
    const { pageBytes } = source
    if (this.#used + pageBytes > this.memory.bytes.length) {
      this.memory = makeBuffer(pageBytes, source.extents)
      this.#used = 0
    }
    const at = this.#used
    this.#used = at + pageBytes
    copyPage(source, page, this.memory, at)
    return at
  }

  /** Takes a copy back of which nothing was handed out; the next one may stand in its place. */
  giveBack(memory: PageMemory, page: number): void {
    if (memory === this.memory && page + memory.pageBytes === this.#used) this.#used = page
  }
}

/** Copies a whole page. @internal */
export function copyPage(source: PageMemory, page: number, target: PageMemory, at: number): void {
  target.bytes.set(new Uint8Array(source.buffer, source.bytes.byteOffset + page, source.pageBytes), at)
}

function makeBuffer(pageBytes: number, runs: ExtentReader): PageMemory {
  return new PageMemory(new Uint8Array(Math.max(pageBytes, BUFFER_BYTES)), pageBytes, runs)
}
