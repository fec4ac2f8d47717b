import { toSeq } from '@ldb/base'
import type { HeldCheckpoint, HeldFile, Seq } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import { readFreeSpace } from '../file/free-space-reading.js'
import type { Meta } from '../file/meta.js'
import { META_HEAD_BYTES, replaceMetaBlocks } from '../file/meta-blocks.js'
import type { Pages } from '../pager/pages.js'
import type { FreeSpace } from '../space/free-space.js'

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

  /** @throws {@link LdbError} LDB_IO. */
  constructor(pages: Pages, meta: Meta) {
    this.durableSeq = toSeq(meta.durableSeq)
    this.segmentId = meta.logSegmentId.slice()
    this.#pages = pages
    this.#epoch = meta.epoch
    this.files = meta.durableSeq === 0 ? [] : [new HeldTreeFile(pages, meta)]
    pages.reclaim.pin(meta.epoch)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#pages.reclaim.unpin(this.#epoch)
  }
}

/**
 * The file of a tree as its checkpoint describes it. Free pages, which later commits write to, are zeros: every read of the file returns the same bytes.
 */
class HeldTreeFile implements HeldFile {
  readonly number = 0
  readonly length: number
  readonly blockBytes: number
  readonly isImmutable = false
  readonly #bytes: HeldBytes
  /** `undefined` when no page is free, or when it is damaged: free pages are then as they are. */
  readonly #freeSpace: FreeSpace | undefined

  constructor(pages: Pages, meta: Meta) {
    const { file, codec } = pages
    const { pageBytes, pageCount, freeCount } = meta
    this.length = pageCount * pageBytes
    this.blockBytes = pageBytes
    const shape = { number: 0, length: this.length, blockBytes: pageBytes, isImmutable: false }
    this.#bytes = new HeldBytes(shape, headOf(pages, meta), file)
    const stored = freeCount === 0 ? undefined : readFreeSpace(file, codec, meta)
    this.#freeSpace = stored?.fault === undefined ? stored?.freeSpace : undefined
  }

  isUnused(block: number): boolean {
    return this.#freeSpace?.isFree(block) === true
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): void {
    this.#bytes.read(target, targetOffset, byteCount, fileOffset)
    this.#clearFree(target, targetOffset, byteCount, fileOffset)
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    await this.#bytes.readAsync(target, targetOffset, byteCount, fileOffset)
    this.#clearFree(target, targetOffset, byteCount, fileOffset)
  }

  #clearFree(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): void {
    const freeSpace = this.#freeSpace
    if (freeSpace === undefined) return
    const { blockBytes } = this
    const end = fileOffset + byteCount
    for (let page = Math.floor(fileOffset / blockBytes); page * blockBytes < end; page++) {
      if (!freeSpace.isFree(page)) continue
      const from = Math.max(fileOffset, page * blockBytes) - fileOffset
      const to = Math.min(end, (page + 1) * blockBytes) - fileOffset
      target.fill(0, targetOffset + from, targetOffset + to)
    }
  }
}

/** Returns the first bytes of the file, with the meta blocks of the held checkpoint only. Pages between them do not change while it is held. */
function headOf(pages: Pages, meta: Meta): Uint8Array {
  const head = new Uint8Array(META_HEAD_BYTES)
  pages.file.read(head, 0, META_HEAD_BYTES, 0)
  replaceMetaBlocks(head, meta, pages.codec)
  return head
}
