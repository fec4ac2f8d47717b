import { assert, optionalMember } from '@ldb/base'
import type { FrameLayout } from './frame-layout.js'
import type { FramePool } from './frame-pool.js'
import type { LeafFilters } from './leaf-filters.js'
import { PageTable } from './page-table.js'
import type { PageWriter } from './page-writer.js'

/**
 * The resident pages of one file in a `PageCache`. Made by `PageCache.attach`.
 *
 * @category Page cache
 */
export class PageSpace {
  readonly #pool: FramePool
  readonly #writer: PageWriter
  readonly #table: PageTable
  readonly #id: number
  #isOpen = true
  /** The frame of the record that {@link PageSpace.indexedOffset} found last. */
  indexedFrame = -1

  /** @internal */
  constructor(pool: FramePool, writer: PageWriter) {
    this.#pool = pool
    this.#writer = writer
    this.#table = new PageTable(pool.frameCount)
    this.#id = pool.attach({
      writeBack: (frame) => this.#writeBack(frame),
      forget: (frame) => this.#forget(frame),
      replaceArena: (arena, bytes) => optionalMember(writer, 'replaceArena')?.call(writer, arena, bytes),
    })
  }

  /** Returns the frame of a page and counts a use of it, or returns -1 when the page is not resident. */
  lookup(pageNumber: number): number {
    const frame = this.#table.get(pageNumber)
    if (frame >= 0) this.#pool.queues.touch(frame)
    return frame
  }

  /** Returns the frame of a page without counting a use, or -1 when the page is not resident. */
  peek(pageNumber: number): number {
    return this.#table.get(pageNumber)
  }

  /**
   * Assigns a frame to a page that is not resident. The content of the frame is undefined; the caller fills it.
   *
   * @throws the error of the {@link PageWriter} when a dirty page must be evicted and its write fails.
   */
  claim(pageNumber: number): number {
    assert(this.#isOpen, 'the page space is detached')
    assert(pageNumber > 0 && this.#table.get(pageNumber) < 0, 'a page has one frame')
    const pool = this.#pool
    const frame = pool.claim(fingerprintOf(this.#id, pageNumber))
    pool.pages[frame] = pageNumber
    pool.owners[frame] = this.#id
    pool.pins[frame] = 0
    pool.dirty[frame] = 0
    this.#table.add(pageNumber, frame)
    return frame
  }

  /** Pins a frame: its page is not evicted until each pin is released by {@link PageSpace.unpin}. */
  pin(frame: number): void {
    const { pins } = this.#pool
    pins[frame] = (pins[frame] as number) + 1
  }

  /** Releases one pin of a frame. */
  unpin(frame: number): void {
    const { pins } = this.#pool
    assert((pins[frame] as number) > 0, 'unpin follows a pin')
    pins[frame] = (pins[frame] as number) - 1
  }

  /** Reports whether a frame is pinned. */
  isPinned(frame: number): boolean {
    return this.#pool.pins[frame] !== 0
  }

  /** Reports whether the page in a frame is dirty. */
  isDirty(frame: number): boolean {
    return this.#pool.dirty[frame] !== 0
  }

  /** Returns the arrays of the resident pages for a host that reads them by itself; `undefined` when there are several arenas. */
  window(): PageWindow | undefined {
    return this.#pool.layout.isSingle ? new PageWindow(this.#pool, this.#table) : undefined
  }

  /** Where the frames lie in the arenas. */
  get layout(): FrameLayout {
    return this.#pool.layout
  }

  /**
   * Looks up a key of this file in the adaptive hash index. Returns the offset of a record with the same hash and key length in the view of
   * its arena, sets {@link PageSpace.indexedFrame} to its frame, and counts a use of its page; or returns -1. The caller compares the keys.
   */
  indexedOffset(hash: number, keyBytes: number): number {
    const pool = this.#pool
    const { hashIndex } = pool
    const entry = hashIndex.find(hash, keyBytes)
    if (entry < 0) return -1
    const frame = hashIndex.frameAt(entry)
    if (pool.owners[frame] !== this.#id) return -1
    pool.queues.touch(frame)
    this.indexedFrame = frame
    return hashIndex.offsetAt(entry)
  }

  /**
   * Loads the hash bucket that {@link PageSpace.indexedOffset} will read into the CPU cache, so that the cache misses of several
   * keys overlap. The result is meaningless.
   */
  prefetchIndex(hash: number): number {
    return this.#pool.hashIndex.prefetch(hash)
  }

  /** Adds the record of a key, at an offset in a frame, to the adaptive hash index until `invalidateIndex` of the frame. */
  indexRecord(hash: number, keyBytes: number, frame: number, offset: number): void {
    this.#pool.hashIndex.insert(hash, keyBytes, frame, offset)
  }

  /** Counts a tree descent to a record in a frame, and reports whether all records of the frame must be indexed now. */
  isIndexingDue(frame: number): boolean {
    return this.#pool.hashIndex.isDue(frame)
  }

  /** Reports whether all records of a frame were indexed. Some of their entries may have been overwritten since. */
  isIndexed(frame: number): boolean {
    return this.#pool.hashIndex.isIndexed(frame)
  }

  /**
   * Adds the first `count` records to the adaptive hash index: all indexable records of a frame, with their hashes, key lengths and
   * offsets. The index grows for them, within its budget; other entries may be lost.
   */
  indexFrame(
    frame: number,
    hashes: Int32Array,
    keyBytes: Uint8Array,
    offsets: Int32Array,
    count: number,
  ): void {
    const { hashIndex, usedCount } = this.#pool
    hashIndex.reserve(count, usedCount)
    hashIndex.insertFrame(frame, hashes, keyBytes, offsets, count)
  }

  /** Bloom filters of leaves, by frame; `undefined` when the adaptive hash index has no budget. */
  get filters(): LeafFilters | undefined {
    return this.#pool.hashIndex.filters
  }

  /**
   * Invalidates the index entries and the filter of a frame. Required before its records move or change, and when the page is
   * no longer the current version.
   */
  invalidateIndex(frame: number): void {
    this.#pool.hashIndex.invalidate(frame)
  }

  /** Marks the page in a frame dirty. */
  markDirty(frame: number): void {
    this.#pool.dirty[frame] = 1
  }

  /** Marks the page in a frame clean, after it was written. */
  markClean(frame: number): void {
    this.#pool.dirty[frame] = 0
  }

  /** Returns the number of the page in a frame of this file. */
  pageOf(frame: number): number {
    return this.#pool.pages[frame] as number
  }

  /** Changes the number of a resident page, which keeps its frame, pins and dirty flag. */
  rename(pageNumber: number, next: number): void {
    const frame = this.#table.get(pageNumber)
    assert(frame >= 0 && this.#table.get(next) < 0, 'a resident page is renamed to one that is not')
    this.#table.remove(pageNumber)
    this.#table.add(next, frame)
    this.#pool.pages[frame] = next
  }

  /** Discards a page without writing it. No effect when it is not resident. It must not be pinned. */
  drop(pageNumber: number): void {
    const frame = this.#table.get(pageNumber)
    if (frame < 0) return
    assert(this.#pool.pins[frame] === 0, 'a pinned page is not dropped')
    this.#free(frame)
  }

  /** Calls `visit` for each resident page, in ascending order. `visit` must not claim or drop pages. */
  forEach(visit: (pageNumber: number, frame: number) => void): void {
    this.#table.forEach(visit)
  }

  /**
   * Calls `visit` for resident pages from `start` on, in ascending order, until it returns false or about `budget` page numbers were
   * examined. Returns the page to continue with, or -1 at the end. `visit` must not claim or drop pages.
   */
  visitFrom(start: number, budget: number, visit: (pageNumber: number, frame: number) => boolean): number {
    return this.#table.visitFrom(start, budget, visit)
  }

  /** Discards all pages of the file, including dirty and pinned ones, and closes the space. Idempotent. */
  detach(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const frames: number[] = []
    this.#table.forEach((_, frame) => frames.push(frame))
    for (const frame of frames) {
      this.#pool.pins[frame] = 0
      this.#free(frame)
    }
    this.#pool.detach(this.#id)
  }

  #writeBack(frame: number): void {
    this.#writer.writePage(this.pageOf(frame), frame, this.#pool.layout.offsetOf(frame))
    this.markClean(frame)
  }

  #forget(frame: number): void {
    this.#pool.hashIndex.invalidate(frame)
    this.#table.remove(this.#pool.pages[frame] as number)
    this.#pool.pages[frame] = 0
    this.#pool.dirty[frame] = 0
  }

  #free(frame: number): void {
    this.#forget(frame)
    this.#pool.queues.remove(frame)
    this.#pool.free(frame)
  }
}

/** Returns the fingerprint of a page in the ghost queue. Two pages rarely share one. */
function fingerprintOf(spaceId: number, pageNumber: number): number {
  return Math.imul(pageNumber ^ Math.imul(spaceId, 0x85ebca6b), 0x9e3779b1)
}

/**
 * The arrays in which a host that shares the memory of the engine finds the resident pages of one file by itself. Made by `PageSpace.window`.
 *
 * @remarks The host reads while no method of the cache runs. It counts each use of a page in `uses`, as `PageSpace.lookup` does, so that eviction
 * knows of it. Whatever the cache does may replace an array: the host then needs the fields again, after {@link PageWindow.refresh}.
 * @category Page cache
 */
export class PageWindow {
  /** The arena. Frame `f` starts at byte `f * pageBytes`. */
  arena: Uint8Array
  /** By page number divided by 64: index of a group of entries in `frames`, in units of 64; 0 for none. */
  directory: Int32Array
  /** By group and page number modulo 64: frame number plus one; 0 for a page that is not resident. */
  frames: Int32Array | Uint16Array
  /** By frame: uses of its page, at most 3. */
  uses: Uint8Array
  readonly pageBytes: number
  readonly #pool: FramePool
  readonly #table: PageTable

  /** @internal */
  constructor(pool: FramePool, table: PageTable) {
    this.pageBytes = pool.pageBytes
    this.#pool = pool
    this.#table = table
    this.arena = pool.firstArena
    this.directory = table.directory
    this.frames = table.frames
    this.uses = pool.queues.uses
  }

  /** Updates the fields. Returns true when an array was replaced. */
  refresh(): boolean {
    const { arenas, queues } = this.#pool
    const { directory, frames } = this.#table
    if (
      this.arena === arenas[0] &&
      this.directory === directory &&
      this.frames === frames &&
      this.uses === queues.uses
    )
      return false
    this.arena = this.#pool.firstArena
    this.directory = directory
    this.frames = frames
    this.uses = queues.uses
    return true
  }
}
