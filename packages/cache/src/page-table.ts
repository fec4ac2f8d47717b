/** Pages of a group, as a power of two: its frames lie in two or four cache lines. */
const GROUP_SHIFT = 6
const GROUP_PAGES = 1 << GROUP_SHIFT
const GROUP_MASK = GROUP_PAGES - 1
/** Up to so many frames, 16 bits tell them apart: in a file much larger than its cache, half a table is found near twice as often. */
const FRAMES_OF_16_BITS = 0xffff

/**
 * Which frame holds which page of one file: page numbers in groups of 64; a directory by group, and for each group with
 * resident pages their frames.
 *
 * @remarks A lookup is two loads, without a loop and without a branch that depends on data; a hash table, measured in its
 * place, cost 15 to 40 ns more, the more the larger it was. The directory takes 4 bytes for 64 pages of the file (8 MiB for
 * 1 TiB), the groups at most 256 bytes for a resident page, half of it up to 65,535 frames.
 * @internal
 */
export class PageTable {
  /** By group: the index of its frames, in groups; 0 for none. */
  #directory: Int32Array
  /** Frames, each one greater than it is; 0 for a page that is not resident. Group 0 stays empty. */
  #frames: Int32Array | Uint16Array
  /** Resident pages of each group in `#frames`. */
  #counts: Int32Array
  #groupCount = 1
  readonly #freeGroups: number[] = []
  #count = 0

  /** @param frameCount - every frame is below it. */
  constructor(frameCount: number, capacity: number = 64) {
    const groups = (capacity >> GROUP_SHIFT) + 2
    this.#directory = new Int32Array(groups)
    const count = groups << GROUP_SHIFT
    this.#frames = frameCount <= FRAMES_OF_16_BITS ? new Uint16Array(count) : new Int32Array(count)
    this.#counts = new Int32Array(groups)
  }

  /** Pages in the table. */
  get count(): number {
    return this.#count
  }

  /** Returns the frame of a page, or -1. */
  get(pageNumber: number): number {
    const group = pageNumber >> GROUP_SHIFT
    if (group >= this.#directory.length) return -1
    const base = (this.#directory[group] as number) << GROUP_SHIFT
    return (this.#frames[base + (pageNumber & GROUP_MASK)] as number) - 1
  }

  /** Adds a page that is not in the table. */
  add(pageNumber: number, frame: number): void {
    const group = pageNumber >> GROUP_SHIFT
    if (group >= this.#directory.length) this.#directory = grown(this.#directory, group + 1)
    let index = this.#directory[group] as number
    if (index === 0) {
      index = this.#freeGroups.pop() ?? this.#newGroup()
      this.#directory[group] = index
    }
    this.#frames[(index << GROUP_SHIFT) + (pageNumber & GROUP_MASK)] = frame + 1
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#count += 1
  }

  /** Takes a page out; no effect when it is not there. */
  remove(pageNumber: number): void {
    const group = pageNumber >> GROUP_SHIFT
    if (group >= this.#directory.length) return
    const index = this.#directory[group] as number
    const at = (index << GROUP_SHIFT) + (pageNumber & GROUP_MASK)
    if (this.#frames[at] === 0) return
    this.#frames[at] = 0
    this.#count -= 1
    const left = (this.#counts[index] as number) - 1
    this.#counts[index] = left
    if (left > 0) return
    this.#directory[group] = 0
    this.#freeGroups.push(index)
  }

  /** Calls `visit` for each page, by rising number. The table must not change meanwhile. */
  forEach(visit: (pageNumber: number, frame: number) => void): void {
    for (let group = 0; group < this.#directory.length; group += 1) {
      const index = this.#directory[group] as number
      if (index === 0) continue
      for (let place = 0; place < GROUP_PAGES; place += 1) {
        const frame = (this.#frames[(index << GROUP_SHIFT) + place] as number) - 1
        if (frame >= 0) visit((group << GROUP_SHIFT) + place, frame)
      }
    }
  }

  #newGroup(): number {
    const index = this.#groupCount
    this.#groupCount += 1
    if (index >= this.#counts.length) {
      this.#counts = grown(this.#counts, index + 1)
      this.#frames = grown(this.#frames, this.#counts.length << GROUP_SHIFT)
    }
    return index
  }
}

/** Returns a larger copy, at least twice as long. */
function grown<T extends Int32Array | Uint16Array>(array: T, length: number): T {
  const Numbers = array.constructor as new (length: number) => T
  const larger = new Numbers(Math.max(length, array.length * 2))
  larger.set(array)
  return larger
}
