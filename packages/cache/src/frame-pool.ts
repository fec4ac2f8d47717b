import { assert, INVARIANTS, sharedBytes } from '@ldb/base'
import { extended } from './extended.js'
import type { BudgetPart, CacheBudget } from './cache-budget.js'
import { ARENA_MARGIN, arenaAt, arenaTag } from './frame-layout.js'
import type { FrameLayout } from './frame-layout.js'
import { FrameQueues } from './frame-queues.js'
import { HashIndex } from './hash-index.js'
import { acquireArena, releaseArena } from './spare-arena.js'

/**
 * Frames of the first arena, in bytes. V8 answers the allocation of a large buffer with a full garbage collection: a database
 * that uses few pages opens without it. Where invariants are checked, nearly every cache grows.
 */
const FIRST_BYTES = INVARIANTS ? 0 : 8 * 1024 * 1024
const FIRST_FRAMES_MIN = 40

/** Frames that pages keep, whatever the demand for blocks: the working set of one descent and its writes. */
const FRAMES_KEPT = 32

/** Fill byte of freed frames where invariants are checked. */
const POISON = 0xdb

/** What the pool needs of an attached file. @internal */
export interface FrameOwner {
  /** Writes the dirty page in a frame to the file and marks it clean. Throws when the write fails. */
  writeBack(frame: number): void
  /** Removes the page in a frame from the page table and the adaptive hash index. */
  forget(frame: number): void
  /** Receives an additional arena, or one that replaces the first arena. */
  replaceArena(arena: number, bytes: Uint8Array): void
}

/**
 * The frames of a page cache: their memory, their state, the free list and eviction.
 *
 * @remarks State of frames is kept in typed arrays indexed by frame. A frame is unused, free, borrowed or resident; only
 * resident frames are in the eviction queues.
 * @internal
 */
export class FramePool implements BudgetPart {
  readonly pageBytes: number
  readonly layout: FrameLayout
  /** Number of frames. It falls to those that have memory when there is none for more. */
  frameCount: number
  /**
   * Views of the arenas, as {@link FrameLayout} describes. The first one is replaced by a larger one when its frames are used up; then
   * others are added.
   */
  readonly arenas: Uint8Array[]
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
  /** The budget that pages share with blocks; `undefined` when they have all frames. */
  readonly #budget: CacheBudget | undefined
  /** Attached files by id; `undefined` after their detachment. */
  readonly #owners: (FrameOwner | undefined)[] = []

  constructor(
    frameCount: number,
    pageBytes: number,
    hashIndexBytes: number,
    layout: FrameLayout,
    budget?: CacheBudget,
  ) {
    this.pageBytes = pageBytes
    this.layout = layout
    this.frameCount = frameCount
    this.#budget = budget
    budget?.attachPages(this)
    const firstMax = layout.framesOf(0, frameCount)
    this.#capacity = Math.min(firstMax, Math.max(FIRST_FRAMES_MIN, FIRST_BYTES / pageBytes))
    const arena = acquireArena(this.#capacity * pageBytes)
    this.arenas = [arena.bytes]
    this.#touchedBytes = arena.touchedBytes
    this.pages = new Int32Array(this.#capacity)
    this.owners = new Int32Array(this.#capacity)
    this.pins = new Int32Array(this.#capacity)
    this.dirty = new Uint8Array(this.#capacity)
    this.queues = new FrameQueues(frameCount, this.#capacity)
    this.hashIndex = new HashIndex(this.#capacity, pageBytes, hashIndexBytes, layout)
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
    const mayGrow = this.#mayGrow()
    const victim = mayGrow ? -1 : this.queues.choose(this.pins)
    // Where every page is pinned, an eviction falls back to any frame: to one that is not in use.
    const isGrowing = mayGrow || victim < 0 || this.pages[victim] === 0
    const free = isGrowing ? this.borrow() : -1
    if (free >= 0) {
      this.queues.insert(free, fingerprint)
      return free
    }
    const frame = isGrowing ? this.queues.choose(this.pins) : victim
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

  /** Bytes of the frames that are resident or borrowed. */
  get usedBytes(): number {
    return (this.usedCount - this.#freeFrames.length) * this.pageBytes
  }

  /** Evicts pages that are neither pinned nor dirty. */
  retire(byteCount: number): boolean {
    const before = this.usedBytes
    while (this.usedBytes > before - byteCount && this.queues.count > FRAMES_KEPT) {
      const frame = this.queues.choose(this.pins)
      if (frame < 0 || this.dirty[frame] !== 0 || this.pages[frame] === 0) break
      this.evictionCount += 1
      this.#owners[this.owners[frame] as number]?.forget(frame)
      this.queues.remove(frame)
      this.free(frame)
    }
    return this.usedBytes < before
  }

  /** The first arena. */
  get firstArena(): Uint8Array {
    return this.arenas[0] as Uint8Array
  }

  /** Replaces the first arena by one for all of its frames, unless it is. */
  growArena(): void {
    const { layout, frameCount } = this
    const firstCount = layout.framesOf(0, frameCount)
    if (this.#capacity >= firstCount) return
    const old = this.firstArena
    const usedBytes = this.usedCount * this.pageBytes
    const arena = this.#acquire(() => acquireArena(firstCount * this.pageBytes))
    if (arena === undefined) return
    arena.bytes.set(old.subarray(0, usedBytes))
    const touchedBytes = Math.max(this.#touchedBytes, usedBytes)
    this.#touchedBytes = arena.touchedBytes
    this.#capacity = firstCount
    this.#growState()
    this.#setArena(0, arena.bytes)
    if (INVARIANTS) old.fill(POISON)
    releaseArena({ bytes: old, touchedBytes })
  }

  /** Adds a frame to the free list. The list is LIFO: the frame used last may still be in the CPU cache. */
  free(frame: number): void {
    if (INVARIANTS) {
      const offset = this.layout.offsetOf(frame)
      this.arenas[arenaAt(offset)]?.fill(POISON, offset, offset + this.pageBytes)
    }
    this.#freeFrames.push(frame)
  }

  /** Releases the memory. The pool must not be used afterwards. */
  release(): void {
    const [bytes] = this.arenas as [Uint8Array]
    const usedBytes = Math.min(this.usedCount * this.pageBytes, bytes.length)
    if (INVARIANTS) bytes.fill(POISON, 0, usedBytes)
    releaseArena({ bytes, touchedBytes: Math.max(usedBytes, this.#touchedBytes) })
    this.arenas.length = 1
  }

  /** Reports whether a page may take a frame that is not in use. */
  #mayGrow(): boolean {
    if (this.#budget === undefined) return true
    return this.#budget.admitPage(this.pageBytes) || this.queues.count < FRAMES_KEPT
  }

  /** Adds the next arena. */
  #addArena(): void {
    const { layout, frameCount, pageBytes } = this
    const arena = this.arenas.length
    const count = layout.framesOf(arena, frameCount)
    const whole = this.#acquire(() => sharedBytes(ARENA_MARGIN + count * pageBytes))
    if (whole === undefined) return
    this.#capacity += count
    this.#growState()
    this.#setArena(arena, whole.subarray(ARENA_MARGIN - arenaTag(arena)))
  }

  /** Provides state for all frames. Memory that is not used yet costs address space only. */
  #growState(): void {
    const { frameCount } = this
    if (this.pages.length >= frameCount) return
    this.pages = extended(this.pages, frameCount)
    this.owners = extended(this.owners, frameCount)
    this.pins = extended(this.pins, frameCount)
    this.dirty = extended(this.dirty, frameCount)
    this.queues.grow(frameCount)
    this.hashIndex.growFrames(frameCount)
  }

  #setArena(arena: number, bytes: Uint8Array): void {
    this.arenas[arena] = bytes
    for (const owner of this.#owners) owner?.replaceArena(arena, bytes)
  }

  /** Allocates an arena; without memory for it, returns `undefined`, and the cache stays as large as it is. */
  #acquire<T>(allocate: () => T): T | undefined {
    try {
      return allocate()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.frameCount = this.#capacity
      this.queues.limit(this.#capacity)
      return undefined
    }
  }

  /** Returns a frame that was never used, or -1 when there is none. */
  #unusedFrame(): number {
    if (this.usedCount === this.frameCount) return -1
    if (this.usedCount === this.#capacity) this.growArena()
    if (this.usedCount === this.#capacity && this.usedCount < this.frameCount) this.#addArena()
    return this.usedCount < this.frameCount ? this.usedCount++ : -1
  }
}
