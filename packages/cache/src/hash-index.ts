import { LeafFilters } from './leaf-filters.js'

/** An entry is two words, a bucket four entries: at two records a bucket, one in fifty finds no room; with two entries, one in ten. */
const ENTRY_WORDS = 2
const BUCKET_SHIFT = 3
const BUCKET_WORDS = 1 << BUCKET_SHIFT
const BUCKET_BYTES = 32
const BUCKETS_MIN = 32
const GENERATION_MAX = 0xffff
/** Keeps a count that goes on for ever a small integer. */
const COLLISIONS_MASK = 0x3fff_ffff

/** Records of a leaf that were found the long way, after which it pays to note the places of all of them. */
const FOUND_MAX = 3

/** Longest key whose place is remembered: its length has eight bits. @category Page cache */
export const PLACE_KEY_BYTES_MAX = 255

/**
 * Remembers where in the arena the record of a key was found, by a hash of the key. It is lossy: whoever asks compares
 * the key at the place given, and goes the long way when there is none.
 *
 * @remarks A place holds as long as its frame is of the generation in which it was noted. {@link HashIndex.invalidate}
 * begins a new generation of a frame, and all places in it are gone with one store: writers never look into the index.
 *
 * Word 0 of an entry: generation (bits 16 to 31), eight bits of the hash (8 to 15), key length (0 to 7); 0 for none. Word
 * 1: the byte offset of the record. The index begins small and grows, empty again, while good entries push each other out.
 * @internal
 */
export class HashIndex {
  #words: Int32Array
  #mask: number
  #collisions = 0
  /** Which keys are not in the leaves of frames; `undefined` without a budget. */
  readonly filters: LeafFilters | undefined
  readonly #generations: Uint16Array
  /** By frame: the generation (bits 16 to 31), and how many records were found in it the long way. */
  readonly #found: Int32Array
  readonly #pageShift: number
  readonly #bucketsMax: number

  /** @param bytesMax - budget, apart from 74 bytes a frame; below 1 KiB nothing is remembered. */
  constructor(frameCount: number, pageBytes: number, bytesMax: number) {
    this.#generations = new Uint16Array(frameCount).fill(1)
    this.#found = new Int32Array(frameCount)
    this.#pageShift = Math.log2(pageBytes)
    this.#bucketsMax = Math.floor(bytesMax / BUCKET_BYTES)
    this.filters = this.#bucketsMax < BUCKETS_MIN ? undefined : new LeafFilters(this.#generations)
    this.#words = new Int32Array(BUCKETS_MIN << BUCKET_SHIFT)
    this.#mask = BUCKETS_MIN - 1
  }

  /** Bytes that it takes at present. */
  get bytes(): number {
    const { byteLength } = this.#generations
    return this.#words.byteLength + byteLength + this.#found.byteLength + (this.filters?.bytes ?? 0)
  }

  /** Returns an offset that was noted for the hash and key length and still holds, or -1. */
  find(hash: number, keyBytes: number): number {
    const words = this.#words
    const tag = ((hash >>> 16) & 0xff00) | keyBytes
    const from = (hash & this.#mask) << BUCKET_SHIFT
    for (let at = from; at < from + BUCKET_WORDS; at += ENTRY_WORDS) {
      if (((words[at] as number) & 0xffff) === tag && this.#holds(at)) return words[at + 1] as number
    }
    return -1
  }

  /** Notes the offset at which the record of a key stands now. */
  note(hash: number, keyBytes: number, offset: number): void {
    if (this.#bucketsMax < BUCKETS_MIN) return
    let at = this.#roomFor(hash)
    // After growing there is room.
    if (at < 0) at = this.#isGrown() ? this.#roomFor(hash) : this.#victim(hash)
    const words = this.#words
    const generation = this.#generations[offset >> this.#pageShift] as number
    words[at] = (generation << 16) | ((hash >>> 16) & 0xff00) | keyBytes
    words[at + 1] = offset
  }

  /** Loads what {@link HashIndex.find} will look at; what it gives means nothing. */
  touch(hash: number): number {
    return this.#words[(hash & this.#mask) << BUCKET_SHIFT] as number
  }

  /** Counts a record of a frame that was found the long way; true when the places of all in it are to be noted now. */
  isDue(frame: number): boolean {
    if (this.#bucketsMax < BUCKETS_MIN) return false
    const generation = (this.#generations[frame] as number) << 16
    const state = this.#found[frame] as number
    const count = state >> 16 === generation >> 16 ? (state & 0xffff) + 1 : 1
    if (count > FOUND_MAX) return false
    this.#found[frame] = generation | count
    return count === FOUND_MAX
  }

  /** Grows, empty again, as far as the budget allows, to at most two records a bucket; three are borne with. */
  reserve(recordCount: number): void {
    let buckets = this.#mask + 1
    if (recordCount <= buckets * 3) return
    while (buckets * 2 < recordCount && buckets * 2 <= this.#bucketsMax) buckets *= 2
    if (buckets > this.#mask + 1) this.#grow(buckets)
  }

  /** Forgets all places in a frame: what stands in it is about to change, or no longer to be the newest. */
  invalidate(frame: number): void {
    const generation = this.#generations[frame] as number
    if (generation === GENERATION_MAX) {
      this.#words.fill(0)
      this.#found.fill(0)
      this.filters?.clear()
    }
    this.#generations[frame] = generation === GENERATION_MAX ? 1 : generation + 1
  }

  /** Where an entry of a hash may be written without pushing a good one out, or -1. */
  #roomFor(hash: number): number {
    const from = (hash & this.#mask) << BUCKET_SHIFT
    for (let at = from; at < from + BUCKET_WORDS; at += ENTRY_WORDS) if (!this.#holds(at)) return at
    return -1
  }

  /** Which entry is pushed out hardly matters, as long as it is not always the same one. */
  #victim(hash: number): number {
    return ((hash & this.#mask) << BUCKET_SHIFT) + (this.#collisions & 3) * ENTRY_WORDS
  }

  #holds(at: number): boolean {
    const frame = (this.#words[at + 1] as number) >> this.#pageShift
    return this.#generations[frame] === (this.#words[at] as number) >>> 16
  }

  /** Counts a good entry that is pushed out, and tells whether the index has grown over it. */
  #isGrown(): boolean {
    this.#collisions = (this.#collisions + 1) & COLLISIONS_MASK
    const buckets = this.#mask + 1
    if (this.#collisions <= buckets >> 1 || buckets * 2 > this.#bucketsMax) return false
    this.#grow(buckets * (buckets * 4 > this.#bucketsMax ? 2 : 4))
    return true
  }

  #grow(buckets: number): void {
    this.#collisions = 0
    this.#words = new Int32Array(buckets << BUCKET_SHIFT)
    this.#mask = buckets - 1
    this.#found.fill(0)
  }
}
