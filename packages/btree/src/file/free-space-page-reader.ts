import { corruption, readU32 } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  firstPageNumber,
  FREE_SPACE_PAGE_BITS_OFFSET,
  FREE_SPACE_PAGE_FIRST_PAGE_OFFSET,
  FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET,
  FREE_SPACE_PAGE_NEXT_PAGE_OFFSET,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
} from '../format.js'
import type { FreeSpace } from '../space/free-space.js'
import { pagesPerBitmap } from './free-space-pages.js'
import type { FreeSpaceLink, PageLink } from './free-space-pages.js'
import type { Meta } from './meta.js'

/** Reads the free-space pages of one checkpoint and their mirrors, one at a time. @internal */
export class FreeSpacePageReader {
  readonly #file: VfsFile
  readonly #codec: UnitCodec
  readonly #meta: Meta
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(file: VfsFile, codec: UnitCodec, meta: Meta) {
    this.#file = file
    this.#codec = codec
    this.#meta = meta
    this.#bytes = new Uint8Array(meta.pageBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Reports whether a page number is one of the file. */
  isInRange(page: number): boolean {
    const { pageBytes, pageCount } = this.#meta
    return page >= firstPageNumber(pageBytes) && page < pageCount
  }

  /**
   * Reads the page at position `index` of the chain.
   *
   * @param link - the page and its checksum, or the page number alone when no valid page records its checksum.
   * @param kind - that of a free-space page, or of a mirror.
   * @returns LDB_CORRUPTION when the page is damaged.
   * @throws {@link LdbError} LDB_IO.
   */
  read(index: number, link: PageLink | number, kind: number): LdbError | undefined {
    const bytes = this.#bytes
    const { pageBytes, pageCount } = this.#meta
    const page = typeof link === 'number' ? link : link.page
    const fileOffset = page * pageBytes
    const fault = (message: string): LdbError => corruption(this.#file.path, fileOffset, message)
    if (!this.isInRange(page)) return fault('a free-space page is outside of the file')
    if (!this.#isWhole(fileOffset, link)) return fault('a free-space page does not match its checksum')
    const firstPage = index * pagesPerBitmap(this.#pageEnd)
    // Each page continues where the previous one ends, so that the chain is finite.
    if (
      readU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET) !== page ||
      bytes[PAGE_HEADER_KIND_OFFSET] !== kind ||
      readU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET) !== firstPage ||
      firstPage >= pageCount
    ) {
      return fault('a free-space page is at the position of another page')
    }
    return undefined
  }

  /** Adds the bits of the page that was read, which is at position `index` of the chain. */
  addBits(index: number, freeSpace: FreeSpace): void {
    const firstPage = index * pagesPerBitmap(this.#pageEnd)
    freeSpace.readBits(firstPage, this.#bytes, FREE_SPACE_PAGE_BITS_OFFSET, this.#pageEnd)
  }

  /** Returns what the page that was read records of the next one; `undefined` at the end of the chain. */
  next(): FreeSpaceLink | undefined {
    const bytes = this.#bytes
    const page = readU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET)
    if (page === 0) return undefined
    return {
      page: this.#link(page, FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET),
      mirror: this.#link(
        readU32(bytes, FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET),
        FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET,
      ),
    }
  }

  /** Returns the part of the page that was read that its mirror has, too. */
  content(): Uint8Array {
    return this.#bytes.subarray(PAGE_HEADER_EPOCH_OFFSET, this.#pageEnd)
  }

  get #pageEnd(): number {
    return this.#meta.pageBytes - this.#codec.trailerBytes
  }

  #link(page: number, checksumOffset: number): PageLink {
    return {
      page,
      checksumLow: this.#view.getInt32(checksumOffset, true),
      checksumHigh: this.#view.getInt32(checksumOffset + 4, true),
    }
  }

  /** Reads a page, and compares its checksum with the one in its header and the one in its link. */
  #isWhole(fileOffset: number, link: PageLink | number): boolean {
    const bytes = this.#bytes
    const { pageBytes, epoch } = this.#meta
    if (this.#file.read(bytes, 0, pageBytes, fileOffset) !== pageBytes) return false
    if (!this.#codec.decode(UnitKind.FreeSpacePage, fileOffset, epoch, bytes, 0, pageBytes)) return false
    const low = this.#view.getInt32(0, true)
    const high = this.#view.getInt32(4, true)
    if (!this.#codec.isIntact(bytes, 8, pageBytes, low, high)) return false
    return typeof link === 'number' || (low === link.checksumLow && high === link.checksumHigh)
  }
}
