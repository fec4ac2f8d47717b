import { isLdbError } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import type { ExtentFile } from '../extents/extent-file.js'
import {
  firstPageNumber,
  metaCopyEnd,
  metaCopyPage,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  PageKind,
} from '../format.js'
import { checkTreePage } from '../page/check.js'
import type { PageMemory } from '../page/memory.js'
import { checksumHigh, checksumLow, pageEpoch, pageKind, pageLevel } from '../page/page.js'
import { readIntactPage } from './candidates.js'
import type { FoundTree } from './candidates.js'

/** Pages of a checkpoint that nothing reaches from the root, because a page above them is damaged. */
export interface Orphans {
  /** Intact tree pages, those of the greatest level first. */
  readonly pages: readonly { readonly page: number; readonly level: number }[]
  /** Pages that are not intact: damaged pages, and the inner pages of extents that only a damaged leaf refers to. */
  readonly unreadable: readonly number[]
}

/**
 * Finds the orphans among the live pages of a file.
 *
 * @param extents - those of the file.
 * @param isLive - reports whether a page belongs to the checkpoint and was not reached.
 * @param memory - one page.
 * @param epoch - of the checkpoint.
 */
export function findOrphans(
  file: VfsFile,
  { codec, pageBytes, pageCount }: FoundTree,
  extents: ExtentFile,
  isLive: (page: number) => boolean,
  memory: PageMemory,
  epoch: number,
): Orphans {
  const firstPage = firstPageNumber(pageBytes)
  const pages: { page: number; level: number }[] = []
  const unreadable: number[] = []
  for (let page = firstPage; page < pageCount; page += 1) {
    if (!isLive(page)) continue
    const isIntact = readIntactPage(file, codec, memory.bytes, page)
    if (page >= metaCopyPage(pageBytes) && page < metaCopyEnd(pageBytes)) continue
    const kind = pageKind(memory, 0)
    if (isIntact && (kind === PageKind.FreeSpace || kind === PageKind.FreeSpaceMirror)) continue
    const level = pageLevel(memory, 0)
    if (isIntact && checkTreePage(memory, 0, page, level) === undefined && pageEpoch(memory, 0) <= epoch) {
      pages.push({ page, level })
      continue
    }
    const count = extentPages(extents, memory, page)
    if (count === 0) unreadable.push(page)
    else page += count - 1
  }
  pages.sort((left, right) => right.level - left.level || left.page - right.page)
  return { pages, unreadable }
}

/** Returns the number of pages of the intact extent whose first page is in `memory`; 0 when there is none. */
function extentPages(extents: ExtentFile, memory: PageMemory, page: number): number {
  if (pageKind(memory, 0) !== PageKind.Extent) return 0
  const contentBytes = memory.view.getUint32(OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET, true)
  try {
    extents.readWhole({
      page,
      contentBytes,
      epoch: pageEpoch(memory, 0),
      checksumLow: checksumLow(memory, 0),
      checksumHigh: checksumHigh(memory, 0),
    })
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return 0
  }
  return extents.pageCountOf(contentBytes)
}
