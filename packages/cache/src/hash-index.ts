import { extended } from './extended.js'
import { arenaTag } from './frame-layout.js'
import type { FrameLayout } from './frame-layout.js'
import { LeafFilters } from './leaf-filters.js'

/**
 * An entry is two words, a bucket four entries. With two records per bucket on average, one record in fifty finds its bucket
 * full; with buckets of two entries, one in ten.
 */
const ENTRY_WORDS = 2
const BUCKET_SHIFT = 3
const BUCKET_WORDS = 1 << BUCKET_SHIFT
const BUCKET_BYTES = 32
const BUCKETS_MIN = 32
/** Positions of words must be small integers. */
const BUCKETS_MAX = 2 ** 27
const GENERATION_MAX = 0xffff
/** Keeps an ever-growing counter within the range of small integers. */
const COLLISIONS_MASK = 0x3fff_ffff

/** Number of tree descents to records of a leaf after which all records of the leaf are indexed. */
const DESCENTS_MAX = 3

/** Frames for whose records the index grows at least. */
const FRAMES_RESERVED_MIN = 1024

/** Length of the longest indexed key: an entry stores the length in eight bits. @category Page cache */
export const INDEXED_KEY_BYTES_MAX = 255

/**
 * The adaptive hash index: maps the hash of a key to the offset of its record. It is lossy: the caller compares the key
 * at the offset, and descends the tree when there is no match.
 *
 * @remarks An entry is valid as long as its frame has the generation in which the entry was inserted.
 * {@link HashIndex.invalidate} increments the generation of a frame, which invalidates all its entries with one store.
 *
 * Word 0 of an entry: generation (bits 16 to 31), eight bits of the hash (8 to 15), key length (0 to 7); 0 for an empty entry.
 * Word 1: byte offset of the record in its arena, counted from the first frame. With several arenas, a word for each bucket has the
 * arenas of its entries, eight bits each. The index starts small and grows, losing its entries, when too many valid entries
 * overwrite each other.
 * @internal
 */
export class HashIndex {
  #words: Int32Array
  /** By bucket: the arenas of its entries. Empty with a single arena. */
  #arenas: Int32Array
  #mask: number
  #collisions = 0
  /** Frames whose records were all inserted. */
  #framesIndexed = 0
  /** Number of these records. */
  #recordsIndexed = 0
  /** Bloom filters of leaves; `undefined` without a budget. */
  readonly filters: LeafFilters | undefined
  #generations: Uint16Array
  /** By frame: its generation (bits 16 to 31), and the number of descents to its records (bits 0 to 15). */
  #descents: Int32Array
  readonly #pageShift: number
  readonly #isSingle: boolean
  readonly #arenaShift: number
  readonly #bucketsMax: number

  /** @param bytesMax - budget of the entries, in addition to 74 bytes per frame. Below 1 KiB the index stays empty. */
  constructor(frameCount: number, pageBytes: number, bytesMax: number, layout: FrameLayout) {
    this.#generations = new Uint16Array(frameCount).fill(1)
    this.#descents = new Int32Array(frameCount)
    this.#pageShift = Math.log2(pageBytes)
    this.#isSingle = layout.isSingle
    this.#arenaShift = layout.arenaShift
    this.#bucketsMax = Math.min(BUCKETS_MAX, Math.floor(bytesMax / BUCKET_BYTES))
    this.filters = this.#bucketsMax < BUCKETS_MIN ? undefined : new LeafFilters(this.#generations)
    this.#words = new Int32Array(BUCKETS_MIN << BUCKET_SHIFT)
    this.#arenas = new Int32Array(layout.isSingle ? 0 : BUCKETS_MIN)
    this.#mask = BUCKETS_MIN - 1
  }

  /** Provides for more frames. */
  growFrames(frameCount: number): void {
    const known = this.#generations.length
    this.#generations = extended(this.#generations, frameCount).fill(1, known)
    this.#descents = extended(this.#descents, frameCount)
    this.filters?.grow(this.#generations)
  }

  /** Memory in use, in bytes, including the filters. */
  get bytes(): number {
    const { byteLength } = this.#generations
    return (
      this.#words.byteLength +
      this.#arenas.byteLength +
      byteLength +
      this.#descents.byteLength +
      (this.filters?.bytes ?? 0)
    )
  }

  /** Returns the position of a valid entry with the hash and key length, or -1. */
  find(hash: number, keyBytes: number): number {
    const words = this.#words
    const tag = ((hash >>> 16) & 0xff00) | keyBytes
    const bucket = (hash & this.#mask) << BUCKET_SHIFT
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
      if (((words[entry] as number) & 0xffff) === tag && this.#isValid(entry)) return entry
    }
    return -1
  }

  /** Returns the frame of the entry at a position. */
  frameAt(entry: number): number {
    const frame = (this.#words[entry + 1] as number) >> this.#pageShift
    return this.#isSingle ? frame : frame + (arenaOf(this.#arenas, entry) << this.#arenaShift)
  }

  /** Returns the offset of the record of the entry at a position. */
  offsetAt(entry: number): number {
    const offset = this.#words[entry + 1] as number
    return this.#isSingle ? offset : offset + arenaTag(arenaOf(this.#arenas, entry))
  }

  /** Inserts an entry for the record at an offset in a frame. */
  insert(hash: number, keyBytes: number, frame: number, offset: number): void {
    if (this.#bucketsMax < BUCKETS_MIN) return
    let entry = this.#freeEntry(hash)
    // The bucket is empty after growing.
    if (entry < 0) entry = this.#growIfCrowded() ? this.#freeEntry(hash) : this.#victim(hash)
    const words = this.#words
    const generation = this.#generations[frame] as number
    words[entry] = (generation << 16) | ((hash >>> 16) & 0xff00) | keyBytes
    const arena = frame >>> this.#arenaShift
    words[entry + 1] = offset - arenaTag(arena)
    if (!this.#isSingle) setArena(this.#arenas, entry, arena)
  }

  /** Loads the bucket that {@link HashIndex.find} will read into the CPU cache. The result is meaningless. */
  prefetch(hash: number): number {
    return this.#words[(hash & this.#mask) << BUCKET_SHIFT] as number
  }

  /** Counts a descent to a record in a frame, and reports whether all records of the frame must be indexed now. */
  isDue(frame: number): boolean {
    if (this.#bucketsMax < BUCKETS_MIN) return false
    const generation = (this.#generations[frame] as number) << 16
    const state = this.#descents[frame] as number
    const count = state >> 16 === generation >> 16 ? (state & 0xffff) + 1 : 1
    if (count > DESCENTS_MAX) return false
    this.#descents[frame] = generation | count
    return count === DESCENTS_MAX
  }

  /** Reports whether indexing of a frame has been due. */
  isIndexed(frame: number): boolean {
    return this.#descents[frame] === (((this.#generations[frame] as number) << 16) | DESCENTS_MAX)
  }

  /** Inserts the first `count` records of a frame, given by their hashes, key lengths and offsets. Does not grow the index. */
  insertFrame(
    frame: number,
    hashes: Int32Array,
    keyBytes: Uint8Array,
    offsets: Int32Array,
    count: number,
  ): void {
    const words = this.#words
    const mask = this.#mask
    const generations = this.#generations
    const shift = this.#pageShift
    const isSingle = this.#isSingle
    const arenas = this.#arenas
    const arena = frame >>> this.#arenaShift
    const origin = arenaTag(arena)
    const generation = generations[frame] as number
    // The buckets of all records are loaded first: successive insertions would each wait for one.
    let sum = 0
    for (let index = 0; index < count; index += 1)
      sum ^= words[((hashes[index] as number) & mask) << BUCKET_SHIFT] as number
    this.#collisions = (this.#collisions + (sum & 1)) & COLLISIONS_MASK
    for (let index = 0; index < count; index += 1) {
      const hash = hashes[index] as number
      const bucket = (hash & mask) << BUCKET_SHIFT
      let entry = bucket
      while (
        entry < bucket + BUCKET_WORDS &&
        generations[isSingle ? (words[entry + 1] as number) >> shift : this.frameAt(entry)] ===
          (words[entry] as number) >>> 16
      )
        entry += ENTRY_WORDS
      if (entry === bucket + BUCKET_WORDS) entry = bucket + (index & 3) * ENTRY_WORDS
      words[entry] = (generation << 16) | ((hash >>> 16) & 0xff00) | (keyBytes[index] as number)
      words[entry + 1] = (offsets[index] as number) - origin
      if (!isSingle) setArena(arenas, entry, arena)
    }
  }

  /**
   * Counts a frame of which `recordCount` records are inserted next. Grows the index first, within the budget, when it has more than
   * three records per bucket: to two records per bucket for sixteen times as many frames, at most `framesMax`. Entries are lost.
   */
  reserve(recordCount: number, framesMax: number): void {
    this.#framesIndexed += 1
    this.#recordsIndexed += recordCount
    let buckets = this.#mask + 1
    if (this.#recordsIndexed <= buckets * 3) return
    const recordsPerFrame = this.#recordsIndexed / this.#framesIndexed
    const frames = Math.min(framesMax, Math.max(FRAMES_RESERVED_MIN, this.#framesIndexed * 16))
    const wanted = Math.max(this.#recordsIndexed, recordsPerFrame * frames)
    while (buckets * 2 < wanted && buckets * 2 <= this.#bucketsMax) buckets *= 2
    if (buckets > this.#mask + 1) this.#grow(buckets)
  }

  /** Invalidates all entries of a frame. Required before its records move or change, and when it is no longer current. */
  invalidate(frame: number): void {
    const generation = this.#generations[frame] as number
    if (generation === GENERATION_MAX) {
      this.#words.fill(0)
      this.#descents.fill(0)
      this.filters?.clear()
    }
    this.#generations[frame] = generation === GENERATION_MAX ? 1 : generation + 1
  }

  /** Returns the position of an invalid entry in the bucket of a hash, or -1. */
  #freeEntry(hash: number): number {
    const bucket = (hash & this.#mask) << BUCKET_SHIFT
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
      if (!this.#isValid(entry)) return entry
    }
    return -1
  }

  /** Returns the position of the entry to overwrite in the bucket of a hash, in rotation. */
  #victim(hash: number): number {
    return ((hash & this.#mask) << BUCKET_SHIFT) + (this.#collisions & 3) * ENTRY_WORDS
  }

  #isValid(entry: number): boolean {
    return this.#generations[this.frameAt(entry)] === (this.#words[entry] as number) >>> 16
  }

  /** Counts the collision of two valid entries, and grows the index when there were too many. Reports whether it grew. */
  #growIfCrowded(): boolean {
    this.#collisions = (this.#collisions + 1) & COLLISIONS_MASK
    const buckets = this.#mask + 1
    if (this.#collisions <= buckets >> 1 || buckets * 2 > this.#bucketsMax) return false
    this.#grow(buckets * (buckets * 4 > this.#bucketsMax ? 2 : 4))
    return true
  }

  #grow(buckets: number): void {
    this.#collisions = 0
    this.#framesIndexed = 0
    this.#recordsIndexed = 0
    this.#words = new Int32Array(buckets << BUCKET_SHIFT)
    if (!this.#isSingle) this.#arenas = new Int32Array(buckets)
    this.#mask = buckets - 1
    this.#descents.fill(0)
  }
}

/** Returns the arena of an entry, whose position is `entry`. */
function arenaOf(arenas: Int32Array, entry: number): number {
  return ((arenas[entry >> BUCKET_SHIFT] as number) >>> arenaShiftOf(entry)) & 0xff
}

function setArena(arenas: Int32Array, entry: number, arena: number): void {
  const bucket = entry >> BUCKET_SHIFT
  const shift = arenaShiftOf(entry)
  arenas[bucket] = ((arenas[bucket] as number) & ~(0xff << shift)) | (arena << shift)
}

/** Returns the position of an entry's bits in the word of its bucket. */
function arenaShiftOf(entry: number): number {
  return (entry & (BUCKET_WORDS - 1)) << 2
}
