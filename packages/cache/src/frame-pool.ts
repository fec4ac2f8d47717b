import { assert, INVARIANTS } from '@ldb/base'
import { extended } from './extended.js'
import { FrameQueues } from './frame-queues.js'
import { HashIndex } from './hash-index.js'
import { acquireArena, releaseArena } from './spare-arena.js'
import type { Arena } from './spare-arena.js'

/**
 * Frames of the first arena, in bytes. V8 answers the allocation of a large buffer with a full garbage collection: a database
 * that uses few pages opens without it. Where invariants are checked, nearly every cache grows.
 */
const FIRST_BYTES = INVARIANTS ? 0 : 8 * 1024 * 1024
const FIRST_FRAMES_MIN = 40

/** Fill byte of freed frames where invariants are checked. */
const POISON = 0xdb

/** What the pool needs of an attached file. @internal */
export interface FrameOwner {
  /** Writes the dirty page in a frame to the file and marks it clean. Throws when the write fails. */
  writeBack(frame: number): void
  /** Removes the page in a frame from the page table and the adaptive hash index. */
  forget(frame: number): void
  /** Receives the buffer that replaces the arena. */
  replaceArena(bytes: Uint8Array): void
}

/**
 * The frames of a page cache: their memory, their state, the free list and eviction.
 *
 * @remarks State of frames is kept in typed arrays indexed by frame. A frame is unused, free, borrowed or resident; only
 * resident frames are in the eviction queues.
 * @internal
 */
export class FramePool {
  readonly pageBytes: number
  readonly pageShift: number
  /** Number of frames. It falls to those of the first arena when there is no memory for a larger one. */
  frameCount: number
  /** The arena. Frame `f` starts at byte `f * pageBytes`. It is replaced by a larger one when the first frames are used up. */
  bytes: Uint8Array
  /** By frame: its page number, 0 for none. */
  pages: Int32Array
  /** By frame: the id of the owner of its page. */
  owners: Int32Array
  /** By frame: its pin count. A borrowed frame has one pin. */
  pins: Int32Array
  /** By frame: 1 when its page is dirty. */
  dirty: Uint8Array
  readonly queues: FrameQueues
  readonly hashIndex: HashIndex
  /** Number of frames that have been used; the frames from it on have never been touched. */
  usedCount = 0
  missCount = 0
  evictionCount = 0
  writebackCount = 0
  #touchedBytes: number
  /** Number of frames that have memory and state. */
  #capacity: number
  readonly #freeFrames: number[] = []
  /** Attached files by id; `undefined` after their detachment. */
  readonly #owners: (FrameOwner | undefined)[] = []

  constructor(frameCount: number, pageBytes: number, hashIndexBytes: number) {
    this.pageBytes = pageBytes
    this.pageShift = Math.log2(pageBytes)
    this.frameCount = frameCount
    this.#capacity = Math.min(frameCount, Math.max(FIRST_FRAMES_MIN, FIRST_BYTES >> this.pageShift))
    const arena = acquireArena(this.#capacity * pageBytes)
    this.bytes = arena.bytes
    this.#touchedBytes = arena.touchedBytes
    this.pages = new Int32Array(this.#capacity)
    this.owners = new Int32Array(this.#capacity)
    this.pins = new Int32Array(this.#capacity)
    this.dirty = new Uint8Array(this.#capacity)
    this.queues = new FrameQueues(frameCount, this.#capacity)
    this.hashIndex = new HashIndex(this.#capacity, pageBytes, hashIndexBytes)
  }

  /** Reports whether a file is attached. */
  get hasOwners(): boolean {
    return this.#owners.some((owner) => owner !== undefined)
  }

  /** Number of frames that hold no page and are not borrowed. */
  get freeCount(): number {
    return this.#freeFrames.length + this.frameCount - this.usedCount
  }

  /** Registers a file and returns its id. */
  attach(owner: FrameOwner): number {
    return this.#owners.push(owner) - 1
  }

  /** Removes a file, whose pages must have been dropped. */
  detach(id: number): void {
    this.#owners[id] = undefined
  }

  /** Returns a frame for a page with the given fingerprint. Evicts a page when no frame is free. */
  claim(fingerprint: number): number {
    this.missCount += 1
    const free = this.borrow()
    if (free >= 0) {
      this.queues.insert(free, fingerprint)
      return free
    }
    const frame = this.queues.choose(this.pins)
    assert(frame >= 0, 'every frame of the page cache is pinned')
    const owner = this.#owners[this.owners[frame] as number]
    assert(owner !== undefined, 'a resident frame belongs to a file')
    if (this.dirty[frame] !== 0) {
      // The write may throw, for example on a full disk. The page then stays resident and dirty.
      owner.writeBack(frame)
      this.writebackCount += 1
    }
    this.evictionCount += 1
    owner.forget(frame)
    this.queues.replace(frame, fingerprint)
    return frame
  }

  /** Takes a free frame out of the pool, or returns -1 when there is none. Never evicts a page. */
  borrow(): number {
    const free = this.#freeFrames.pop()
    const frame = free ?? this.#unusedFrame()
    // A borrowed frame is in no queue. The pin protects it when eviction falls back to any unpinned frame.
    if (frame >= 0) this.pins[frame] = 1
    return frame
  }

  /** Replaces the arena, and the state of frames, by those of all frames, unless they are. */
  growArena(): void {
    if (this.#capacity === this.frameCount) return
    const old = this.bytes
    const usedBytes = this.usedCount * this.pageBytes
    const arena = this.#acquireLarger()
    if (arena === undefined) return
    arena.bytes.set(old.subarray(0, usedBytes))
    const touchedBytes = Math.max(this.#touchedBytes, usedBytes)
    this.bytes = arena.bytes
    this.#touchedBytes = arena.touchedBytes
    this.#capacity = this.frameCount
    this.pages = extended(this.pages, this.frameCount)
    this.owners = extended(this.owners, this.frameCount)
    this.pins = extended(this.pins, this.frameCount)
    this.dirty = extended(this.dirty, this.frameCount)
    this.queues.grow(this.frameCount)
    this.hashIndex.growFrames(this.frameCount)
    for (const owner of this.#owners) owner?.replaceArena(arena.bytes)
    if (INVARIANTS) old.fill(POISON)
    releaseArena({ bytes: old, touchedBytes })
  }

  /** Adds a frame to the free list. The list is LIFO: the frame used last may still be in the CPU cache. */
  free(frame: number): void {
    if (INVARIANTS) this.bytes.fill(POISON, frame * this.pageBytes, (frame + 1) * this.pageBytes)
    this.#freeFrames.push(frame)
  }

  /** Releases the memory. The pool must not be used afterwards. */
  release(): void {
    const usedBytes = this.usedCount * this.pageBytes
    if (INVARIANTS) this.bytes.fill(POISON, 0, usedBytes)
    releaseArena({ bytes: this.bytes, touchedBytes: Math.max(usedBytes, this.#touchedBytes) })
  }

  /** Returns an arena for all frames; without memory for it, `undefined`, and the cache stays as large as it is. */
  #acquireLarger(): Arena | undefined {
    try {
      return acquireArena(this.frameCount * this.pageBytes)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.frameCount = this.#capacity
      this.queues.grow(this.#capacity)
      return undefined
    }
  }

  /** Returns a frame that was never used, or -1 when there is none. */
  #unusedFrame(): number {
    if (this.usedCount === this.frameCount) return -1
    if (this.usedCount === this.#capacity) this.growArena()
    return this.usedCount < this.frameCount ? this.usedCount++ : -1
  }
}
