/** The table has 2^PART_BITS parts, each of which grows alone, so that no single growth takes long. */
const PART_BITS = 6
const SLOTS_MIN = 16
/** Int32s of a slot: page number or 0, low and high word of the checksum, mark. */
const SLOT_WORDS = 4

/** One part: a hash table with linear probing. */
interface Part {
  words: Int32Array
  count: number
}

/**
 * A hash table from page number to checksum and mark.
 *
 * @remarks It stores numbers in typed arrays. A Map of objects kept the garbage collector busy and took tens of
 * milliseconds to grow.
 * @internal
 */
export class ChecksumTable {
  /** Entry that the last successful {@link ChecksumTable.find} found. */
  low = 0
  high = 0
  mark = 0
  #parts: Part[] = []
  #sweptPart = 0
  #sweptSlot = 0

  constructor() {
    this.clear()
  }

  clear(): void {
    this.#parts = Array.from({ length: 2 ** PART_BITS }, emptyPart)
    this.beginSweep()
  }

  /** Finds a page and sets `low`, `high` and `mark` to its entry. Returns false when it has none. */
  find(pageNumber: number): boolean {
    const hash = hashOf(pageNumber)
    const { words } = this.#partOf(hash)
    const at = slotOf(words, hash, pageNumber)
    if (words[at] !== pageNumber) return false
    this.low = words[at + 1] as number
    this.high = words[at + 2] as number
    this.mark = words[at + 3] as number
    return true
  }

  set(pageNumber: number, low: number, high: number, mark: number): void {
    const hash = hashOf(pageNumber)
    const part = this.#partOf(hash)
    if ((part.count + 1) * SLOT_WORDS * 4 > part.words.length * 3) grow(part)
    const at = slotOf(part.words, hash, pageNumber)
    if (part.words[at] === 0) part.count += 1
    part.words[at] = pageNumber
    part.words[at + 1] = low
    part.words[at + 2] = high
    part.words[at + 3] = mark
  }

  delete(pageNumber: number): void {
    const hash = hashOf(pageNumber)
    const part = this.#partOf(hash)
    const at = slotOf(part.words, hash, pageNumber)
    if (part.words[at] === pageNumber) remove(part, at)
  }

  /** Restarts sweeping at the first slot. */
  beginSweep(): void {
    this.#sweptPart = 0
    this.#sweptSlot = 0
  }

  /**
   * Continues the sweep: examines slots and deletes entries with a mark below `markBelow`. It can miss an entry that moves to
   * another slot meanwhile.
   *
   * @param budget - slots to examine, at most.
   * @returns true when the sweep has reached the last slot.
   */
  sweep(markBelow: number, budget: number): boolean {
    let left = budget
    for (let part = this.#parts[this.#sweptPart]; part !== undefined; part = this.#parts[this.#sweptPart]) {
      const { words } = part
      for (; this.#sweptSlot < words.length; this.#sweptSlot += SLOT_WORDS) {
        if (left === 0) return false
        left -= 1
        const at = this.#sweptSlot
        // A deletion may move the entry of a later slot into this one.
        while (words[at] !== 0 && (words[at + 3] as number) < markBelow) remove(part, at)
      }
      if (part.count === 0) Object.assign(part, emptyPart())
      this.#sweptPart += 1
      this.#sweptSlot = 0
    }
    return true
  }

  #partOf(hash: number): Part {
    return this.#parts[hash >>> (32 - PART_BITS)] as Part
  }
}

/** The single slot of an empty part. It is never written: the first insertion makes the part grow. */
const NO_SLOTS = new Int32Array(SLOT_WORDS)

function emptyPart(): Part {
  return { words: NO_SLOTS, count: 0 }
}

function hashOf(pageNumber: number): number {
  return Math.imul(pageNumber, 0x9e3779b1)
}

/** Returns the first slot in probe order that has the page or is empty, as an index into `words`. */
function slotOf(words: Int32Array, hash: number, pageNumber: number): number {
  const mask = words.length - 1
  let at = ((hash >>> 4) * SLOT_WORDS) & mask
  while (words[at] !== 0 && words[at] !== pageNumber) at = (at + SLOT_WORDS) & mask
  return at
}

function grow(part: Part): void {
  const { words } = part
  const grown = new Int32Array(Math.max(SLOTS_MIN * SLOT_WORDS, words.length * 2))
  for (let from = 0; from < words.length; from += SLOT_WORDS) {
    const pageNumber = words[from] as number
    if (pageNumber === 0) continue
    grown.set(words.subarray(from, from + SLOT_WORDS), slotOf(grown, hashOf(pageNumber), pageNumber))
  }
  part.words = grown
}

/** Deletes the entry of a slot, and shifts later entries of its probe sequence back. */
function remove(part: Part, at: number): void {
  const { words } = part
  const mask = words.length - 1
  let hole = at
  for (let from = (at + SLOT_WORDS) & mask; words[from] !== 0; from = (from + SLOT_WORDS) & mask) {
    const home = ((hashOf(words[from] as number) >>> 4) * SLOT_WORDS) & mask
    // An entry whose home slot lies behind the hole stays.
    if (((from - home) & mask) < ((from - hole) & mask)) continue
    words.copyWithin(hole, from, from + SLOT_WORDS)
    hole = from
  }
  words[hole] = 0
  part.count -= 1
}
