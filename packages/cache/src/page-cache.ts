import { assert, invalidArgument, ownProperty } from '@ldb/base'
import type { CacheBudget } from './cache-budget.js'
import { CACHE_BYTES_MAX, FrameLayout } from './frame-layout.js'
import { FramePool } from './frame-pool.js'
import { PageSpace } from './page-space.js'
import type { PageWriter } from './page-writer.js'

/** Smallest cache: the working set of one descent and its writes must fit. */
const FRAMES_MIN = 32

/** Default budget of the adaptive hash index: the budget of the frames divided by this. An entry takes 16 bytes or more. */
const HASH_INDEX_DIVISOR = 8

/** Sizes of a {@link PageCache}. @category Page cache */
export interface PageCacheOptions {
  /** Budget of the frames, in bytes; at most 64 GiB. The cache has at least 32 frames. */
  readonly bytes: number
  /** Size of a page and of a frame, in bytes: a power of two from 512 to 32,768. */
  readonly pageBytes: number
  /**
   * Budget of the adaptive hash index, in bytes, in addition to the frames; 0 for no index. Memory is allocated as needed.
   * @defaultValue an eighth of `bytes`
   */
  readonly hashIndexBytes?: number
  /**
   * A budget that blocks share: pages use up to `bytes` of it. The cache has its frames by itself unless it is set.
   */
  readonly budget?: CacheBudget
  /**
   * Size of an arena when one is not enough for all frames, in bytes: a power of two. For tests.
   * @internal
   */
  readonly arenaBytes?: number
}

/** Current state and counters of a {@link PageCache}. @category Page cache */
export interface PageCacheStats {
  /** Frames of the budget; fewer when there is no memory for them. */
  readonly frameCount: number
  readonly pageBytes: number
  /** Memory in use by the adaptive hash index and the leaf filters, in bytes. */
  readonly hashIndexBytes: number
  /** Frames that hold a page. */
  readonly residentCount: number
  readonly dirtyCount: number
  readonly pinnedCount: number
  /** Uses of resident pages: each page of a descent counts, and each record that the adaptive hash index finds. */
  readonly hitCount: number
  /** Frames claimed for pages that were not resident. */
  readonly missCount: number
  /** Pages evicted. */
  readonly evictionCount: number
  /** Dirty pages written because they were evicted. */
  readonly writebackCount: number
}

/**
 * A buffer pool of page frames, shared by the files of a database under one byte budget.
 *
 * @remarks Frames lie in *arenas*, plain `ArrayBuffer`s of fixed size: loads from a resizable one cost ten times as much. Up to 2 GiB,
 * there is a single one. It starts with 8 MiB, and is replaced once, by one for all frames, when these are used up. A larger
 * cache has arenas of 1 GiB, which are added when the previous ones are used up. Physical memory is used only as frames are used for
 * the first time. There is no object per page; hot paths work on byte offsets, which {@link FrameLayout} describes.
 *
 * A pinned page is never evicted. A dirty page is written by its file's {@link PageWriter} before eviction. A lookup does
 * not pin: an unpinned page stays in its frame only until the next `claim`.
 * @category Page cache
 */
export class PageCache {
  readonly pageBytes: number
  readonly frameCount: number
  /** Where the frames lie in the arenas. */
  readonly layout: FrameLayout
  readonly #pool: FramePool
  #isReleased = false

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when an option is out of its bounds. */
  constructor(options: PageCacheOptions) {
    const { bytes, pageBytes } = options
    checkSizes(bytes, pageBytes)
    this.pageBytes = pageBytes
    this.frameCount = Math.max(FRAMES_MIN, Math.floor(bytes / pageBytes))
    this.layout = new FrameLayout(this.frameCount, pageBytes, ownProperty(options, 'arenaBytes'))
    this.#pool = new FramePool(
      this.frameCount,
      pageBytes,
      ownProperty(options, 'hashIndexBytes') ?? bytes / HASH_INDEX_DIVISOR,
      this.layout,
      ownProperty(options, 'budget'),
    )
  }

  /**
   * The first arena: all frames of a cache of less than 2 GiB. Frame `f` starts at byte `f * pageBytes`. A claim or
   * {@link PageCache.borrowFrame} may replace it by a larger one with the same content; the old one must not be accessed then.
   */
  get bytes(): Uint8Array {
    return this.#pool.firstArena
  }

  /**
   * The views of the arenas. The page in frame `f` starts at byte `layout.offsetOf(f)` of view `arenaAt(layout.offsetOf(f))`. A claim may
   * add one, and replace the first one as {@link PageCache.bytes} describes.
   */
  get arenas(): readonly Uint8Array[] {
    return this.#pool.arenas
  }

  /** Attaches a file, whose pages share the frames with those of all other files. */
  attach(writer: PageWriter): PageSpace {
    assert(!this.#isReleased, 'the cache was released')
    return new PageSpace(this.#pool, writer)
  }

  /**
   * Releases the buffer for reuse by the next cache of the same size in this thread. The buffer must not be accessed
   * afterwards, including borrowed frames. No effect while a file is attached. Idempotent.
   */
  release(): void {
    if (this.#isReleased || this.#pool.hasOwners) return
    this.#isReleased = true
    this.#pool.release()
  }

  /** Returns the current state and counters. Costs a pass over all used frames. */
  stats(): PageCacheStats {
    const pool = this.#pool
    let dirtyCount = 0
    let pinnedCount = 0
    let residentCount = 0
    for (let frame = 0; frame < pool.usedCount; frame += 1) {
      if (pool.pages[frame] === 0) continue
      residentCount += 1
      if (pool.dirty[frame] !== 0) dirtyCount += 1
      if (pool.pins[frame] !== 0) pinnedCount += 1
    }
    return {
      frameCount: pool.frameCount,
      pageBytes: this.pageBytes,
      hashIndexBytes: pool.hashIndex.bytes,
      residentCount,
      dirtyCount,
      pinnedCount,
      hitCount: pool.queues.useCount,
      missCount: pool.missCount,
      evictionCount: pool.evictionCount,
      writebackCount: pool.writebackCount,
    }
  }

  /** Allocates the memory of the whole first arena: no later claim replaces {@link PageCache.bytes}. */
  growArena(): void {
    this.#pool.growArena()
  }

  /** Number of frames that hold no page and are not borrowed. */
  get freeFrameCount(): number {
    return this.#pool.freeCount
  }

  /** Borrows a free frame until `releaseFrame`, or returns -1 when there is none. Never evicts a page. */
  borrowFrame(): number {
    return this.#pool.borrow()
  }

  /** Returns a borrowed frame to the free list. */
  releaseFrame(frame: number): void {
    this.#pool.free(frame)
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
function checkSizes(bytes: number, pageBytes: number): void {
  const isPowerOfTwo = Number.isInteger(pageBytes) && (pageBytes & (pageBytes - 1)) === 0
  if (!isPowerOfTwo || pageBytes < 512 || pageBytes > 32_768) {
    throw invalidArgument(`pageBytes must be a power of two from 512 to 32768, got ${String(pageBytes)}`)
  }
  if (!Number.isFinite(bytes) || bytes < 0) {
    throw invalidArgument(`bytes must be a non-negative number, got ${String(bytes)}`)
  }
  if (bytes > CACHE_BYTES_MAX) {
    throw invalidArgument(`bytes must be at most 64 GiB, got ${String(bytes)}`)
  }
}
