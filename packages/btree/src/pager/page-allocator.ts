import { assert } from '@ldb/base'
import type { PageSpace } from '@ldb/cache'
import type { PageArenas } from '../page/arenas.js'
import { copyPage } from '../page/copies.js'
import { clearPage, pageEpoch, pageLevel, pageNumberOf, setPageEpoch, setPageNumber } from '../page/page.js'
import type { LargeValues } from '../extents/large-values.js'
import type { FreeSpace } from '../space/free-space.js'
import { Reclaim } from '../space/reclaim.js'
import type { EpochCounter } from './epoch-counter.js'
import { FramePins } from './frame-pins.js'
import type { PageReader } from './page-reader.js'
import type { PendingChecksums } from './pending-checksums.js'

/** State of an open file that a {@link PageAllocator} shares with its siblings. @internal */
export interface PageAllocatorParts {
  readonly freeSpace: FreeSpace
  readonly epoch: EpochCounter
  readonly durableEpoch: number
  readonly pendingChecksums: PendingChecksums
  readonly values: LargeValues
}

/**
 * Allocates, copies and retires tree pages.
 *
 * @remarks (B1) A page that a durable checkpoint or a snapshot reaches is never written: only pages of the current epoch are
 * changed in place. A page of an older epoch is copied to a new page number first.
 * @internal
 */
export class PageAllocator {
  /** Pages that an open snapshot or the durable checkpoint still reaches. */
  readonly reclaim: Reclaim
  /** Frames that the current operation works on. */
  readonly pins: FramePins
  readonly #reader: PageReader
  readonly #arenas: PageArenas
  readonly #space: PageSpace
  readonly #freeSpace: FreeSpace
  readonly #epoch: EpochCounter
  readonly #pendingChecksums: PendingChecksums
  readonly #values: LargeValues

  constructor(reader: PageReader, parts: PageAllocatorParts) {
    this.#reader = reader
    this.#arenas = reader.arenas
    this.#space = reader.space
    this.#freeSpace = parts.freeSpace
    this.#epoch = parts.epoch
    this.#pendingChecksums = parts.pendingChecksums
    this.#values = parts.values
    this.pins = new FramePins(reader.space, reader.arenas)
    this.reclaim = new Reclaim(parts.durableEpoch, (page, count) => {
      this.#free(page, count)
    })
  }

  /** Allocates an empty tree page. Returns its offset, pinned and dirty. */
  create(level: number): number {
    this.#reader.noteLayoutChange()
    const pageNumber = this.#freeSpace.allocate()
    const page = this.#claim(pageNumber)
    clearPage(this.#arenas.of(page), page, level)
    this.#pendingChecksums.noteNewPage()
    this.#stamp(page, pageNumber)
    return this.pins.pin(page)
  }

  /** Reports whether the page at `page` may be changed in place (B1). */
  isWritable(page: number): boolean {
    return this.#epoch.isCurrentPage(this.#arenas, page)
  }

  /** Marks the page at `page` dirty, before a change that neither moves nor removes a record. */
  markChanged(page: number): void {
    this.#space.markDirty(this.#arenas.frameOf(page))
  }

  /** Marks the page at `page` dirty, before any change. */
  markDirty(page: number): void {
    this.#space.markDirty(this.#arenas.frameOf(page))
    this.#invalidateIndex(page)
  }

  /**
   * Copies a pinned page of an older epoch to a new page number. Returns the offset of the copy, pinned and dirty; it is `page`
   * itself when the old version is no longer needed in memory. The hash index then keeps its records, because none of them moves.
   * The caller points the parent, or the root, to the new number.
   */
  copy(page: number): number {
    const memory = this.#arenas.of(page)
    this.#reader.noteLayoutChange()
    const birthEpoch = pageEpoch(memory, page)
    const oldNumber = pageNumberOf(memory, page)
    assert(birthEpoch < this.#epoch.current, 'only a page of an older epoch is copied')
    const pageNumber = this.#freeSpace.allocate()
    let copy = page
    if (this.#canReuseFrame(page, birthEpoch)) {
      this.#space.rename(oldNumber, pageNumber)
    } else {
      copy = this.pins.pin(this.#claim(pageNumber))
      const target = this.#arenas.of(copy)
      copyPage(memory, page, target, copy)
      this.#invalidateIndex(page)
      if (pageLevel(target, copy) > 0) this.#pendingChecksums.recordIn(target, copy, birthEpoch)
    }
    this.#pendingChecksums.noteNewPage()
    this.#stamp(copy, pageNumber)
    this.reclaim.retire(oldNumber, 1, birthEpoch, this.#epoch.current)
    return copy
  }

  /** Retires the page at `page`, which the newest tree no longer reaches. */
  retire(page: number): void {
    this.#reader.noteLayoutChange()
    const memory = this.#arenas.of(page)
    const pageNumber = pageNumberOf(memory, page)
    const birthEpoch = pageEpoch(memory, page)
    this.#invalidateIndex(page)
    this.reclaim.retire(pageNumber, 1, birthEpoch, this.#epoch.current)
  }

  /** Claims a frame for a page number, which becomes free again when no frame can be evicted. */
  #claim(pageNumber: number): number {
    try {
      return this.#arenas.pageOf(this.#space.claim(pageNumber))
    } catch (error) {
      this.#freeSpace.free(pageNumber, 1)
      throw error
    }
  }

  /** Makes the page at `page` a dirty page of the current epoch with a new number. */
  #stamp(page: number, pageNumber: number): void {
    const memory = this.#arenas.of(page)
    setPageNumber(memory, page, pageNumber)
    setPageEpoch(memory, page, this.#epoch.current)
    this.markChanged(page)
  }

  /** Reports whether neither a snapshot nor the running checkpoint reads the old version of a page from its frame. */
  #canReuseFrame(page: number, birthEpoch: number): boolean {
    if (this.reclaim.isPinned) return false
    if (birthEpoch > this.#pendingChecksums.frozenEpoch) return true
    return pageLevel(this.#arenas.of(page), page) === 0 && !this.#space.isDirty(this.#arenas.frameOf(page))
  }

  /** Removes a leaf from the hash index, which indexes records of the newest tree only: its records move, or it leaves that tree. */
  #invalidateIndex(page: number): void {
    const arenas = this.#arenas
    if (pageLevel(arenas.of(page), page) === 0) this.#space.invalidateIndex(arenas.frameOf(page))
  }

  /** Frees pages that nothing reaches any more, and drops their frames and pending checksums. */
  #free(page: number, count: number): void {
    this.#values.forget(page, count)
    for (let each = page; each < page + count; each += 1) {
      this.#pendingChecksums.delete(each)
      const frame = this.#space.peek(each)
      if (frame < 0) continue
      this.pins.unpinFrame(frame)
      this.#space.drop(each)
    }
    this.#freeSpace.free(page, count)
  }
}
