import { assert, corruption, readU32, writeU32 } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
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
import { FreeSpace } from '../space/free-space.js'
import type { Meta } from './meta.js'
import { SLICE_BITMAPS } from '../space/time-slices.js'

/** Pages that one free-space page has bits for. @internal */
export function pagesPerBitmap(pageBytes: number): number {
  return (pageBytes - FREE_SPACE_PAGE_BITS_OFFSET) * 8
}

/** Where the free-space pages of a checkpoint begin. @internal */
export interface BitmapChain {
  readonly page: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/**
 * Writes free space to the given pages, the last first, so that each can carry the checksum of the next.
 *
 * @param turn - yielded where something else may have its turn.
 * @returns where they begin.
 * @internal
 */
export function* writeFreeSpace(
  file: VfsFile,
  seed: Seed64,
  layout: { pageBytes: number; epoch: number },
  freeSpace: FreeSpace,
  pageNumbers: readonly number[],
  turn: Syncable | undefined,
): Generator<Syncable, BitmapChain, void> {
  const { pageBytes, epoch } = layout
  const perPage = pagesPerBitmap(pageBytes)
  const bytes = new Uint8Array(pageBytes)
  const view = new DataView(bytes.buffer)
  const hash = new Int32Array(2)
  let next: BitmapChain = { page: 0, checksumLow: 0, checksumHigh: 0 }
  for (let index = pageNumbers.length - 1; index >= 0; index -= 1) {
    const page = pageNumbers[index] as number
    bytes.fill(0)
    writeU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET, page)
    bytes[PAGE_HEADER_KIND_OFFSET] = PageKind.FreeSpace
    view.setUint32(PAGE_HEADER_EPOCH_OFFSET, epoch % 2 ** 32, true)
    view.setUint32(PAGE_HEADER_EPOCH_OFFSET + 4, Math.floor(epoch / 2 ** 32), true)
    writeU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET, index * perPage)
    writeU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET, next.page)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET, next.checksumLow, true)
    view.setInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 4, next.checksumHigh, true)
    freeSpace.writeBits(index * perPage, bytes, FREE_SPACE_PAGE_BITS_OFFSET, pageBytes)
    xxHash64(bytes, 8, pageBytes, seed, hash)
    view.setInt32(0, hash[0] as number, true)
    view.setInt32(4, hash[1] as number, true)
    file.write(bytes, 0, pageBytes, page * pageBytes)
    next = { page, checksumLow: hash[0] as number, checksumHigh: hash[1] as number }
    if (turn !== undefined && index % SLICE_BITMAPS === 0) yield turn
  }
  return next
}

/** As {@link writeFreeSpace}, in one go. @internal */
export function writeFreeSpaceAtOnce(
  file: VfsFile,
  seed: Seed64,
  layout: { pageBytes: number; epoch: number },
  freeSpace: FreeSpace,
  pageNumbers: readonly number[],
): BitmapChain {
  const step = writeFreeSpace(file, seed, layout, freeSpace, pageNumbers, undefined).next()
  assert(step.done === true, 'nothing else has its turn')
  return step.value
}

/**
 * Reads the free space of a checkpoint, and the numbers of the pages that it stands in.
 *
 * @throws {@link LdbError} LDB_CORRUPTION when a page is damaged or the numbers do not add up.
 * @internal
 */
export function readFreeSpace(
  file: VfsFile,
  seed: Seed64,
  meta: Meta,
  firstPage: number,
): { freeSpace: FreeSpace; pageNumbers: number[] } {
  const { pageBytes, pageCount } = meta
  const perPage = pagesPerBitmap(pageBytes)
  const freeSpace = new FreeSpace(firstPage, pageCount)
  const pageNumbers: number[] = []
  const bytes = new Uint8Array(pageBytes)
  const view = new DataView(bytes.buffer)
  const hash = new Int32Array(2)
  let next: BitmapChain = {
    page: meta.freeSpacePage,
    checksumLow: meta.freeSpaceChecksumLow,
    checksumHigh: meta.freeSpaceChecksumHigh,
  }
  // Each page must continue where the one before it ended, so that a chain has an end.
  for (let index = 0; next.page !== 0; index += 1) {
    const { page, checksumLow, checksumHigh } = next
    const fileOffset = page * pageBytes
    if (page < firstPage || page >= pageCount)
      throw corruption(file.path, fileOffset, 'free space lies outside of the file')
    const bytesRead = file.read(bytes, 0, pageBytes, fileOffset)
    xxHash64(bytes, 8, pageBytes, seed, hash)
    const isWhole =
      bytesRead === pageBytes &&
      hash[0] === view.getInt32(0, true) &&
      hash[1] === view.getInt32(4, true) &&
      hash[0] === checksumLow &&
      hash[1] === checksumHigh
    if (!isWhole) throw corruption(file.path, fileOffset, 'a free-space page does not match its checksum')
    if (
      readU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET) !== page ||
      bytes[PAGE_HEADER_KIND_OFFSET] !== PageKind.FreeSpace ||
      readU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET) !== index * perPage ||
      index * perPage >= pageCount
    ) {
      throw corruption(file.path, fileOffset, 'a free-space page is out of place')
    }
    freeSpace.readBits(index * perPage, bytes, FREE_SPACE_PAGE_BITS_OFFSET, pageBytes)
    pageNumbers.push(page)
    next = {
      page: readU32(bytes, FREE_SPACE_PAGE_NEXT_PAGE_OFFSET),
      checksumLow: view.getInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET, true),
      checksumHigh: view.getInt32(FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 4, true),
    }
  }
  if (freeSpace.freeCount !== meta.freeCount) {
    throw corruption(file.path, meta.freeSpacePage * pageBytes, 'the free pages do not add up', {
      expected: meta.freeCount,
      actual: freeSpace.freeCount,
    })
  }
  return { freeSpace, pageNumbers }
}
