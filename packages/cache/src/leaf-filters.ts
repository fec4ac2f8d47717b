/** Words of a filter: one cache line. */
const FILTER_SHIFT = 4
const FILTER_WORDS = 1 << FILTER_SHIFT
/** Three positions of nine bits each are taken from a hash. */
const POSITION_MASK = (FILTER_WORDS << 5) - 1

/** Searches for nothing after which a filter is worth its making. */
const VAIN_SEARCHES_MAX = 4
/** State of a frame, apart from its generation, whose filter is made. */
const MADE = 0xffff

/**
 * Keeps, for leaves that are searched in vain again and again, which hashes of keys are surely not among theirs: a Bloom
 * filter of 512 bits a frame, so that an absent key ends in the cache line of the filter, not in the leaf, which waits
 * for memory twice. About 1 key in 30 gets through where a leaf has 60 entries, 1 in 3 at 200.
 *
 * @remarks A filter holds as long as its frame is of the generation in which it was made, as places do.
 * @category Page cache
 */
export class LeafFilters {
  readonly #generations: Uint16Array
  /** By frame: the generation (bits 16 to 31), and what of it: vain searches, or {@link MADE}. */
  readonly #states: Int32Array
  /** Empty until the first filter is made. */
  #words: Int32Array = new Int32Array(0)

  constructor(generations: Uint16Array) {
    this.#generations = generations
    this.#states = new Int32Array(generations.length)
  }

  /** Bytes that they take at present. */
  get bytes(): number {
    return this.#words.byteLength + this.#states.byteLength
  }

  /** False when no key of that hash is in the leaf of a frame. */
  mayHold(frame: number, hash: number): boolean {
    if (!this.isMade(frame)) return true
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

  /** True when the leaf of a frame has a filter that holds: each key that comes to it is to be added. */
  isMade(frame: number): boolean {
    // Most often none is made at all, and a put into a leaf then need not wait for the state of its frame.
    if (this.#words.length === 0) return false
    return this.#states[frame] === (((this.#generations[frame] as number) << 16) | MADE)
  }

  /** Counts a vain search of a leaf without a filter, and tells whether to make one now. */
  isDue(frame: number): boolean {
    const generation = (this.#generations[frame] as number) << 16
    const state = this.#states[frame] as number
    const count = state >> 16 === generation >> 16 ? (state & MADE) + 1 : 1
    // The filter is made, or was not worth it.
    if (count > VAIN_SEARCHES_MAX) return false
    this.#states[frame] = generation | count
    return count === VAIN_SEARCHES_MAX
  }

  /** Begins the filter of a leaf: empty, so that {@link LeafFilters.add} has to follow for all of its keys. */
  begin(frame: number): void {
    if (this.#words.length === 0) this.#words = new Int32Array(this.#generations.length << FILTER_SHIFT)
    const base = frame << FILTER_SHIFT
    this.#words.fill(0, base, base + FILTER_WORDS)
    this.#states[frame] = ((this.#generations[frame] as number) << 16) | MADE
  }

  /** Adds the hash of a key. */
  add(frame: number, hash: number): void {
    const base = frame << FILTER_SHIFT
    this.#set(base, hash & POSITION_MASK)
    this.#set(base, (hash >>> 9) & POSITION_MASK)
    this.#set(base, (hash >>> 18) & POSITION_MASK)
  }

  /** Forgets all, because a generation begins anew. */
  clear(): void {
    this.#states.fill(0)
  }

  #set(base: number, position: number): void {
    const at = base + (position >> 5)
    this.#words[at] = (this.#words[at] as number) | (1 << (position & 31))
  }
}
