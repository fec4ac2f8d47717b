import { extended } from './extended.js'

/** Log2 of the pages in a group. The entries of a group take two or four cache lines. */
const GROUP_SHIFT = 6
const GROUP_PAGES = 1 << GROUP_SHIFT
const GROUP_MASK = GROUP_PAGES - 1
/** Largest frame count with 16-bit entries. A table of half the size is in the CPU cache nearly twice as often. */
const FRAMES_OF_16_BITS = 0xffff

/**
 * Maps the resident pages of one file to their frames. A two-level table: a directory entry per group of 64 page numbers,
 * and an array of frames for each group that has resident pages.
 *
 * @remarks A lookup is two loads, without a loop or a data-dependent branch. A hash table measured 15 to 40 ns slower per
 * lookup, growing with its size. The directory takes 4 bytes per 64 pages of the file (8 MiB for 1 TiB); the groups take at
 * most 256 bytes per resident page, and half of that up to 65,535 frames.
 * @internal
 */
export class PageTable {
  /** By group: index of its entries in `#frames`, in units of groups; 0 for none. */
  #directory: Int32Array
  /** Frame number plus one; 0 for a page that is not resident. Group 0 stays empty. */
  #frames: Int32Array | Uint16Array
  /** Number of resident pages of each group in `#frames`. */
  #counts: Int32Array
  #groupCount = 1
  readonly #freeGroups: number[] = []
  #count = 0

  /** @param frameCount - upper bound of frame numbers, exclusive. */
  constructor(frameCount: number, capacity: number = 64) {
    const groups = (capacity >> GROUP_SHIFT) + 2
    this.#directory = new Int32Array(groups)
    const count = groups << GROUP_SHIFT
    this.#frames = frameCount <= FRAMES_OF_16_BITS ? new Uint16Array(count) : new Int32Array(count)
    this.#counts = new Int32Array(groups)
  }

  /** Number of pages in the table. */
  get count(): number {
    return this.#count
  }

  /** The directory, until the next addition. */
  get directory(): Int32Array {
    return this.#directory
  }

  /** The entries of all groups, until the next addition. */
  get frames(): Int32Array | Uint16Array {
    return this.#frames
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
    if (group >= this.#directory.length) this.#directory = doubled(this.#directory, group + 1)
    let index = this.#directory[group] as number
    if (index === 0) {
      index = this.#freeGroups.pop() ?? this.#newGroup()
      this.#directory[group] = index
    }
    this.#frames[(index << GROUP_SHIFT) + (pageNumber & GROUP_MASK)] = frame + 1
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#count += 1
  }

  /** Removes a page. No effect when it is not in the table. */
  remove(pageNumber: number): void {
    const group = pageNumber >> GROUP_SHIFT
    if (group >= this.#directory.length) return
    const index = this.#directory[group] as number
    const slot = (index << GROUP_SHIFT) + (pageNumber & GROUP_MASK)
    if (this.#frames[slot] === 0) return
    this.#frames[slot] = 0
    this.#count -= 1
    const remaining = (this.#counts[index] as number) - 1
    this.#counts[index] = remaining
    if (remaining > 0) return
    this.#directory[group] = 0
    this.#freeGroups.push(index)
  }

  /** Calls `visit` for each page in ascending order. `visit` must not change the table. */
  forEach(visit: (pageNumber: number, frame: number) => void): void {
    for (let group = 0; group < this.#directory.length; group += 1) {
      const index = this.#directory[group] as number
      if (index === 0) continue
      for (let offset = 0; offset < GROUP_PAGES; offset += 1) {
        const frame = (this.#frames[(index << GROUP_SHIFT) + offset] as number) - 1
        if (frame >= 0) visit((group << GROUP_SHIFT) + offset, frame)
      }
    }
  }

  /**
   * Calls `visit` for pages from `start` on, in ascending order, until it returns false or about `budget` entries were examined. Returns the
   * page to continue with, or -1 at the end. `visit` must not change the table.
   */
  visitFrom(start: number, budget: number, visit: (pageNumber: number, frame: number) => boolean): number {
    const end = Math.min(this.#directory.length, (start >> GROUP_SHIFT) + Math.ceil(budget / GROUP_PAGES) + 1)
    for (let group = start >> GROUP_SHIFT; group < end; group += 1) {
      const index = this.#directory[group] as number
      if (index === 0) continue
      const first = Math.max(start, group << GROUP_SHIFT)
      for (let page = first; page < (group + 1) << GROUP_SHIFT; page += 1) {
        const frame = (this.#frames[(index << GROUP_SHIFT) + (page & GROUP_MASK)] as number) - 1
        if (frame >= 0 && !visit(page, frame)) return page
      }
    }
    return end < this.#directory.length ? end << GROUP_SHIFT : -1
  }

  #newGroup(): number {
    const index = this.#groupCount
    this.#groupCount += 1
    if (index >= this.#counts.length) {
      this.#counts = doubled(this.#counts, index + 1)
      this.#frames = extended(this.#frames, this.#counts.length << GROUP_SHIFT)
    }
    return index
  }
}

/** Returns a copy of at least twice the length. */
function doubled(array: Int32Array, length: number): Int32Array {
  return extended(array, Math.max(length, array.length * 2))
}
