// Free-space pages: FORMAT.md of packages/btree, "Free-space page".
import { requireSound } from '../bytes/format-error.js'
import { pageAt } from './page.js'
import type { TreeFile } from './tree-file.js'

const BITS_OFFSET = 48
const FREE_SPACE = 4

/** What the chain of free-space pages contains. */
export interface FreeSpace {
  readonly pages: readonly number[]
  readonly isFree: (page: number) => boolean
}

/** Reads the chain of free-space pages. */
export function readFreeSpace(file: TreeFile): FreeSpace {
  const { pageBytes, pageCount } = file.meta
  const describedPages = (pageBytes - BITS_OFFSET) * 8
  const pages: number[] = []
  const bitmaps: Uint8Array[] = []
  let next = { page: file.meta.freeSpacePage, checksum: file.meta.freeSpaceChecksum }
  for (let first = 0; first < pageCount; first += describedPages) {
    const view = pageAt(file, next.page, next.checksum)
    requireSound(view.u8(12) === FREE_SPACE, `kind of free-space page ${next.page}`)
    requireSound(view.isZero(13, 16) && view.isZero(24, 32), `zero fields of free-space page ${next.page}`)
    requireSound(view.u32(32) === first, `first page of free-space page ${next.page}`)
    pages.push(next.page)
    bitmaps.push(view.slice(BITS_OFFSET, pageBytes))
    next = { page: view.u32(36), checksum: view.checksum(40) }
  }
  requireSound(next.page === 0 && next.checksum === 0n, 'the chain of free-space pages is too long')
  const isFree = (page: number): boolean => {
    const bit = page % describedPages
    const byte = bitmaps[Math.floor(page / describedPages)]?.[bit >> 3] ?? 0
    return ((byte >> (bit & 7)) & 1) === 1
  }
  return { pages, isFree }
}
