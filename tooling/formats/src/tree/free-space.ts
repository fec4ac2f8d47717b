// Free-space pages and their mirrors: FORMAT.md of packages/btree, "Free-space page".
import { compareBytes } from '../bytes/byte-view.js'
import type { ByteView } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import { pageAt } from './page.js'
import type { TreeFile } from './tree-file.js'

const BITS_OFFSET = 64
const FREE_SPACE = 4
const MIRROR = 5
/** A page and its mirror are in different blocks of this size. */
const BLOCK_BYTES = 4096

/** What the chain of free-space pages contains. */
export interface FreeSpace {
  readonly pages: readonly number[]
  readonly mirrors: readonly number[]
  readonly isFree: (page: number) => boolean
}

/** Reads the chain of free-space pages, and their mirrors, which must be equal to them. */
export function readFreeSpace(file: TreeFile): FreeSpace {
  const { pageBytes, pageCount, metaPages, copyPage, copyPages } = file.meta
  const describedPages = (file.pageEnd - BITS_OFFSET) * 8
  const pages: number[] = []
  const mirrors: number[] = []
  const bitmaps: Uint8Array[] = []
  let next = { page: file.meta.freeSpacePage, checksum: file.meta.freeSpaceChecksum }
  let nextMirror = { page: file.meta.freeSpaceMirrorPage, checksum: file.meta.freeSpaceMirrorChecksum }
  for (let first = 0; first < pageCount; first += describedPages) {
    const view = describedAt(file, next, FREE_SPACE, first)
    const mirror = describedAt(file, nextMirror, MIRROR, first)
    requireSound(
      compareBytes(view.slice(16, file.pageEnd), mirror.slice(16, file.pageEnd)) === 0,
      `the mirror of free-space page ${next.page} differs from it`,
    )
    requireSound(
      Math.floor((next.page * pageBytes) / BLOCK_BYTES) !==
        Math.floor((nextMirror.page * pageBytes) / BLOCK_BYTES),
      `free-space page ${next.page} and its mirror are in one block`,
    )
    pages.push(next.page)
    mirrors.push(nextMirror.page)
    bitmaps.push(view.slice(BITS_OFFSET, file.pageEnd))
    next = { page: view.u32(36), checksum: view.checksum(40) }
    nextMirror = { page: view.u32(48), checksum: view.checksum(56) }
  }
  for (const { page, checksum } of [next, nextMirror]) {
    requireSound(page === 0 && checksum === 0n, 'the chain of free-space pages is too long')
  }
  const isFree = (page: number): boolean => {
    if (page < metaPages || (page >= copyPage && page < copyPage + copyPages)) return false
    const bit = page % describedPages
    const byte = bitmaps[Math.floor(page / describedPages)]?.[bit >> 3] ?? 0
    return ((byte >> (bit & 7)) & 1) === 1
  }
  return { pages, mirrors, isFree }
}

function describedAt(
  file: TreeFile,
  { page, checksum }: { page: number; checksum: bigint },
  kind: number,
  first: number,
): ByteView {
  const unit = { kind: UNIT_KINDS.freeSpacePage, epoch: file.meta.epoch }
  const view = pageAt(file, page, checksum, unit)
  requireSound(view.u8(12) === kind, `kind of free-space page ${page}`)
  requireSound(
    view.isZero(13, 16) && view.isZero(24, 32) && view.isZero(52, 56),
    `zero fields of free-space page ${page}`,
  )
  requireSound(view.u32(32) === first, `first page of free-space page ${page}`)
  return view
}
