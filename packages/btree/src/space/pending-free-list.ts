/** Numbers of an entry: first page, page count, birth epoch, death epoch. */
const ENTRY_NUMBERS = 4
/** Entries of a block. The list grows by whole blocks, so that growing copies nothing. */
const BLOCK_ENTRIES = 1024

/** Called with an entry of a pending-free list: a range of pages, and the epochs in which it was made and retired. @internal */
export type PendingVisitor = (page: number, count: number, birthEpoch: number, deathEpoch: number) => void

/**
 * Retired pages that a snapshot or a checkpoint may still reach, in the order of their retirement. Append-only: an entry keeps
 * its index, so that two indexes identify a part of a list.
 *
 * @remarks Entries are numbers in buffers: with one object each, hundreds of thousands of entries kept the garbage collector busy.
 * @internal
 */
export class PendingFreeList {
  readonly #blocks: Float64Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(page: number, count: number, birthEpoch: number, deathEpoch: number): void {
    const index = this.#length % BLOCK_ENTRIES
    if (index === 0) this.#blocks.push(new Float64Array(BLOCK_ENTRIES * ENTRY_NUMBERS))
    const block = this.#blocks.at(-1) as Float64Array
    const at = index * ENTRY_NUMBERS
    block[at] = page
    block[at + 1] = count
    block[at + 2] = birthEpoch
    block[at + 3] = deathEpoch
    this.#length += 1
  }

  /** Calls `visit` with the entry at an index. */
  visit(index: number, visit: PendingVisitor): void {
    const block = this.#blocks[Math.floor(index / BLOCK_ENTRIES)] as Float64Array
    const at = (index % BLOCK_ENTRIES) * ENTRY_NUMBERS
    visit(block[at] as number, block[at + 1] as number, block[at + 2] as number, block[at + 3] as number)
  }
}

/** Part of a list: the entries from `next` to `end` (exclusive). @internal */
export interface PendingSpan {
  readonly list: PendingFreeList
  next: number
  readonly end: number
}

/** Returns the span of all present entries of a list. @internal */
export function spanOf(list: PendingFreeList): PendingSpan {
  return { list, next: 0, end: list.length }
}

/**
 * Removes entries from the start of a span, and calls `visit` with each.
 *
 * @param budget - number of entries to remove, at most.
 * @returns the number of removed entries.
 * @internal
 */
export function drainSpan(span: PendingSpan, budget: number, visit: PendingVisitor): number {
  const start = span.next
  const end = Math.min(span.end, start + budget)
  for (let index = start; index < end; index += 1) {
    span.next = index + 1
    span.list.visit(index, visit)
  }
  return end - start
}
