import { extended } from './extended.js'
import { GhostQueue } from './ghost-queue.js'
import { FrameList } from './frame-list.js'

/** Maximum of the use counter: a page survives that many rounds of the main queue without another use. */
const USES_MAX = 3
/** A page with more uses than this is promoted from the small queue. One operation may use a page twice. */
const SMALL_USES_MAX = 1
/** The small queue gets one frame in this many. */
const SMALL_DIVISOR = 10

/**
 * Chooses the frame to evict by S3-FIFO: a small queue, a main queue and a ghost queue, all FIFO.
 *
 * @remarks A new page enters the small queue, which has a tenth of the frames. When it reaches the end, it moves to the main
 * queue if it was used again; otherwise it is evicted and its fingerprint enters the ghost queue. A page whose fingerprint is
 * in the ghost queue enters the main queue directly. A page of the main queue is evicted when it reaches the end and was
 * not used since its previous round. A scan, which uses each page once, therefore passes through the small queue and leaves
 * the main queue unchanged. A use costs one counter increment.
 *
 * Takes 28 to 43 bytes per frame.
 * @see Yang et al., "FIFO queues are all you need for cache eviction", 2023
 * @internal
 */
export class FrameQueues {
  /** Uses of pages that were resident. */
  useCount = 0
  #uses: Uint8Array
  /** 1 for a frame in the main queue, 0 for one in the small queue. */
  #isMain: Uint8Array
  #fingerprints: Int32Array
  #next: Int32Array
  #previous: Int32Array
  readonly #small: FrameList
  readonly #main: FrameList
  /** Number of frames between which evictions choose. */
  #frameCount: number
  #smallMax: number
  #ghost: GhostQueue

  /**
   * @param frameCount - number of frames between which evictions choose.
   * @param capacity - number of frames that may be used before {@link FrameQueues.grow}.
   */
  constructor(frameCount: number, capacity: number = frameCount) {
    this.#uses = new Uint8Array(capacity)
    this.#isMain = new Uint8Array(capacity)
    this.#fingerprints = new Int32Array(capacity)
    this.#next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
    this.#small = new FrameList(this.#next, this.#previous)
    this.#main = new FrameList(this.#next, this.#previous)
    this.#frameCount = frameCount
    this.#smallMax = smallFrames(frameCount)
    this.#ghost = new GhostQueue(capacity === frameCount ? frameCount - this.#smallMax : 1)
  }

  /** Provides for all frames. No frame may have been evicted before. */
  grow(frameCount: number): void {
    this.#uses = extended(this.#uses, frameCount)
    this.#isMain = extended(this.#isMain, frameCount)
    this.#fingerprints = extended(this.#fingerprints, frameCount)
    this.#next = extended(this.#next, frameCount)
    this.#previous = extended(this.#previous, frameCount)
    this.#small.replaceLinks(this.#next, this.#previous)
    this.#main.replaceLinks(this.#next, this.#previous)
    this.limit(frameCount)
  }

  /** Limits the queues to the first `frameCount` frames. No frame may have been evicted before. */
  limit(frameCount: number): void {
    this.#frameCount = frameCount
    this.#smallMax = smallFrames(frameCount)
    this.#ghost = new GhostQueue(frameCount - this.#smallMax)
  }

  /** By frame: its use counter. Replaced by {@link FrameQueues.grow}. */
  get uses(): Uint8Array {
    return this.#uses
  }

  /** Number of resident frames. */
  get count(): number {
    return this.#small.count + this.#main.count
  }

  /** Counts a use of the page in a frame. */
  touch(frame: number): void {
    this.useCount += 1
    const uses = this.#uses[frame] as number
    if (uses < USES_MAX) this.#uses[frame] = uses + 1
  }

  /** Inserts a free frame that receives a new page. */
  insert(frame: number, fingerprint: number): void {
    this.#fingerprints[frame] = fingerprint
    if (this.#ghost.take(fingerprint)) {
      this.#addToMain(frame)
      return
    }
    this.#uses[frame] = 0
    this.#isMain[frame] = 0
    this.#small.add(frame)
  }

  /** Removes a frame whose page was dropped. */
  remove(frame: number): void {
    if (this.#isMain[frame] === 1) this.#main.remove(frame)
    else this.#small.remove(frame)
  }

  /** Records that the page in a frame was evicted and a new page takes the frame. */
  replace(frame: number, fingerprint: number): void {
    const wasMain = this.#isMain[frame] === 1
    if (!wasMain) this.#ghost.add(this.#fingerprints[frame] as number)
    if (wasMain || this.#ghost.has(fingerprint)) {
      this.remove(frame)
      this.insert(frame, fingerprint)
      return
    }
    // The common case of a small cache: a new page replaces the oldest page of the small queue.
    this.#fingerprints[frame] = fingerprint
    this.#uses[frame] = 0
    this.#small.moveToNewest(frame)
  }

  /** Returns the unpinned frame to evict, which stays in its queue, or -1 when every frame is pinned. */
  choose(pins: Int32Array): number {
    const steps = this.#frameCount * (USES_MAX + 2)
    for (let step = 0; step < steps; step += 1) {
      const isSmall = this.#small.count > this.#smallMax || this.#main.count === 0
      const queue = isSmall ? this.#small : this.#main
      const frame = queue.oldest
      const uses = this.#uses[frame] as number
      if (pins[frame] === 0 && uses <= (isSmall ? SMALL_USES_MAX : 0)) return frame
      if (pins[frame] !== 0) queue.moveToNewest(frame)
      else if (isSmall) {
        queue.remove(frame)
        this.#addToMain(frame)
      } else {
        this.#uses[frame] = uses - 1
        queue.moveToNewest(frame)
      }
    }
    // Every frame of the queue to evict from is pinned: fall back to any unpinned frame.
    const frame = pins.indexOf(0)
    return frame < this.#frameCount ? frame : -1
  }

  /** Adds a frame that is in no queue to the main queue, with a use count of 0. */
  #addToMain(frame: number): void {
    this.#uses[frame] = 0
    this.#isMain[frame] = 1
    this.#main.add(frame)
  }
}

/** Returns the number of frames of the small queue. */
function smallFrames(frameCount: number): number {
  return Math.max(1, Math.floor(frameCount / SMALL_DIVISOR))
}
