import { sharedBytes } from '@ldb/base'
import { PageMemory } from './memory.js'
import type { ExtentReader } from './memory.js'

/** Bytes of a buffer, unless pages are larger. */
const BUFFER_BYTES = 65_536
const NO_BYTES = new Uint8Array(0)

/**
 * Allocates copies of pages for cursors, several in one buffer: a buffer for each would cost more than the copying.
 *
 * @remarks A copy is overwritten only after its cursor has released it. So a cursor may return views of a copy that the caller
 * owns, at no further cost. The price: one live view keeps 64 KiB alive.
 * @internal
 */
export class PageCopies {
  /** The buffer of the newest copy. */
  memory: PageMemory
  #used = 0

  /** Allocates no buffer: most trees of a database with many are never scanned. */
  constructor(pageBytes: number, extents: ExtentReader, trailerBytes: number) {
    this.memory = new PageMemory(NO_BYTES, pageBytes, extents, undefined, trailerBytes)
  }

  /** Copies the page at `page` of `source`. Returns the offset of the copy in {@link PageCopies.memory}. */
  copy(source: PageMemory, page: number): number {
    const { pageBytes } = source
    if (this.#used + pageBytes > this.memory.bytes.length) {
      this.memory = newBuffer(source)
      this.#used = 0
    }
    const at = this.#used
    this.#used = at + pageBytes
    copyPage(source, page, this.memory, at)
    return at
  }

  /** Releases a copy of which no view has escaped. The next copy may overwrite it. */
  release(memory: PageMemory, page: number): void {
    if (memory === this.memory && page + memory.pageBytes === this.#used) this.#used = page
  }
}

/** Copies a whole page. @internal */
export function copyPage(source: PageMemory, page: number, target: PageMemory, at: number): void {
  target.bytes.set(new Uint8Array(source.buffer, source.bytes.byteOffset + page, source.pageBytes), at)
}

function newBuffer({ pageBytes, extents, trailerBytes }: PageMemory): PageMemory {
  const bytes = sharedBytes(Math.max(pageBytes, BUFFER_BYTES))
  return new PageMemory(bytes, pageBytes, extents, undefined, trailerBytes)
}
