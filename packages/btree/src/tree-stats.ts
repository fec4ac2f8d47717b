import type { StoreStats } from '@ldb/base'
import { DeferredFile } from './file/deferred-file.js'
import type { Pages } from './pager/pages.js'
import type { TreeState } from './write/tree-state.js'

/** Bytes of pages, those that are only in memory included. @internal */
export interface PageBytes {
  readonly allBytes: number
  readonly liveBytes: number
}

/** Returns the bytes of all pages of a tree, and of those that hold data. @internal */
export function pageBytesOf({ freeSpace, reclaim, limits }: Pages): PageBytes {
  const { pageCount, freeCount } = freeSpace
  return {
    allBytes: pageCount * limits.pageBytes,
    liveBytes: (pageCount - freeCount - reclaim.pendingCount) * limits.pageBytes,
  }
}

/** Returns the statistics of a tree. Asks the file for its length. @internal */
export function treeStats(pages: Pages, tree: TreeState, snapshotCount: number): StoreStats {
  const { limits, space, file } = pages
  let dirtyPages = 0
  space.forEach((_, frame) => {
    if (space.isDirty(frame)) dirtyPages += 1
  })
  return {
    entryCount: tree.entryCount,
    isEntryCountExact: true,
    fileBytes: file instanceof DeferredFile ? file.storedBytes() : file.length(),
    liveBytes: pageBytesOf(pages).liveBytes,
    dirtyBytes: dirtyPages * limits.pageBytes,
    depth: tree.root.level + 1,
    snapshotCount,
  }
}
