import { extended } from './extended.js'

/** Log2 of the words of a filter, which takes one cache line. */
const FILTER_SHIFT = 4
const FILTER_WORDS = 1 << FILTER_SHIFT
/** A hash supplies three bit positions of nine bits each. */
const POSITION_MASK = (FILTER_WORDS << 5) - 1

/** Number of failed searches of a leaf after which its filter is built. */
const FAILED_SEARCHES_MAX = 4
/** State of a frame, apart from its generation, that has a filter. */
const BUILT = 0xffff

/**
 * Bloom filters of leaf pages: 512 bits per frame, for leaves that are repeatedly searched for absent keys. A lookup of an
 * absent key then reads one cache line of the filter instead of the leaf, which costs two cache misses. The false-positive
 * rate is about 1 in 30 for a leaf of 60 entries and 1 in 3 for 200 entries.
 *
 * @remarks A filter is valid as long as its frame has the generation in which it was built, like the entries of the adaptive
 * hash index.
 * @category Page cache
 */
export class LeafFilters {
  #generations: Uint16Array
  /** By frame: its generation (bits 16 to 31), and the number of failed searches or {@link BUILT} (bits 0 to 15). */
  #states: Int32Array
  /** Filter bits; empty until the first filter is built. */
  #words: Int32Array = new Int32Array(0)

  /** @param generations - current generation of each frame, shared with the adaptive hash index. */
  constructor(generations: Uint16Array) {
    this.#generations = generations
    this.#states = new Int32Array(generations.length)
  }

  /** Provides for more frames, whose generations follow those of the present ones. */
  grow(generations: Uint16Array): void {
    this.#generations = generations
    this.#states = extended(this.#states, generations.length)
    if (this.#words.length > 0) this.#words = extended(this.#words, generations.length << FILTER_SHIFT)
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#words.byteLength + this.#states.byteLength
  }

  /** Reports whether the leaf in a frame may contain a key with the hash. Returns true when the frame has no filter. */
  mayContain(frame: number, hash: number): boolean {
    if (!this.hasFilter(frame)) return true
    const words = this.#words
    const base = frame << FILTER_SHIFT
    const a = hash & POSITION_MASK
    const b = (hash >>> 9) & POSITION_MASK
    const c = (hash >>> 18) & POSITION_MASK
    return (
      (((words[base + (a >> 5)] as number) >>> (a & 31)) &
        ((words[base + (b >> 5)] as number) >>> (b & 31)) &
        ((words[base + (c >> 5)] as number) >>> (c & 31)) &
        1) ===
      1
    )
  }

  /** Reports whether the leaf in a frame has a valid filter. Each key inserted into the leaf must then be added. */
  hasFilter(frame: number): boolean {
    // Called for each inserted key: without any filter, the put avoids the load of the frame's state.
    if (this.#words.length === 0) return false
    return this.#states[frame] === (((this.#generations[frame] as number) << 16) | BUILT)
  }

  /** Counts a failed search of a leaf without a filter, and reports whether its filter must be built now. */
  isDue(frame: number): boolean {
    const generation = (this.#generations[frame] as number) << 16
    const state = this.#states[frame] as number
    const count = state >> 16 === generation >> 16 ? (state & BUILT) + 1 : 1
    // The filter is built, or the caller chose not to build it.
    if (count > FAILED_SEARCHES_MAX) return false
    this.#states[frame] = generation | count
    return count === FAILED_SEARCHES_MAX
  }

  /** Starts an empty filter for the leaf in a frame. The caller must {@link LeafFilters.add} all keys of the leaf. */
  begin(frame: number): void {
    if (this.#words.length === 0) this.#words = new Int32Array(this.#generations.length << FILTER_SHIFT)
    const base = frame << FILTER_SHIFT
    this.#words.fill(0, base, base + FILTER_WORDS)
    this.#states[frame] = ((this.#generations[frame] as number) << 16) | BUILT
  }

  /** Adds the hash of a key to the filter of a frame. */
  add(frame: number, hash: number): void {
    const base = frame << FILTER_SHIFT
    this.#set(base, hash & POSITION_MASK)
    this.#set(base, (hash >>> 9) & POSITION_MASK)
    this.#set(base, (hash >>> 18) & POSITION_MASK)
  }

  /** Drops all filters and counts. Called when the generation numbers wrap around. */
  clear(): void {
    this.#states.fill(0)
  }

  #set(base: number, position: number): void {
    const index = base + (position >> 5)
    this.#words[index] = (this.#words[index] as number) | (1 << (position & 31))
  }
}
