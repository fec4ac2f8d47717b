import { compareBytes, corruption, isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { PageKind } from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { FreeSpacePageReader } from './free-space-page-reader.js'
import { firstLink, pagesPerBitmap } from './free-space-pages.js'
import type { FreeSpaceLink, FreeSpacePages, PageLink } from './free-space-pages.js'
import type { Meta } from './meta.js'

/** The free space of a checkpoint, and the free-space pages that hold it. @internal */
export interface StoredFreeSpace {
  /** Complete only when `fault` is `undefined`. */
  readonly freeSpace: FreeSpace
  /** Pages of the chain up to its end or to those that are damaged, these included. */
  readonly pages: FreeSpacePages
  /** LDB_CORRUPTION of each damaged page in place of which its mirror was read. */
  readonly healed: readonly LdbError[]
  /** LDB_CORRUPTION of the first page that is damaged as its mirror is, or of a wrong number of free pages. */
  readonly fault: LdbError | undefined
}

/**
 * Reads the free space of a checkpoint: the mirror of a page only if the page is damaged.
 *
 * @returns the free space, with `fault` set when it is damaged.
 * @throws {@link LdbError} LDB_IO.
 * @internal
 */
export function readFreeSpace(file: VfsFile, codec: UnitCodec, meta: Meta): StoredFreeSpace {
  const freeSpace = FreeSpace.ofFile(meta.pageBytes, meta.pageCount)
  const pages: FreeSpacePages = { pages: [], mirrors: [] }
  const healed: LdbError[] = []
  const reader = new FreeSpacePageReader(file, codec, meta)
  try {
    let next: FreeSpaceLink | undefined = firstLink(meta)
    for (let index = 0; next !== undefined; index += 1) {
      const { page, mirror }: FreeSpaceLink = next
      if (reader.isInRange(page.page)) pages.pages.push(page.page)
      if (reader.isInRange(mirror.page)) pages.mirrors.push(mirror.page)
      const fault = reader.read(index, page, PageKind.FreeSpace)
      if (fault !== undefined) {
        if (reader.read(index, mirror, PageKind.FreeSpaceMirror) !== undefined) throw fault
        healed.push(fault)
      }
      reader.addBits(index, freeSpace)
      next = reader.next()
    }
    checkFreeCount(file, meta, freeSpace)
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return { freeSpace, pages, healed, fault: error }
  }
  return { freeSpace, pages, healed, fault: undefined }
}

/**
 * Checks the free space of a checkpoint in the file, page by page: both the pages and their mirrors.
 *
 * @param known - the known pages of the chain: with them the check goes on behind damaged pages.
 * @param report - called with each error.
 * @internal
 */
export function checkFreeSpace(
  file: VfsFile,
  codec: UnitCodec,
  meta: Meta,
  known: FreeSpacePages,
  report: (error: LdbError, fileOffset: number) => void,
): void {
  const freeSpace = FreeSpace.ofFile(meta.pageBytes, meta.pageCount)
  const readers = [new FreeSpacePageReader(file, codec, meta), new FreeSpacePageReader(file, codec, meta)]
  const [ofPage, ofMirror] = readers as [FreeSpacePageReader, FreeSpacePageReader]
  const perPage = pagesPerBitmap(meta.pageBytes - codec.trailerBytes)
  let isWhole = true
  let link: FreeSpaceLink | undefined = firstLink(meta)
  for (let index = 0; index * perPage < meta.pageCount; index += 1) {
    const page: PageLink | number | undefined = link?.page ?? known.pages[index]
    const mirror: PageLink | number | undefined = link?.mirror ?? known.mirrors[index]
    if (page === undefined || mirror === undefined) {
      isWhole = false
      break
    }
    const faults: (LdbError | undefined)[] = [
      faultOf(() => ofPage.read(index, page, PageKind.FreeSpace)),
      faultOf(() => ofMirror.read(index, mirror, PageKind.FreeSpaceMirror)),
    ]
    faults.forEach((fault, copy) => {
      if (fault !== undefined) report(fault, numberOf(copy === 0 ? page : mirror) * meta.pageBytes)
    })
    const intact: FreeSpacePageReader | undefined = readers.find((_, copy) => faults[copy] === undefined)
    intact?.addBits(index, freeSpace)
    link = intact?.next()
    if (intact === undefined) isWhole = false
    else if (faults.every((fault) => fault === undefined) && areDifferent(ofPage, ofMirror)) {
      const offset = numberOf(mirror) * meta.pageBytes
      report(corruption(file.path, offset, 'the mirror of a free-space page differs from it'), offset)
    }
  }
  if (!isWhole) return
  if (link !== undefined) {
    const offset = link.page.page * meta.pageBytes
    report(corruption(file.path, offset, 'the chain of free-space pages is too long'), offset)
  }
  try {
    checkFreeCount(file, meta, freeSpace)
  } catch (error) {
    if (!isLdbError(error)) throw error
    report(error, meta.freeSpacePage * meta.pageBytes)
  }
}

/** Returns what a read returns, or the error that it throws. */
function faultOf(read: () => LdbError | undefined): LdbError | undefined {
  try {
    return read()
  } catch (error) {
    if (isLdbError(error)) return error
    throw error
  }
}

function numberOf(link: PageLink | number): number {
  return typeof link === 'number' ? link : link.page
}

function areDifferent(left: FreeSpacePageReader, right: FreeSpacePageReader): boolean {
  return compareBytes(left.content(), right.content()) !== 0
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
