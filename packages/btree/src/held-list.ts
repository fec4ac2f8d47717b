/** Numbers of one entry: first page, pages, epoch in which they were made, epoch in which they were given up. */
const ENTRY_NUMBERS = 4
const ENTRIES_AT_FIRST = 16

/**
 * Pages that are out of use but still seen by somebody, in the order in which they were given up. Only grows: an entry that was
 * put in stays where it is, so that a part of a list is known by two indexes.
 *
 * @remarks Numbers in one buffer: with an object for each, hundreds of thousands kept the garbage collector busy.
 * @internal
 */
export class HeldList {
  #numbers: Float64Array = new Float64Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(page: number, count: number, made: number, freed: number): void {
    const at = this.#length * ENTRY_NUMBERS
    if (at === this.#numbers.length) {
      const grown = new Float64Array(Math.max(ENTRIES_AT_FIRST * ENTRY_NUMBERS, at * 2))
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[at] = page
    this.#numbers[at + 1] = count
    this.#numbers[at + 2] = made
    this.#numbers[at + 3] = freed
    this.#length += 1
  }

  pageAt(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS] as number
  }

  countAt(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS + 1] as number
  }

  madeAt(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS + 2] as number
  }

  freedAt(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS + 3] as number
  }
}

/** Part of a list: entries from `next` to before `end`. @internal */
export interface HeldSpan {
  readonly list: HeldList
  next: number
  readonly end: number
}

/** All that a list holds now. @internal */
export function spanOf(list: HeldList): HeldSpan {
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
