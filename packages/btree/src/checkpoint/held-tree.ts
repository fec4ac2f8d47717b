import { toSeq } from '@ldb/base'
import type { HeldCheckpoint, HeldFile, Seq } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import type { Meta } from '../file/meta.js'
import { metaRegion } from '../file/meta-blocks.js'
import type { Pages } from '../pager/pages.js'

/**
 * The newest durable checkpoint of a tree, held for a copy of its file.
 *
 * @remarks (B1) A pin on its epoch keeps every page that it reaches, and its free-space pages, from being written again. The copy gets the
 * meta block of this checkpoint only: those of the file are replaced by later checkpoints.
 * @internal
 */
export class HeldTree implements HeldCheckpoint {
  readonly durableSeq: Seq
  readonly segmentId: Uint8Array
  readonly files: readonly HeldFile[]
  readonly #pages: Pages
  readonly #epoch: number
  #isReleased = false

  constructor(pages: Pages, meta: Meta) {
    this.durableSeq = toSeq(meta.durableSeq)
    this.segmentId = meta.logSegmentId.slice()
    this.#pages = pages
    this.#epoch = meta.epoch
    const { pageBytes, pageCount } = meta
    const shape = { number: 0, length: pageCount * pageBytes, blockBytes: pageBytes, isImmutable: false }
    this.files =
      meta.durableSeq === 0 ? [] : [new HeldBytes(shape, metaRegion(meta, pages.codec), pages.file)]
    pages.reclaim.pin(meta.epoch)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#pages.reclaim.unpin(this.#epoch)
  }
}
