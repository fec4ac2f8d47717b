import { arenaAt } from '@ldb/cache'
import type { FrameLayout, PageCache } from '@ldb/cache'
import { PageMemory } from './memory.js'
import type { ExtentReader, PageLimits } from './memory.js'

/**
 * The memories of the arenas of a cache. The byte offset of a page is also an offset in the memory of its arena, and names that arena.
 *
 * @remarks Code that follows the tree works on offsets alone, and takes the memory of each page from here. Two pages may lie in
 * different arenas.
 * @internal
 */
export interface PageArenas {
  /** The first arena. */
  readonly first: PageMemory
  /** Size of a page and limits of its content. */
  readonly limits: PageLimits
  /** Adds an arena, or replaces the buffer of one. */
  replace(arena: number, bytes: Uint8Array): void
  /** Returns the memory of the page at `page`. */
  of(page: number): PageMemory
  /** Returns the memory of the page in a frame. */
  ofFrame(frame: number): PageMemory
  /** Returns the offset of the page in a frame. */
  pageOf(frame: number): number
  /** Returns the frame of the page at `page`. */
  frameOf(page: number): number
}

/** Returns the memories of the arenas of a cache. @internal */
export function arenasOf(cache: PageCache, extents: ExtentReader, scratch: PageMemory): PageArenas {
  const { arenas, layout, pageBytes } = cache
  const { trailerBytes } = scratch
  const memories = arenas.map((bytes) => new PageMemory(bytes, pageBytes, extents, scratch, trailerBytes))
  return layout.isSingle ? new SingleArena(memories) : new DividedArenas(memories, layout)
}

/**
 * The arena of a cache of less than 2 GiB.
 *
 * @remarks A class of its own, because V8 then inlines its methods without a test. With a test in each, puts took 5 to 10 % longer.
 */
class SingleArena implements PageArenas {
  readonly first: PageMemory
  readonly limits: PageLimits
  readonly pageShift: number

  constructor(memories: readonly PageMemory[]) {
    this.first = memories[0] as PageMemory
    this.limits = this.first
    this.pageShift = 31 - Math.clz32(this.first.pageBytes)
  }

  replace(_arena: number, bytes: Uint8Array): void {
    this.first.replace(bytes)
  }

  of(_page: number): PageMemory {
    return this.first
  }

  ofFrame(_frame: number): PageMemory {
    return this.first
  }

  pageOf(frame: number): number {
    return frame << this.pageShift
  }

  frameOf(page: number): number {
    return page >> this.pageShift
  }
}

/** The arenas of a larger cache. */
class DividedArenas implements PageArenas {
  readonly first: PageMemory
  readonly limits: PageLimits
  readonly #memories: PageMemory[]
  readonly #layout: FrameLayout

  constructor(memories: PageMemory[], layout: FrameLayout) {
    this.first = memories[0] as PageMemory
    this.limits = this.first
    this.#memories = memories
    this.#layout = layout
  }

  replace(arena: number, bytes: Uint8Array): void {
    const { pageBytes, extents, scratch, trailerBytes } = this.first
    const known = this.#memories[arena]
    if (known === undefined) {
      this.#memories[arena] = new PageMemory(bytes, pageBytes, extents, scratch, trailerBytes)
    } else known.replace(bytes)
  }

  of(page: number): PageMemory {
    return this.#memories[arenaAt(page)] as PageMemory
  }

  ofFrame(frame: number): PageMemory {
    return this.of(this.#layout.offsetOf(frame))
  }

  pageOf(frame: number): number {
    return this.#layout.offsetOf(frame)
  }

  frameOf(page: number): number {
    return this.#layout.frameOf(page)
  }
}
