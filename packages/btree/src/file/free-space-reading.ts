import { corruption, isLdbError, readU32 } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  firstPageNumber,
  FREE_SPACE_PAGE_BITS_OFFSET,
  FREE_SPACE_PAGE_FIRST_PAGE_OFFSET,
  FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_PAGE_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
  PageKind,
} from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { pagesPerBitmap } from './free-space-pages.js'
import type { BitmapLink } from './free-space-pages.js'
import type { Meta } from './meta.js'

/** The free space of a checkpoint, and the free-space pages that hold it. @internal */
export interface StoredFreeSpace {
  /** Complete only when `fault` is `undefined`. */
  readonly freeSpace: FreeSpace
  /** Pages of the chain up to its end or to the damaged page, that page included. */
  readonly pageNumbers: number[]
  /** LDB_CORRUPTION of the first damaged page, or of a wrong number of free pages. */
  readonly fault: LdbError | undefined
}

/**
 * Reads the free space of a checkpoint.
 *
 * @returns the free space, with `fault` set when it is damaged.
 * @throws {@link LdbError} LDB_IO.
 * @internal
 */
export function readFreeSpace(file: VfsFile, codec: UnitCodec, meta: Meta): StoredFreeSpace {
  const freeSpace = new FreeSpace(firstPageNumber(meta.pageBytes), meta.pageCount)
  const pageNumbers: number[] = []
  const reader = new FreeSpaceReader(file, codec, meta, freeSpace)
  try {
    let next: BitmapLink | undefined = firstLink(meta)
    for (let index = 0; next !== undefined; index += 1) {
      reader.checkRange(next.page)
      pageNumbers.push(next.page)
      next = reader.read(index, next)
    }
    checkFreeCount(file, meta, freeSpace)
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return { freeSpace, pageNumbers, fault: error }
  }
  return { freeSpace, pageNumbers, fault: undefined }
}

/**
 * Checks the free space of a checkpoint in the file, page by page.
 *
 * @param pageNumbers - the known pages of the chain: with them the check goes on behind a damaged page.
 * @param report - called with each error.
 * @internal
 */
export function checkFreeSpace(
  file: VfsFile,
  codec: UnitCodec,
  meta: Meta,
  pageNumbers: readonly number[],
  report: (error: LdbError, fileOffset: number) => void,
): void {
  const freeSpace = new FreeSpace(firstPageNumber(meta.pageBytes), meta.pageCount)
  const reader = new FreeSpaceReader(file, codec, meta, freeSpace)
  let isWhole = true
  let next: BitmapLink | number | undefined = firstLink(meta)
  for (let index = 0; next !== undefined; index += 1) {
    const page: number = typeof next === 'number' ? next : next.page
    try {
      reader.checkRange(page)
      next = reader.read(index, next)
    } catch (error) {
      if (!isLdbError(error)) throw error
      report(error, page * meta.pageBytes)
      isWhole = false
      next = pageNumbers[index + 1]
    }
  }
  if (!isWhole) return
  try {
    checkFreeCount(file, meta, freeSpace)
  } catch (error) {
    if (!isLdbError(error)) throw error
    report(error, meta.freeSpacePage * meta.pageBytes)
  }
}

function firstLink(meta: Meta): BitmapLink {
  return {
    page: meta.freeSpacePage,
    checksumLow: meta.freeSpaceChecksumLow,
    checksumHigh: meta.freeSpaceChecksumHigh,
  }
}

function checkFreeCount(file: VfsFile, meta: Meta, freeSpace: FreeSpace): void {
  if (freeSpace.freeCount === meta.freeCount) return
  throw corruption(
    file.path,
    meta.freeSpacePage * meta.pageBytes,
    'the number of free pages is not that of the meta block',
    { expected: meta.freeCount, actual: freeSpace.freeCount },
  )
}

/** Reads single free-space pages, and adds their bits to a {@link FreeSpace}. */
class FreeSpaceReader {
  readonly #file: VfsFile
  readonly #codec: UnitCodec
  readonly #meta: Meta
  readonly #freeSpace: FreeSpace
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(file: VfsFile, codec: UnitCodec, meta: Meta, freeSpace: FreeSpace) {
    this.#file = file
    this.#codec = codec
    this.#meta = meta
    this.#freeSpace = freeSpace
    this.#bytes = new Uint8Array(meta.pageBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** @throws {@link LdbError} LDB_CORRUPTION when a page number is outside of the file. */
  checkRange(page: number): void {
    const { pageBytes, pageCount } = this.#meta
    if (page >= this.#freeSpace.firstPage && page < pageCount) return
    throw corruption(this.#file.path, page * pageBytes, 'a free-space page is outside of the file')
  }

  /**
   * Reads the page at position `index` of the chain.
   *
   * @param link - the page and its checksum, or the page number alone when no valid page records its checksum.
   * @returns the next page; `undefined` at the end of the chain.
   * @throws {@link LdbError} LDB_CORRUPTION when the page is damaged; LDB_IO.
   */
  read(index: number, link: BitmapLink | number): BitmapLink | undefined {
    const bytes = this.#bytes
    const { pageBytes, pageCount } = this.#meta
    const page = typeof link === 'number' ? link : link.page
    const fileOffset = page * pageBytes
    if (!this.#isWhole(fileOffset, link)) {
      throw corruption(this.#file.path, fileOffset, 'a free-space page does not match its checksum')
    }
    const pageEnd = pageBytes - this.#codec.trailerBytes
    const firstPage = index * pagesPerBitmap(pageEnd)
    // Each page continues where the previous one ends, so that the chain is finite.
    if (
      readU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET) !== page ||
      bytes[PAGE_HEADER_KIND_OFFSET] !== PageKind.FreeSpace ||
      readU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET) !== firstPage ||
      firstPage >= pageCount
    ) {
      throw corruption(this.#file.path, fileOffset, 'a free-space page is at the position of another page')
    }
    this.#freeSpace.readBits(firstPage, bytes, FREE_SPACE_PAGE_BITS_OFFSET, pageEnd)
    const nextPage = readU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET)
    if (nextPage === 0) return undefined
    return {
      page: nextPage,
      checksumLow: this.#view.getInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET, true),
      checksumHigh: this.#view.getInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 4, true),
    }
  }

  /** Reads a page, and compares its checksum with the one in its header and the one in its link. */
  #isWhole(fileOffset: number, link: BitmapLink | number): boolean {
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
