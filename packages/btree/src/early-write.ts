import { writeDirty } from './checkpoint.js'
import { pageLevel } from './page.js'
import type { Pages } from './pages.js'

/**
 * Writes changed leaves down before a checkpoint, as making room in the cache would: to pages that nothing durable
 * reaches, their checksums noted until their parents record them. A leaf that changes again is written again; branches
 * change with every checkpoint, and wait for it.
 *
 * @param pageCount - pages to write at most.
 * @returns how many were written.
 * @internal
 */
export function writeEarly(pages: Pages, pageCount: number): number {
  const { memory, space, confirmation } = pages
  confirmation.sync()
  const chosen: number[] = []
  space.forEach((pageNumber, frame) => {
    if (chosen.length >= pageCount || !space.isDirty(frame)) return
    if (pageLevel(memory, frame * memory.pageBytes) === 0) chosen.push(pageNumber)
  })
  for (const pageNumber of chosen) pages.seal(space.peek(pageNumber) * memory.pageBytes)
  chosen.sort((a, b) => a - b)
  writeDirty(pages, chosen)
  return chosen.length
}
