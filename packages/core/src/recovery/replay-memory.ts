import type { PageCache } from '@ldb/cache'

/** Bytes of a chunk of memory of its own. */
const OWN_CHUNK_BYTES = 8192
/** This part of the frames is left to the stores. */
const LEFT_SHARE = 8

/**
 * Memory in which recovery gathers operations, in chunks of one size. These are frames of the page cache, which at an opening hold
 * nothing yet: the pages that are built from the operations of a chunk may stand in it afterwards, and memory is touched
 * once. Where the cache has too few idle frames, it is memory of its own.
 */
export class ReplayMemory {
  bytes: Uint8Array = new Uint8Array(0)
  /** Of {@link ReplayMemory.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  chunkBytes: number
  /** By chunk: the chunk behind it in its list, -1 for none. */
  next: Int32Array = new Int32Array(0)
  /** By chunk: where in `bytes` its operations end. */
  end: Int32Array = new Int32Array(0)
  readonly #cache: PageCache
  #isBorrowed = false
  #takenCount = 0
  #chunksMax = 0
  /** Of memory of its own: chunks that came into use, and those given back. */
  #touchedCount = 0
  readonly #free: number[] = []

  constructor(cache: PageCache) {
    this.#cache = cache
    this.chunkBytes = cache.pageBytes
  }

  /** Bytes of the chunks that are taken. */
  get takenBytes(): number {
    return this.#takenCount * this.chunkBytes
  }

  /** Chunks that can be taken. */
  get room(): number {
    const room = this.#chunksMax - this.#takenCount
    return this.#isBorrowed ? Math.min(room, this.#cache.idleFrameCount) : room
  }

  /** Finds memory for so many bytes. No chunk may be taken. */
  begin(byteCount: number): void {
    const cache = this.#cache
    const framesWanted = Math.ceil(byteCount / cache.pageBytes)
    const framesLeft = Math.floor(cache.frameCount / LEFT_SHARE)
    if (framesWanted <= cache.idleFrameCount - framesLeft) {
      this.#use(cache.bytes, cache.pageBytes, cache.frameCount)
      this.#isBorrowed = true
      this.#chunksMax = framesWanted
      return
    }
    const chunkBytes = Math.max(OWN_CHUNK_BYTES, cache.pageBytes)
    const count = Math.ceil(byteCount / chunkBytes)
    if (this.#isBorrowed || this.#chunksMax < count)
      this.#use(new Uint8Array(count * chunkBytes), chunkBytes, count)
    this.#isBorrowed = false
    this.#chunksMax = count
  }

  /** Takes a chunk; there must be room. */
  take(): number {
    this.#takenCount++
    if (this.#isBorrowed) return this.#cache.borrowFrame()
    return this.#free.pop() ?? this.#touchedCount++
  }

  /** Gives a chunk back. */
  give(chunk: number): void {
    this.#takenCount--
    if (this.#isBorrowed) this.#cache.releaseFrame(chunk)
    else this.#free.push(chunk)
  }

  #use(bytes: Uint8Array, chunkBytes: number, chunkCount: number): void {
    this.chunkBytes = chunkBytes
    this.#touchedCount = 0
    this.#free.length = 0
    if (this.bytes === bytes) return
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.next = new Int32Array(chunkCount)
    this.end = new Int32Array(chunkCount)
  }
}
