import { toSeq } from '@ldb/base'
import type { HeldCheckpoint, HeldFile, Seq } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import type { Meta } from '../file/meta.js'
import { META_HEAD_BYTES, replaceMetaBlocks } from '../file/meta-blocks.js'
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
    this.files = meta.durableSeq === 0 ? [] : [new HeldBytes(shape, headOf(pages, meta), pages.file)]
    pages.reclaim.pin(meta.epoch)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#pages.reclaim.unpin(this.#epoch)
  }
}

/** Returns the first bytes of the file, with the meta blocks of the held checkpoint only. Pages between them do not change while it is held. */
function headOf(pages: Pages, meta: Meta): Uint8Array {
  const head = new Uint8Array(META_HEAD_BYTES)
  pages.file.read(head, 0, META_HEAD_BYTES, 0)
  replaceMetaBlocks(head, meta, pages.codec)
  return head
}
