import { assert, writeU32, writeU64 } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec, UnitFile } from '@ldb/integrity'
import {
  FREE_SPACE_PAGE_BITS_OFFSET,
  FREE_SPACE_PAGE_FIRST_PAGE_OFFSET,
  FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET,
  FREE_SPACE_PAGE_NEXT_PAGE_OFFSET,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
  PageKind,
} from '../format.js'
import type { FreeSpace } from '../space/free-space.js'
import { SLICE_BITMAPS } from '../space/time-slices.js'

/**
 * Returns the number of pages that one free-space page has bits for.
 *
 * @param pageEnd - end of its content.
 * @internal
 */
export function pagesPerBitmap(pageEnd: number): number {
  return (pageEnd - FREE_SPACE_PAGE_BITS_OFFSET) * 8
}

/** Number and checksum of a free-space page, as the page before it or the meta block records them. @internal */
export interface BitmapLink {
  readonly page: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/**
 * Writes free space to the given pages, the last page first, because each page holds the checksum of the next one.
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
  pageNumbers: readonly number[],
  timeSlice: Syncable | undefined,
): Generator<Syncable, BitmapLink, void> {
  const { pageBytes, epoch } = layout
  const pageEnd = pageBytes - codec.trailerBytes
  const perPage = pagesPerBitmap(pageEnd)
  const bytes = new Uint8Array(pageBytes)
  const view = new DataView(bytes.buffer)
  const hash = new Int32Array(2)
  let next: BitmapLink = { page: 0, checksumLow: 0, checksumHigh: 0 }
  for (let index = pageNumbers.length - 1; index >= 0; index -= 1) {
    const page = pageNumbers[index] as number
    bytes.fill(0)
    writeU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET, page)
    bytes[PAGE_HEADER_KIND_OFFSET] = PageKind.FreeSpace
    writeU64(bytes, PAGE_HEADER_EPOCH_OFFSET, epoch)
    writeU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET, index * perPage)
    writeU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET, next.page)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET, next.checksumLow, true)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 4, next.checksumHigh, true)
    freeSpace.writeBits(index * perPage, bytes, FREE_SPACE_PAGE_BITS_OFFSET, pageEnd)
    codec.checksum(bytes, 8, pageBytes, hash)
    view.setInt32(0, hash[0] as number, true)
    view.setInt32(4, hash[1] as number, true)
    codec.write(file, UnitKind.FreeSpacePage, page * pageBytes, epoch, bytes, 0, pageBytes)
    next = { page, checksumLow: hash[0] as number, checksumHigh: hash[1] as number }
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
  pageNumbers: readonly number[],
): BitmapLink {
  const step = writeFreeSpace(file, codec, layout, freeSpace, pageNumbers, undefined).next()
  assert(step.done === true, 'a generator without a time slice does not yield')
  return step.value
}
