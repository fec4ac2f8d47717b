import { requireSound } from '../bytes/format-error.js'
import { UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { FileCipher } from '../encryption/data-keys.js'
import type { MetaBlock } from './meta.js'

/** The bytes of a B+tree file, one of its checkpoints, and the pages that were reached from it. */
export class TreeFile {
  readonly bytes: Uint8Array
  readonly meta: MetaBlock
  /** `undefined` when the file is not encrypted. */
  readonly cipher: FileCipher | undefined
  readonly extents: { page: number; pages: number; byteCount: number }[] = []
  /** By id, from 1 on. */
  dictionaries: readonly Uint8Array[] = []
  /** The extent of the dictionaries. */
  dictionaryExtent: { page: number; pages: number; byteCount: number } | undefined
  readonly #reached = new Set<number>()

  constructor(bytes: Uint8Array, meta: MetaBlock, cipher: FileCipher | undefined) {
    this.bytes = bytes
    this.meta = meta
    this.cipher = cipher
  }

  get trailerBytes(): number {
    return this.cipher === undefined ? 0 : UNIT_TRAILER_BYTES
  }

  /** Where the content of a page ends. */
  get pageEnd(): number {
    return this.meta.pageBytes - this.trailerBytes
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
