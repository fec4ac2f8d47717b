import type { PageCache } from '@ldb/cache'

/** Chunk size on the heap, in bytes. */
const HEAP_CHUNK_BYTES = 8192
/** One in so many frames is reserved for the stores. */
const RESERVED_SHARE = 8

/**
 * Memory in which replay gathers operations, in chunks of equal size. The chunks are borrowed frames of the page cache, which is empty
 * at open: the pages that are built from the operations reuse the same memory. If the cache has too few free frames, or several arenas,
 * the chunks are allocated on the heap.
 */
export class ReplayMemory {
  bytes: Uint8Array = new Uint8Array(0)
  /** View of {@link ReplayMemory.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  chunkBytes: number
  /** By chunk: the next chunk of its list, -1 for none. */
  next: Int32Array = new Int32Array(0)
  /** By chunk: end offset of its operations in `bytes`. */
  end: Int32Array = new Int32Array(0)
  readonly #cache: PageCache
  #usesFrames = false
  #allocatedCount = 0
  #chunksMax = 0
  /** On the heap: number of chunks that were ever allocated, and the freed ones among them. */
  #usedCount = 0
  readonly #freeChunks: number[] = []

  constructor(cache: PageCache) {
    this.#cache = cache
    this.chunkBytes = cache.pageBytes
  }

  /** Bytes of the allocated chunks. */
  get allocatedBytes(): number {
    return this.#allocatedCount * this.chunkBytes
  }

  /** Number of chunks that can be allocated. */
  get freeCount(): number {
    const freeCount = this.#chunksMax - this.#allocatedCount
    return this.#usesFrames ? Math.min(freeCount, this.#cache.freeFrameCount) : freeCount
  }

  /** Provides `byteCount` bytes of chunks. No chunk may be allocated at the call. */
  begin(byteCount: number): void {
    const cache = this.#cache
    const framesWanted = Math.ceil(byteCount / cache.pageBytes)
    const framesReserved = Math.floor(cache.frameCount / RESERVED_SHARE)
    // Offsets of chunks are those of the first arena.
    if (cache.layout.isSingle && framesWanted <= cache.freeFrameCount - framesReserved) {
      // Pages are claimed while chunks are in use.
      cache.growArena()
      this.#use(cache.bytes, cache.pageBytes, cache.frameCount)
      this.#usesFrames = true
      this.#chunksMax = framesWanted
      return
    }
    const chunkBytes = Math.max(HEAP_CHUNK_BYTES, cache.pageBytes)
    const count = Math.ceil(byteCount / chunkBytes)
    if (this.#usesFrames || this.#chunksMax < count)
      this.#use(new Uint8Array(count * chunkBytes), chunkBytes, count)
    this.#usesFrames = false
    this.#chunksMax = count
  }

  /** Allocates a chunk; `freeCount` must not be 0. */
  allocate(): number {
    this.#allocatedCount++
    if (this.#usesFrames) return this.#cache.borrowFrame()
    return this.#freeChunks.pop() ?? this.#usedCount++
  }

  /** Frees a chunk. */
  free(chunk: number): void {
    this.#allocatedCount--
    if (this.#usesFrames) this.#cache.releaseFrame(chunk)
    else this.#freeChunks.push(chunk)
  }

  #use(bytes: Uint8Array, chunkBytes: number, chunkCount: number): void {
    this.chunkBytes = chunkBytes
    this.#usedCount = 0
    this.#freeChunks.length = 0
    if (this.bytes === bytes) return
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.next = new Int32Array(chunkCount)
    this.end = new Int32Array(chunkCount)
  }
}
