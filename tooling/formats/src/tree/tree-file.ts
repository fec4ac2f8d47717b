import { requireSound } from '../bytes/format-error.js'
import type { MetaBlock } from './meta.js'

/** The bytes of a B+tree file, one of its checkpoints, and the pages that were reached from it. */
export class TreeFile {
  readonly bytes: Uint8Array
  readonly meta: MetaBlock
  readonly extents: { page: number; pages: number }[] = []
  /** By id, from 1 on. */
  dictionaries: readonly Uint8Array[] = []
  /** Pages of the extent of the dictionaries. */
  dictionaryPages = 0
  readonly #reached = new Set<number>()

  constructor(bytes: Uint8Array, meta: MetaBlock) {
    this.bytes = bytes
    this.meta = meta
  }

  /** Marks pages as reached. A page outside of the file and a page that is reached twice are damage. */
  claim(page: number, count: number): void {
    const { metaPages, pageCount } = this.meta
    requireSound(
      page >= metaPages && page + count <= pageCount,
      `pages ${page} to ${page + count} do not exist`,
    )
    for (let number = page; number < page + count; number += 1) {
      requireSound(!this.#reached.has(number), `page ${number} has two parents`)
      this.#reached.add(number)
    }
  }

  isReached(page: number): boolean {
    return this.#reached.has(page)
  }
}
