import { assert, invalidArgument, INVARIANTS } from '@ldb/base'
import { FrameQueues } from './frame-queues.js'
import type { LeafFilters } from './leaf-filters.js'
import { PageTable } from './page-table.js'
import type { PageWriter } from './prefetch-sink.js'
import { HashIndex } from './hash-index.js'
import { giveArena, takeArena } from './spare-arena.js'
import type { Arena } from './spare-arena.js'

/** Bytes that freed frames are filled with where invariants are checked. */
const POISON = 0xdb

/** Frames below which an engine could not hold its working path in memory. */
const FRAMES_MIN = 32

/** Byte offsets into the arena must stay V8 small integers. */
const ARENA_BYTES_MAX = 2 ** 31 - 65_536

/** The index of places takes this part of the frames' bytes at most, unless said otherwise: 16 bytes a record and more. */
const PLACES_SHARE = 8

/** How large a cache is. @category Page cache */
export interface PageCacheOptions {
  /** Budget for frames, in bytes; at least 32 pages, less than 2 GiB. */
  readonly bytes: number
  /** Bytes of a page and frame: a power of two from 512 to 32,768. */
  readonly pageBytes: number
  /**
   * Budget for remembering where records stand, in bytes beside the frames; 0 for none. Taken as it comes into use.
   * @defaultValue an eighth of `bytes`
   */
  readonly hashIndexBytes?: number
}

/** What a cache holds, and what it has done so far. @category Page cache */
export interface PageCacheStats {
  readonly frameCount: number
  readonly pageBytes: number
  /** Bytes taken at present to remember where records stand. */
  readonly hashIndexBytes: number
  /** Frames that hold a page. */
  readonly residentCount: number
  readonly dirtyCount: number
  readonly pinnedCount: number
  /** Pages brought in since the cache was made. */
  readonly missCount: number
  /** Pages thrown out. */
  readonly evictionCount: number
  /** Dirty pages that had to be written to make room. */
  readonly writebackCount: number
}

/**
 * Frames of one size in one fixed buffer, shared by the files of a database under one budget.
 *
 * @remarks The buffer is one plain `ArrayBuffer` which never grows: on a growable one each load costs ten times as
 * much. Memory is touched, and so becomes resident, only as frames come into use. There is no object per page: code
 * on hot paths works on byte offsets into {@link PageCache.bytes}.
 *
 * Rules: a frame with pins is never evicted. A dirty page is never lost, it is written through its file's
 * {@link PageWriter} first. Looking a page up does not pin it; it stays where it is until the next `claim`.
 * @category Page cache
 */
export class PageCache {
  readonly pageBytes: number
  readonly frameCount: number
  /** @internal */ readonly pageShift: number
  /** The arena; frame `f` starts at byte `f * pageBytes`. */
  readonly bytes: Uint8Array
  /** @internal */ readonly framePage: Int32Array
  /** @internal */ readonly frameSpace: Int32Array
  /** @internal */ readonly framePins: Int32Array
  /** @internal */ readonly frameDirty: Uint8Array
  /** @internal */ readonly queues: FrameQueues
  /** @internal */ readonly hashIndex: HashIndex
  readonly #arena: Arena
  #isGivenUp = false
  readonly #spaces: (PageSpace | undefined)[] = []
  readonly #freeFrames: number[] = []
  readonly #counts = { untouched: 0, misses: 0, evictions: 0, writebacks: 0 }

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when an option is out of its bounds. */
  constructor(options: PageCacheOptions) {
    const { bytes, pageBytes } = options
    if (
      !Number.isInteger(pageBytes) ||
      pageBytes < 512 ||
      pageBytes > 32_768 ||
      (pageBytes & (pageBytes - 1)) !== 0
    ) {
      throw invalidArgument(`pageBytes must be a power of two from 512 to 32768, got ${String(pageBytes)}`)
    }
    if (!Number.isFinite(bytes) || bytes < 0)
      throw invalidArgument(`bytes must be a number, got ${String(bytes)}`)
    if (bytes > ARENA_BYTES_MAX) {
      throw invalidArgument(`a page cache holds less than 2 GiB, got ${String(bytes)} bytes`)
    }
    this.pageBytes = pageBytes
    this.pageShift = Math.log2(pageBytes)
    this.frameCount = Math.max(FRAMES_MIN, Math.floor(bytes / pageBytes))
    this.#arena = takeArena(this.frameCount * pageBytes)
    this.bytes = this.#arena.bytes
    this.framePage = new Int32Array(this.frameCount)
    this.frameSpace = new Int32Array(this.frameCount)
    this.framePins = new Int32Array(this.frameCount)
    this.frameDirty = new Uint8Array(this.frameCount)
    this.queues = new FrameQueues(this.frameCount)
    this.hashIndex = new HashIndex(this.frameCount, pageBytes, options.hashIndexBytes ?? bytes / PLACES_SHARE)
  }

  /** Registers a file. Its pages share the frames with those of all others. */
  attach(sink: PageWriter): PageSpace {
    assert(!this.#isGivenUp, 'the cache was given up')
    const space = new PageSpace(this, sink, this.#spaces.length)
    this.#spaces.push(space)
    return space
  }

  /**
   * Gives the buffer up, for the next cache of that size in this thread: nobody may look into it any more, not even at what
   * was lent. No effect while a file is attached. Idempotent.
   */
  release(): void {
    if (this.#isGivenUp || this.#spaces.some((space) => space !== undefined)) return
    this.#isGivenUp = true
    const usedBytes = this.#counts.untouched * this.pageBytes
    if (INVARIANTS) this.bytes.fill(POISON, 0, usedBytes)
    giveArena({ bytes: this.bytes, touchedBytes: Math.max(usedBytes, this.#arena.touchedBytes) })
  }

  /** Counts frames and events. Costs a pass over all frames. */
  stats(): PageCacheStats {
    let dirtyCount = 0
    let pinnedCount = 0
    let residentCount = 0
    for (let frame = 0; frame < this.#counts.untouched; frame += 1) {
      if (this.framePage[frame] === 0) continue
      residentCount += 1
      if (this.frameDirty[frame] !== 0) dirtyCount += 1
      if (this.framePins[frame] !== 0) pinnedCount += 1
    }
    return {
      frameCount: this.frameCount,
      pageBytes: this.pageBytes,
      hashIndexBytes: this.hashIndex.bytes,
      residentCount,
      dirtyCount,
      pinnedCount,
      missCount: this.#counts.misses,
      evictionCount: this.#counts.evictions,
      writebackCount: this.#counts.writebacks,
    }
  }

  /** Frames that came into use so far. @internal */
  get usedFrameCount(): number {
    return this.#counts.untouched
  }

  /** Returns a frame to the page that has this name in the queues, evicting when there is none left. @internal */
  claimFrame(name: number): number {
    this.#counts.misses += 1
    const idle = this.borrowFrame()
    if (idle >= 0) {
      this.queues.insert(idle, name)
      return idle
    }
    const frame = this.queues.choose(this.framePins)
    assert(frame >= 0, 'every frame of the page cache is pinned')
    const space = this.#spaces[this.frameSpace[frame] as number]
    assert(space !== undefined, 'a resident frame belongs to a file')
    if (this.frameDirty[frame] !== 0) {
      // The write may throw (full disk): the page is then still here, still dirty, and nothing is lost.
      space.writeBack(frame)
      this.#counts.writebacks += 1
    }
    this.#counts.evictions += 1
    space.forget(frame)
    this.queues.replace(frame, name)
    return frame
  }

  /** Frames that hold nothing. */
  get idleFrameCount(): number {
    return this.#freeFrames.length + this.frameCount - this.#counts.untouched
  }

  /** Returns a frame that holds nothing, the borrower's own until `releaseFrame`; or -1: nothing is thrown out for it. */
  borrowFrame(): number {
    const free = this.#freeFrames.pop()
    const frame = free ?? (this.#counts.untouched < this.frameCount ? this.#counts.untouched++ : -1)
    // It is in no queue; where one holds pinned frames alone, any other that has no pin may be chosen.
    if (frame >= 0) this.framePins[frame] = 1
    return frame
  }

  /** Takes a frame back that holds nothing. The one that came last is used first: the processor's cache may have it. */
  releaseFrame(frame: number): void {
    if (INVARIANTS) this.bytes.fill(POISON, frame * this.pageBytes, (frame + 1) * this.pageBytes)
    this.#freeFrames.push(frame)
  }

  /** @internal */
  detach(space: PageSpace): void {
    this.#spaces[space.id] = undefined
  }
}

/**
 * The pages of one file in a {@link PageCache}.
 *
 * @category Page cache
 */
export class PageSpace {
  readonly #cache: PageCache
  readonly #sink: PageWriter
  readonly #table: PageTable
  /** @internal */ readonly id: number
  #open = true

  /** @internal */
  constructor(cache: PageCache, sink: PageWriter, id: number) {
    this.#cache = cache
    this.#sink = sink
    this.#table = new PageTable(cache.frameCount)
    this.id = id
  }

  /** Returns the frame that holds a page, or -1. The page counts as used. */
  lookup(pageNumber: number): number {
    const frame = this.#table.get(pageNumber)
    if (frame >= 0) this.#cache.queues.touch(frame)
    return frame
  }

  /** Returns the frame that holds a page, or -1, without counting as a use. */
  peek(pageNumber: number): number {
    return this.#table.get(pageNumber)
  }

  /**
   * Returns a frame for a page that is not resident. Its bytes are whatever was there before; the caller fills them.
   *
   * @throws whatever the {@link PageWriter} throws when a dirty page has to make room and cannot be written.
   */
  claim(pageNumber: number): number {
    assert(this.#open, 'the page space is detached')
    assert(pageNumber > 0 && this.#table.get(pageNumber) < 0, 'a page has one frame')
    const cache = this.#cache
    const frame = cache.claimFrame(nameOf(this.id, pageNumber))
    cache.framePage[frame] = pageNumber
    cache.frameSpace[frame] = this.id
    cache.framePins[frame] = 0
    cache.frameDirty[frame] = 0
    this.#table.add(pageNumber, frame)
    return frame
  }

  /** Keeps a frame in place until {@link PageSpace.unpin} was called as often as this. */
  pin(frame: number): void {
    const pins = this.#cache.framePins
    pins[frame] = (pins[frame] as number) + 1
  }

  /** Takes one pin off a frame. */
  unpin(frame: number): void {
    const pins = this.#cache.framePins
    assert((pins[frame] as number) > 0, 'unpin follows a pin')
    pins[frame] = (pins[frame] as number) - 1
  }

  /** Reports whether a frame has pins. */
  isPinned(frame: number): boolean {
    return this.#cache.framePins[frame] !== 0
  }

  /** Reports whether a frame has to be written before it is used again. */
  isDirty(frame: number): boolean {
    return this.#cache.frameDirty[frame] !== 0
  }

  /**
   * Returns the arena offset that was noted for a key of this file, by its hash and length, or -1; its frame counts as used.
   * Another key may stand there: the caller compares.
   */
  indexedOffset(hash: number, keyBytes: number): number {
    const cache = this.#cache
    const offset = cache.hashIndex.find(hash, keyBytes)
    if (offset < 0) return -1
    const frame = offset >> cache.pageShift
    if (cache.frameSpace[frame] !== this.id) return -1
    cache.queues.touch(frame)
    return offset
  }

  /** Loads what {@link PageSpace.indexedOffset} will look at, so that several keys wait for it together; the result means nothing. */
  prefetchIndex(hash: number): number {
    return this.#cache.hashIndex.touch(hash)
  }

  /** Notes where the record of a key stands, for {@link PageSpace.indexedOffset}; at most until `outdate` of its frame. */
  indexRecord(hash: number, keyBytes: number, offset: number): void {
    this.#cache.hashIndex.note(hash, keyBytes, offset)
  }

  /** Counts a record of this file that was found the long way; true when the places of all in its frame are to be noted now. */
  isIndexingDue(frame: number): boolean {
    return this.#cache.hashIndex.isDue(frame)
  }

  /** Sees that the places of so many records a frame can be noted. Those noted before may be forgotten. */
  reserveIndex(recordsOfFrame: number): void {
    this.#cache.hashIndex.reserve(recordsOfFrame * this.#cache.usedFrameCount)
  }

  /** Filters of leaves, by frame; `undefined` when the cache remembers nothing of records. */
  get filters(): LeafFilters | undefined {
    return this.#cache.hashIndex.filters
  }

  /** Forgets the places in a frame. Due before its records move or change hands, and when it is no longer the newest. */
  invalidateIndex(frame: number): void {
    this.#cache.hashIndex.invalidate(frame)
  }

  /** Notes that the page in a frame was changed. */
  markDirty(frame: number): void {
    this.#cache.frameDirty[frame] = 1
  }

  /** Notes that the page in a frame was written. */
  markClean(frame: number): void {
    this.#cache.frameDirty[frame] = 0
  }

  /** Returns the page that a frame of this file holds. */
  pageOf(frame: number): number {
    return this.#cache.framePage[frame] as number
  }

  /** Returns a resident page, with its frame and its pins, another number. */
  rename(pageNumber: number, next: number): void {
    const frame = this.#table.get(pageNumber)
    assert(frame >= 0 && this.#table.get(next) < 0, 'a resident page is renamed to one that is not')
    this.#table.remove(pageNumber)
    this.#table.add(next, frame)
    this.#cache.framePage[frame] = next
  }

  /** Throws a page out without writing it; no effect when it is not resident. */
  drop(pageNumber: number): void {
    const frame = this.#table.get(pageNumber)
    if (frame < 0) return
    assert(this.#cache.framePins[frame] === 0, 'a pinned page is not dropped')
    this.#release(frame)
  }

  /** Calls `visit` for each resident page, in no order. Nothing may be claimed or dropped meanwhile. */
  forEach(visit: (pageNumber: number, frame: number) => void): void {
    this.#table.forEach(visit)
  }

  /** Throws all pages of the file out, dirty ones included, and ends the space. Idempotent. */
  detach(): void {
    if (!this.#open) return
    this.#open = false
    const frames: number[] = []
    this.#table.forEach((_, frame) => frames.push(frame))
    for (const frame of frames) {
      this.#cache.framePins[frame] = 0
      this.#release(frame)
    }
    this.#cache.detach(this)
  }

  /** @internal */
  writeBack(frame: number): void {
    this.#sink.writePage(this.pageOf(frame), frame, frame * this.#cache.pageBytes)
    this.markClean(frame)
  }

  #release(frame: number): void {
    this.forget(frame)
    this.#cache.queues.remove(frame)
    this.#cache.releaseFrame(frame)
  }

  /** @internal */
  forget(frame: number): void {
    this.#cache.hashIndex.invalidate(frame)
    this.#table.remove(this.#cache.framePage[frame] as number)
    this.#cache.framePage[frame] = 0
    this.#cache.frameDirty[frame] = 0
  }
}

/** Gives a number for a page of one of the files that the same page, and hardly another, has again when it comes back. */
function nameOf(spaceId: number, pageNumber: number): number {
  return Math.imul(pageNumber ^ Math.imul(spaceId, 0x85ebca6b), 0x9e3779b1)
}
