import { PAGE_HEADER_EPOCH_OFFSET } from '../format.js'
import type { PageArenas } from '../page/arenas.js'

const EPOCH_WORD = PAGE_HEADER_EPOCH_OFFSET >> 2

/**
 * The current epoch of a tree: the epoch of the pages that are allocated or copied from now on.
 *
 * @remarks The two words of the epoch are kept as a page header stores them, so that the check of every write compares int32s.
 * @internal
 */
export class EpochCounter {
  #current: number
  #lowWord: number
  #highWord: number

  constructor(epoch: number) {
    this.#current = epoch
    this.#lowWord = lowWord(epoch)
    this.#highWord = highWord(epoch)
  }

  get current(): number {
    return this.#current
  }

  /** Ends the current epoch. Every page of it is copied before its next change. */
  advance(): void {
    this.#current += 1
    this.#lowWord = lowWord(this.#current)
    this.#highWord = highWord(this.#current)
  }

  /** Reports whether the page at `page` belongs to the current epoch. */
  isCurrentPage(arenas: PageArenas, page: number): boolean {
    const { i32 } = arenas.of(page)
    const word = (page >> 2) + EPOCH_WORD
    return i32[word] === this.#lowWord && i32[word + 1] === this.#highWord
  }

  /** Returns the fault of an epoch that the file contains, or undefined: no stored epoch is later than the current one. */
  faultOf(epoch: number): string | undefined {
    return epoch > this.#current ? 'the epoch of a page is later than the current epoch' : undefined
  }
}

/** Returns the low half of an epoch as an int32 array stores it. */
function lowWord(epoch: number): number {
  return (epoch % 2 ** 32) | 0
}

function highWord(epoch: number): number {
  return Math.floor(epoch / 2 ** 32) | 0
}
