import { readStoredPage } from '../file/stored-page.js'
import { copyPage } from '../page/copies.js'
import type { PageMemory } from '../page/memory.js'
import type { Pages } from '../pager/pages.js'
import type { ExpectedPage } from './expected-page.js'

/** Reports whether a page was changed in memory, and is not written yet. @internal */
export function isDirtyPage({ space }: Pages, pageNumber: number): boolean {
  const frame = space.peek(pageNumber)
  return frame >= 0 && space.isDirty(frame)
}

/**
 * Reads a page into memory of its own: from memory when it is dirty there, else from the file.
 *
 * @returns why the page cannot be read.
 * @internal
 */
export function readPageCopy(
  { arenas, space, file, codec, pendingChecksums }: Pages,
  { pageNumber, low, high }: ExpectedPage,
  copy: PageMemory,
): string | undefined {
  const frame = space.peek(pageNumber)
  if (frame >= 0 && space.isDirty(frame)) {
    copyPage(arenas.ofFrame(frame), arenas.pageOf(frame), copy, 0)
    return undefined
  }
  const pending = pendingChecksums.get(pageNumber)
  const checksum = pending === undefined ? { low, high } : { low: pending.low, high: pending.high }
  return readStoredPage(file, codec, copy, pageNumber, checksum)
}
