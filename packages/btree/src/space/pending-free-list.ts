/** Numbers of one entry: first page, pages, epoch in which they were made, epoch in which they were given up. */
const ENTRY_NUMBERS = 4
/** Entries of a block, of which there are as many as it takes: growing is copying nothing. */
const BLOCK_ENTRIES = 1024

/**
 * Pages that are out of use but still seen by somebody, in the order in which they were given up. Only grows: an entry that was
 * put in stays where it is, so that a part of a list is known by two indexes.
 *
 * @remarks Numbers in buffers: with an object for each, hundreds of thousands kept the garbage collector busy.
 * @internal
 */
export class PendingFreeList {
  readonly #blocks: Float64Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(page: number, count: number, made: number, freed: number): void {
    const within = this.#length % BLOCK_ENTRIES
    if (within === 0) this.#blocks.push(new Float64Array(BLOCK_ENTRIES * ENTRY_NUMBERS))
    const block = this.#blocks.at(-1) as Float64Array
    const at = within * ENTRY_NUMBERS
    block[at] = page
    block[at + 1] = count
    block[at + 2] = made
    block[at + 3] = freed
    this.#length += 1
  }

  pageAt(index: number): number {
    return this.#numberAt(index, 0)
  }

  countAt(index: number): number {
    return this.#numberAt(index, 1)
  }

  madeAt(index: number): number {
    return this.#numberAt(index, 2)
  }

  freedAt(index: number): number {
    return this.#numberAt(index, 3)
  }

  #numberAt(index: number, which: number): number {
    const block = this.#blocks[Math.floor(index / BLOCK_ENTRIES)] as Float64Array
    return block[(index % BLOCK_ENTRIES) * ENTRY_NUMBERS + which] as number
  }
}

/** Part of a list: entries from `next` to before `end`. @internal */
export interface HeldSpan {
  readonly list: PendingFreeList
  next: number
  readonly end: number
}

/** All that a list holds now. @internal */
export function spanOf(list: PendingFreeList): HeldSpan {
  return { list, next: 0, end: list.length }
}

/**
 * Hands entries of a span on, `most` of them at most, and moves its beginning behind them.
 *
 * @returns how many it were.
 * @internal
 */
export function passOn(
  span: HeldSpan,
  most: number,
  visit: (page: number, count: number, made: number, freed: number) => void,
): number {
  const { list } = span
  const from = span.next
  const end = Math.min(span.end, from + most)
  for (let index = from; index < end; index += 1) {
    span.next = index + 1
    visit(list.pageAt(index), list.countAt(index), list.madeAt(index), list.freedAt(index))
  }
  return end - from
}
