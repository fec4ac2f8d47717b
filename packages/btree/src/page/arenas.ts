import { arenaAt } from '@ldb/cache'
import type { FrameLayout } from '@ldb/cache'
import { PageMemory } from './memory.js'
import type { ExtentReader, PageLimits } from './memory.js'

/**
 * The memories of the arenas of a cache. The byte offset of a page is also an offset in the memory of its arena, and names that arena.
 *
 * @remarks Code that follows the tree works on offsets alone, and takes the memory of each page from here. Two pages may lie in
 * different arenas.
 * @internal
 */
export class PageArenas {
  /** The first arena: the only one up to 2 GiB. */
  readonly first: PageMemory
  readonly #memories: PageMemory[]
  readonly #layout: FrameLayout
  readonly #arenaShift: number
  readonly #pageBytes: number

  constructor(
    views: readonly Uint8Array[],
    layout: FrameLayout,
    pageBytes: number,
    extents: ExtentReader,
    scratch: PageMemory,
  ) {
    const memories = views.map((bytes) => new PageMemory(bytes, pageBytes, extents, scratch))
    this.first = memories[0] as PageMemory
    this.#memories = memories
    this.#layout = layout
    this.#arenaShift = layout.arenaShift
    this.#pageBytes = pageBytes
  }

  /** Size of a page and limits of its content. */
  get limits(): PageLimits {
    return this.first
  }

  /** Adds an arena, or replaces the buffer of one. */
  replace(arena: number, bytes: Uint8Array): void {
    const { extents, scratch } = this.first
    const known = this.#memories[arena]
    if (known === undefined) this.#memories[arena] = new PageMemory(bytes, this.#pageBytes, extents, scratch)
    else known.replace(bytes)
  }

  /** Returns the memory of the page at `page`. */
  of(page: number): PageMemory {
    const arena = arenaAt(page)
    // The branch keeps the array out of the path of caches with one arena.
    return arena === 0 ? this.first : (this.#memories[arena] as PageMemory)
  }

  /** Returns the memory of the page in a frame. */
  ofFrame(frame: number): PageMemory {
    const arena = frame >>> this.#arenaShift
    return arena === 0 ? this.first : (this.#memories[arena] as PageMemory)
  }

  /** Returns the offset of the page in a frame. */
  pageOf(frame: number): number {
    return this.#layout.offsetOf(frame)
  }

  /** Returns the frame of the page at `page`. */
  frameOf(page: number): number {
    return this.#layout.frameOf(page)
  }
}
