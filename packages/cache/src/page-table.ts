/**
 * Which frame holds which page: an open-addressing hash table of one file's resident pages, with linear probing and
 * backward-shift deletion, in one Int32Array of (page number, frame) pairs.
 *
 * @remarks Page number 0 marks an empty place. A table is at most half full, so that a probe ends after one or two
 * steps, within one cache line.
 * @internal
 */
export class PageTable {
  #entries: Int32Array
  #mask: number
  #count = 0

  constructor(capacity: number = 64) {
    let places = 16
    while (places < capacity * 2) places *= 2
    this.#entries = new Int32Array(places * 2)
    this.#mask = places - 1
  }

  /** Pages in the table. */
  get count(): number {
    return this.#count
  }

  /** Gives the frame of a page, or -1. */
  get(pageNumber: number): number {
    const entries = this.#entries
    const mask = this.#mask
    let place = spread(pageNumber) & mask
    for (;;) {
      const found = entries[place << 1] as number
      if (found === pageNumber) return entries[(place << 1) + 1] as number
      if (found === 0) return -1
      place = (place + 1) & mask
    }
  }

  /** Adds a page that is not in the table. */
  add(pageNumber: number, frame: number): void {
    if ((this.#count + 1) * 2 > this.#mask) this.#grow()
    this.#count += 1
    this.#place(pageNumber, frame)
  }

  /** Takes a page out; no effect when it is not there. */
  remove(pageNumber: number): void {
    const entries = this.#entries
    const mask = this.#mask
    let hole = spread(pageNumber) & mask
    while (entries[hole << 1] !== pageNumber) {
      if (entries[hole << 1] === 0) return
      hole = (hole + 1) & mask
    }
    this.#count -= 1
    let next = (hole + 1) & mask
    while (entries[next << 1] !== 0) {
      const home = spread(entries[next << 1] as number) & mask
      // The entry may move back into the hole only if the hole is not before its home.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        entries[hole << 1] = entries[next << 1] as number
        entries[(hole << 1) + 1] = entries[(next << 1) + 1] as number
        hole = next
      }
      next = (next + 1) & mask
    }
    entries[hole << 1] = 0
  }

  /** Calls `visit` for each page, in no order. The table must not change meanwhile. */
  forEach(visit: (pageNumber: number, frame: number) => void): void {
    const entries = this.#entries
    for (let index = 0; index < entries.length; index += 2) {
      const pageNumber = entries[index] as number
      if (pageNumber !== 0) visit(pageNumber, entries[index + 1] as number)
    }
  }

  #place(pageNumber: number, frame: number): void {
    const entries = this.#entries
    let place = spread(pageNumber) & this.#mask
    while (entries[place << 1] !== 0) place = (place + 1) & this.#mask
    entries[place << 1] = pageNumber
    entries[(place << 1) + 1] = frame
  }

  #grow(): void {
    const old = this.#entries
    this.#entries = new Int32Array(old.length * 2)
    this.#mask = old.length - 1
    for (let index = 0; index < old.length; index += 2) {
      if (old[index] !== 0) this.#place(old[index] as number, old[index + 1] as number)
    }
  }
}

/** Fibonacci hashing: neighbouring page numbers land far apart, so that runs of pages do not pile up. */
function spread(pageNumber: number): number {
  const product = Math.imul(pageNumber, 0x9e3779b1)
  return product ^ (product >>> 15)
}
