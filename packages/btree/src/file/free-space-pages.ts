import { assert, writeU32, writeU64 } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec, UnitFile } from '@ldb/integrity'
import {
  DAMAGED_BLOCK_BYTES,
  FREE_SPACE_PAGE_BITS_OFFSET,
  FREE_SPACE_PAGE_FIRST_PAGE_OFFSET,
  FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET,
  FREE_SPACE_PAGE_NEXT_PAGE_OFFSET,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
  PageKind,
} from '../format.js'
import type { FreeSpace } from '../space/free-space.js'
import { SLICE_BITMAPS } from '../space/time-slices.js'
import type { Meta } from './meta.js'

/**
 * Returns the number of pages that one free-space page has bits for.
 *
 * @param pageEnd - end of its content.
 * @internal
 */
export function pagesPerBitmap(pageEnd: number): number {
  return (pageEnd - FREE_SPACE_PAGE_BITS_OFFSET) * 8
}

/** Number and checksum of one page. @internal */
export interface PageLink {
  readonly page: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/** A free-space page and its mirror, as those before them or the meta block record them. @internal */
export interface FreeSpaceLink {
  readonly page: PageLink
  readonly mirror: PageLink
}

/** Numbers of the free-space pages of a checkpoint and of their mirrors, both in the order of the chain. @internal */
export interface FreeSpacePages {
  readonly pages: number[]
  readonly mirrors: number[]
}

const NO_PAGE: PageLink = { page: 0, checksumLow: 0, checksumHigh: 0 }

/** Returns the fields of a meta block that name the first page of the chain, and its mirror. @internal */
export function metaLinks({ page, mirror }: FreeSpaceLink): FreeSpaceFields {
  return {
    freeSpacePage: page.page,
    freeSpaceChecksumLow: page.checksumLow,
    freeSpaceChecksumHigh: page.checksumHigh,
    freeSpaceMirrorPage: mirror.page,
    freeSpaceMirrorChecksumLow: mirror.checksumLow,
    freeSpaceMirrorChecksumHigh: mirror.checksumHigh,
  }
}

type FreeSpaceFields = Pick<
  Meta,
  | 'freeSpacePage'
  | 'freeSpaceChecksumLow'
  | 'freeSpaceChecksumHigh'
  | 'freeSpaceMirrorPage'
  | 'freeSpaceMirrorChecksumLow'
  | 'freeSpaceMirrorChecksumHigh'
>

/** Returns what a meta block records of the first page of the chain, and of its mirror. @internal */
export function firstLink(meta: FreeSpaceFields): FreeSpaceLink {
  return {
    page: {
      page: meta.freeSpacePage,
      checksumLow: meta.freeSpaceChecksumLow,
      checksumHigh: meta.freeSpaceChecksumHigh,
    },
    mirror: {
      page: meta.freeSpaceMirrorPage,
      checksumLow: meta.freeSpaceMirrorChecksumLow,
      checksumHigh: meta.freeSpaceMirrorChecksumHigh,
    },
  }
}

/**
 * Allocates the pages that the free space needs, and those of its mirror. Each page and its mirror are in different blocks of the device.
 *
 * @param pageEnd - end of the content of a page.
 * @param after - the free space that will be written, if it is not `freeSpace`: the pages are taken out of it, and it grows when one is behind its end.
 * @internal
 */
export function allocateFreeSpacePages(
  pageBytes: number,
  pageEnd: number,
  freeSpace: FreeSpace,
  { pages, mirrors }: FreeSpacePages,
  after: FreeSpace = freeSpace,
): void {
  const blockPages = Math.max(1, DAMAGED_BLOCK_BYTES / pageBytes)
  while (pages.length * pagesPerBitmap(pageEnd) < after.pageCount) {
    const page = freeSpace.allocate()
    const mirror = freeSpace.allocateApart(page, blockPages)
    pages.push(page)
    mirrors.push(mirror)
    if (after === freeSpace) continue
    after.take(page)
    after.take(mirror)
  }
}

/**
 * Writes free space to the given pages, and to their mirrors. The last page is first, because each page holds the checksums of the next one and of
 * its mirror.
 *
 * @param timeSlice - yielded every few pages, to let other work run.
 * @returns the first page of the chain.
 * @internal
 */
export function* writeFreeSpace(
  file: UnitFile,
  codec: UnitCodec,
  layout: { pageBytes: number; epoch: number },
  freeSpace: FreeSpace,
  { pages, mirrors }: FreeSpacePages,
  timeSlice: Syncable | undefined,
): Generator<Syncable, FreeSpaceLink, void> {
  const { pageBytes, epoch } = layout
  const pageEnd = pageBytes - codec.trailerBytes
  const perPage = pagesPerBitmap(pageEnd)
  const bytes = new Uint8Array(pageBytes)
  const view = new DataView(bytes.buffer)
  const hash = new Int32Array(2)
  const write = (kind: number, page: number): PageLink => {
    writeU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET, page)
    bytes[PAGE_HEADER_KIND_OFFSET] = kind
    codec.checksum(bytes, 8, pageBytes, hash)
    const [checksumLow, checksumHigh] = hash as unknown as [number, number]
    view.setInt32(0, checksumLow, true)
    view.setInt32(4, checksumHigh, true)
    codec.write(file, UnitKind.FreeSpacePage, page * pageBytes, epoch, bytes, 0, pageBytes)
    return { page, checksumLow, checksumHigh }
  }
  let next: FreeSpaceLink = { page: NO_PAGE, mirror: NO_PAGE }
  for (let index = pages.length - 1; index >= 0; index -= 1) {
    bytes.fill(0)
    writeU64(bytes, PAGE_HEADER_EPOCH_OFFSET, epoch)
    writeU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET, index * perPage)
    writeU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET, next.page.page)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET, next.page.checksumLow, true)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 4, next.page.checksumHigh, true)
    writeU32(bytes, FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET, next.mirror.page)
    view.setInt32(FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET, next.mirror.checksumLow, true)
    view.setInt32(FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET + 4, next.mirror.checksumHigh, true)
    freeSpace.writeBits(index * perPage, bytes, FREE_SPACE_PAGE_BITS_OFFSET, pageEnd)
    const page = write(PageKind.FreeSpace, pages[index] as number)
    next = { page, mirror: write(PageKind.FreeSpaceMirror, mirrors[index] as number) }
    if (timeSlice !== undefined && index % SLICE_BITMAPS === 0) yield timeSlice
  }
  return next
}

/** Writes free space as {@link writeFreeSpace} does, without interruption. @internal */
export function writeFreeSpaceAtOnce(
  file: UnitFile,
  codec: UnitCodec,
  layout: { pageBytes: number; epoch: number },
  freeSpace: FreeSpace,
  pages: FreeSpacePages,
): FreeSpaceLink {
  const step = writeFreeSpace(file, codec, layout, freeSpace, pages, undefined).next()
  assert(step.done === true, 'a generator without a time slice does not yield')
  return step.value
}
