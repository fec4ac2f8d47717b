/** A table has so many parts, each of which grows by itself: none takes long. */
const PART_BITS = 6
const SLOTS_AT_FIRST = 16
/** Numbers of a slot: page or 0, checksum low, checksum high, mark. */
const SLOT_NUMBERS = 4

/** One part: open addressing, slots behind one another. */
interface Part {
  numbers: Int32Array
  count: number
}

/**
 * Checksum and a mark for each of many pages.
 *
 * @remarks Numbers in buffers: a Map with an object for each kept the garbage collector busy, and took tens of milliseconds to grow.
 * @internal
 */
export class ChecksumTable {
  /** Of the page that {@link ChecksumTable.find} has found last. */
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
    this.#parts = Array.from({ length: 2 ** PART_BITS }, newPart)
    this.beginSweep()
  }

  /** Looks a page up; true when it is there. */
  find(pageNumber: number): boolean {
    const hash = hashOf(pageNumber)
    const { numbers } = this.#partOf(hash)
    const at = slotOf(numbers, hash, pageNumber)
    if (numbers[at] !== pageNumber) return false
    this.low = numbers[at + 1] as number
    this.high = numbers[at + 2] as number
    this.mark = numbers[at + 3] as number
    return true
  }

  set(pageNumber: number, low: number, high: number, mark: number): void {
    const hash = hashOf(pageNumber)
    const part = this.#partOf(hash)
    if ((part.count + 1) * SLOT_NUMBERS * 4 > part.numbers.length * 3) grow(part)
    const at = slotOf(part.numbers, hash, pageNumber)
    if (part.numbers[at] === 0) part.count += 1
    part.numbers[at] = pageNumber
    part.numbers[at + 1] = low
    part.numbers[at + 2] = high
    part.numbers[at + 3] = mark
  }

  delete(pageNumber: number): void {
    const hash = hashOf(pageNumber)
    const part = this.#partOf(hash)
    const at = slotOf(part.numbers, hash, pageNumber)
    if (part.numbers[at] === pageNumber) remove(part, at)
  }

  /** The next sweep begins at the beginning. */
  beginSweep(): void {
    this.#sweptPart = 0
    this.#sweptSlot = 0
  }

  /**
   * Looks at slots, and throws out the pages with a mark below the given one. Pages that change their place meanwhile may be
   * overlooked.
   *
   * @param looks - slots to look at, at most.
   * @returns true when the end is reached.
   */
  sweep(markBelow: number, looks: number): boolean {
    let left = looks
    for (let part = this.#parts[this.#sweptPart]; part !== undefined; part = this.#parts[this.#sweptPart]) {
      const { numbers } = part
      for (; this.#sweptSlot < numbers.length; this.#sweptSlot += SLOT_NUMBERS) {
        if (left === 0) return false
        left -= 1
        const at = this.#sweptSlot
        // Another one may come to stand in its place.
        while (numbers[at] !== 0 && (numbers[at + 3] as number) < markBelow) remove(part, at)
      }
      if (part.count === 0) Object.assign(part, newPart())
      this.#sweptPart += 1
      this.#sweptSlot = 0
    }
    return true
  }

  #partOf(hash: number): Part {
    return this.#parts[hash >>> (32 - PART_BITS)] as Part
  }
}

/** The one slot of a part that holds nothing: never written, as the first page makes the part grow. */
const NO_SLOTS = new Int32Array(SLOT_NUMBERS)

function newPart(): Part {
  return { numbers: NO_SLOTS, count: 0 }
}

function hashOf(pageNumber: number): number {
  return Math.imul(pageNumber, 0x9e3779b1)
}

/** Returns the index of the slot in which a page stands, or of the empty one in which it would. */
function slotOf(numbers: Int32Array, hash: number, pageNumber: number): number {
  const mask = numbers.length - 1
  let at = ((hash >>> 4) * SLOT_NUMBERS) & mask
  while (numbers[at] !== 0 && numbers[at] !== pageNumber) at = (at + SLOT_NUMBERS) & mask
  return at
}

function grow(part: Part): void {
  const { numbers } = part
  const grown = new Int32Array(Math.max(SLOTS_AT_FIRST * SLOT_NUMBERS, numbers.length * 2))
  for (let from = 0; from < numbers.length; from += SLOT_NUMBERS) {
    const pageNumber = numbers[from] as number
    if (pageNumber === 0) continue
    grown.set(numbers.subarray(from, from + SLOT_NUMBERS), slotOf(grown, hashOf(pageNumber), pageNumber))
  }
  part.numbers = grown
}

/** Empties a slot, and moves those behind it up that would not be found any more. */
function remove(part: Part, at: number): void {
  const { numbers } = part
  const mask = numbers.length - 1
  let hole = at
  for (let from = (at + SLOT_NUMBERS) & mask; numbers[from] !== 0; from = (from + SLOT_NUMBERS) & mask) {
    const home = ((hashOf(numbers[from] as number) >>> 4) * SLOT_NUMBERS) & mask
    // Stays when its own place lies behind the hole.
    if (((from - home) & mask) < ((from - hole) & mask)) continue
    numbers.copyWithin(hole, from, from + SLOT_NUMBERS)
    hole = from
  }
  numbers[hole] = 0
  part.count -= 1
}
